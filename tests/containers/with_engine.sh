#!/usr/bin/env bash
# Runs a command with a Docker engine: the one that answers, else a dockerd of its own on the default socket, which
# ends with the command. Usage: tests/containers/with_engine.sh COMMAND [ARGUMENT...]
set -euo pipefail

readonly START_S=60

fail() {
  echo "with_engine.sh: $*" >&2
  exit 1
}

answers() {
  docker version >/dev/null 2>&1
}

(($# > 0)) || fail "wanted a command to run, got none"
command -v docker >/dev/null || fail "docker is missing: apt-get install docker.io"
if answers; then
  exec "$@"
fi
command -v dockerd >/dev/null || fail "no Docker engine answers, and dockerd is missing: apt-get install docker.io"

log=$(mktemp -t dockerd.XXXXXX.log)
dockerd >"$log" 2>&1 &
pid=$!

end() {
  local status=$?
  if ((status != 0)); then
    echo "with_engine.sh: exit status $status; what dockerd complained of:" >&2
    grep -E 'level=(error|fatal)|^failed' "$log" | tail -n 20 >&2 || true
  fi
  kill "$pid" 2>/dev/null || true
  wait "$pid" || true
  rm -f "$log"
  exit "$status"
}
trap end EXIT

for ((tries = 0; tries < 2 * START_S; tries++)); do
  answers && break
  kill -0 "$pid" 2>/dev/null || fail "dockerd ended before it answered"
  sleep 0.5
done
answers || fail "dockerd did not answer within $START_S s"
echo "with_engine.sh: started dockerd $(docker version --format '{{.Server.Version}}'), process $pid"
"$@"
