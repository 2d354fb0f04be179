#!/usr/bin/env bash
# Every chore of the project, one word each: see usage below.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly IMAGE=qjerk
readonly REMOTE_ENV_IMAGE=qjerk-remote-env
readonly TORCH_INDEX=https://download.pytorch.org/whl/cpu
readonly COVERAGE_FLOOR=85 # percent of branches and lines, as reached
readonly STAMP=.venv/qjerk.stamp
readonly DEMO_EXTRAS=contest # of pyproject.toml's, what each installation has besides the dependencies
readonly ALL_EXTRAS=contest,training,dev
readonly PYTHON=.venv/bin/python

usage() {
  cat <<'USAGE'
usage: ./build.sh WORD [ARGUMENT...]

  demo [ARGUMENT...]        plays two episodes and films the best: score and video in results/demo/
  install                   installs what training, tests and checks need, too, and does nothing else
  test [ARGUMENT...]        runs every test, those of the containers where a Docker engine answers; with arguments,
                            pytest with these
  fuzz [MINUTES]            draws random inputs, new ones each time, until the time is up (10 minutes), and prints the
                            command that shows a failure again; --seed N draws those of an earlier time
  check                     format, lint, types, scripts; that the game's art and ROM are what their sources give
  image                     builds the submission image
  smoke [ARGUMENT...]       plays a level with the image as the contest's tooling does; --help names its settings
  push REGISTRY/NAME:TAG    tags the image and pushes it

demo, test, fuzz and check make .venv first and install what they need there, a few minutes, once: demo what it takes
to play, the others what `install` does.
USAGE
}

fail() {
  echo "build.sh: $*" >&2
  exit 1
}

# ---- the virtual environment

find_python() {
  local name
  for name in python3.11 python3 python3.12 python3.13 python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  fail "Python 3.11 or newer is needed, and none is on PATH: install python3.11 (Debian: python3, python3-venv)"
}

# What an installation depends on: where it lies, what it is asked for, and what is compiled for it.
installation_stamp() {
  echo "$PWD"
  {
    cat pyproject.toml setup.py fernway/pyproject.toml
    find fernway/src fernway/host -name '*.[ch]' -print0 | LC_ALL=C sort -z | xargs -0 cat
  } | cksum
}

# Installs torch if the dependencies or one of the EXTRAS ask for it: EXTRAS
install_torch() {
  local list version have log
  read -r list version < <(awk -F'"' '/^[a-z-]+ = \[/ { split($0, word, " ") }
    $2 ~ /^torch==/ { print word[1], substr($2, 8) }' pyproject.toml) || return 0
  [[ ",dependencies,$1," == *",$list,"* ]] || return 0
  have=$("$PYTHON" -c 'from importlib.metadata import version; print(version("torch"))' 2>/dev/null) || have=
  if [[ ${have%+*} == "$version" ]]; then return; fi
  if [[ $(uname -s) != Linux ]]; then return; fi # elsewhere PyPI's own torch is the CPU build
  # On Linux PyPI's torch brings several GB of CUDA. First what the user's own pip settings offer, then PyTorch's index.
  log=$(mktemp)
  if ! "$PYTHON" -m pip install --no-deps "torch==$version+cpu" 2>"$log" &&
    ! "$PYTHON" -m pip install --no-deps --index-url "$TORCH_INDEX" "torch==$version+cpu" 2>>"$log"; then
    cat "$log" >&2
    rm -f "$log"
    fail "cannot install torch $version+cpu: neither pip's settings nor $TORCH_INDEX gave it; its errors stand above"
  fi
  rm -f "$log"
}

# Makes .venv and installs the project there, unless that is done: EXTRAS
set_up() {
  local extras=$1 stamp python folder='' sum='' there=''
  stamp=$(installation_stamp)
  if [[ -f $STAMP ]]; then { read -r folder && read -r sum && read -r there; } <"$STAMP" || true; fi
  if [[ $there == "$extras"* ]]; then # the larger set begins with the smaller: what is there is enough, and stays
    extras=$there
    if [[ -x $PYTHON && $folder$'\n'$sum == "$stamp" ]]; then return; fi
  fi
  # A folder that was moved, or whose Python is gone, has scripts in .venv that point nowhere: then begin anew.
  if [[ ! -x $PYTHON || (-n $folder && $folder != "$PWD") ]]; then
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
      fail "$python lacks its venv module: install it (Debian, Ubuntu: apt-get install python3-venv)"
    "$python" -m venv --clear .venv
  fi
  command -v "${CC:-cc}" >/dev/null || command -v gcc >/dev/null ||
    fail "a C compiler is needed, and neither cc nor gcc is on PATH (Debian, Ubuntu: apt-get install gcc libc6-dev)"
  rm -f "$STAMP"
  install_torch "$extras"
  "$PYTHON" -m pip install -e ".[$extras]" || fail "the installation failed; pip's errors stand above"
  printf '%s\n' "$stamp" "$extras" >"$STAMP"
}

# ---- containers

engine_answers() {
  docker version >/dev/null 2>&1
}

need_engine() {
  command -v docker >/dev/null || fail "docker is missing: install Docker (Debian: apt-get install docker.io)"
  engine_answers || fail "no Docker engine answers: start it (tests/containers/with_engine.sh COMMAND starts one for a command)"
}

need_image() {
  docker image inspect "$IMAGE" >/dev/null 2>&1 || fail "the image $IMAGE is not built: run ./build.sh image"
}

build_image() {
  docker build --network=host "$@" || build_failed
}

build_failed() {
  fail "docker build failed (tests/containers/make_base_image.sh makes the base image where no container registry can be reached)"
}

# ---- the words

demo() {
  set_up "$DEMO_EXTRAS"
  (($# > 0)) || echo "build.sh: \`. .venv/bin/activate\` makes this environment the shell's: README's other commands need it"
  exec "$PYTHON" -m contest demo "$@" # whoever ends the script ends the demo
}

install() {
  set_up "$ALL_EXTRAS"
}

run_tests() {
  set_up "$ALL_EXTRAS"
  if ! engine_answers; then echo "build.sh: no Docker engine answers: the container tests are skipped"; fi
  if (($# > 0)); then
    "$PYTHON" -m pytest "$@"
  else
    "$PYTHON" -m pytest --cov --cov-fail-under="$COVERAGE_FLOOR"
  fi
}

fuzz() {
  set_up "$ALL_EXTRAS"
  "$PYTHON" tests/fuzz/fuzz.py "$@"
}

check() {
  local scripts script
  set_up "$ALL_EXTRAS"
  mapfile -t scripts < <(git grep -lIE --untracked '^#!.*\b(ba)?sh\b' -- ':!*.md')
  "$PYTHON" -m ruff format --check .
  "$PYTHON" -m ruff check .
  "$PYTHON" -m mypy
  .venv/bin/shellcheck "${scripts[@]}"
  "$PYTHON" -m fernway.art --check
  if command -v node >/dev/null; then
    for script in fernway/web/*.js; do node --check "$script"; done
  else
    echo "build.sh: no node: that the page's scripts can be read was not checked"
  fi
  if command -v m68k-linux-gnu-gcc >/dev/null; then
    make --silent -C fernway check
  else
    echo "build.sh: no m68k-linux-gnu-gcc: that the ROM is what its sources give was not checked"
  fi
}

image() {
  local bytes
  (($# == 0)) || fail "wanted: image, without anything after it; got: image $*"
  need_engine
  build_image -t "$IMAGE" .
  bytes=$(docker image inspect --format '{{.Size}}' "$IMAGE")
  echo "build.sh: $IMAGE built, $((bytes / 1000000)) MB"
}

smoke() {
  need_engine
  need_image
  build_image --quiet -f tests/containers/remote_env/Dockerfile -t "$REMOTE_ENV_IMAGE" .
  "$(find_python)" tests/containers/smoke.py --agent "$IMAGE" --remote-env "$REMOTE_ENV_IMAGE" "$@"
}

push() {
  local target=${1-} log reason
  (($# == 1)) || fail "wanted: push REGISTRY/NAME:TAG, got: push $*"
  [[ $target =~ ^(localhost|[A-Za-z0-9.-]+\.[A-Za-z0-9-]+|[A-Za-z0-9.-]+:[0-9]+|localhost:[0-9]+)(/[a-z0-9]+([._-]+[a-z0-9]+)*)+:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$ ]] ||
    fail "wanted REGISTRY/NAME:TAG such as registry.example.org/me/qjerk:v1, got: $target"
  need_engine
  need_image
  docker tag "$IMAGE" "$target"
  log=$(mktemp)
  if ! docker push "$target" 2>"$log"; then
    cat "$log" >&2
    reason=$("$(find_python)" -m contest.scoring.last_words "$log")
    rm -f "$log"
    fail "the push to ${target%%/*} failed: $reason (is it running, and are you logged in: docker login?)"
  fi
  rm -f "$log"
}

word=${1-}
if (($# > 0)); then shift; fi
case $word in
  demo | install | fuzz | check | image | smoke | push) "$word" "$@" ;;
  test) run_tests "$@" ;;
  help | -h | --help) usage ;;
  "")
    usage >&2
    exit 2
    ;;
  *)
    echo "build.sh: no such word: $word" >&2
    usage >&2
    exit 2
    ;;
esac
