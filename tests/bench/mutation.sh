#!/usr/bin/env bash
# Do the tests notice a changed line of the agent? tests/bench/mutation.sh [SAMPLE] [SEED] [CHILDREN]
#
# Changes the parts of the agent that decide, one line at a time, and runs the tests that come by that line: see
# [tool.mutmut] in pyproject.toml. Prints the share that was noticed, and each change that was not.
set -euo pipefail
cd "$(dirname "$0")/../.."
sample=${1:-250} seed=${2:-0} children=${3:-2}
python=${PYTHON:-.venv/bin/python}
export OMP_NUM_THREADS=1

"$python" -m pip show --quiet mutmut >/dev/null 2>&1 || "$python" -m pip install --quiet 'mutmut==3.8.1'
if [[ ! -d mutants ]]; then
    "$python" -m mutmut run 'agent.control.choice.*' >/dev/null # mutmut makes all mutants before it runs any
fi
mapfile -t names < <("$python" - "$sample" "$seed" <<'EOF'
import json, random, sys
from pathlib import Path
files = sorted(Path("mutants").rglob("*.meta"))
names = sorted(name for file in files for name in json.loads(file.read_text())["exit_code_by_key"])
random.Random(int(sys.argv[2])).shuffle(names)
print(*names[: int(sys.argv[1])], sep="\n")
EOF
)
"$python" -m mutmut run --max-children "$children" "${names[@]}" >mutants/log.txt
"$python" - "${names[@]}" <<'EOF'
import json, subprocess, sys
from pathlib import Path
codes = {}
for file in Path("mutants").rglob("*.meta"):
    codes |= json.loads(file.read_text())["exit_code_by_key"]
missed = [name for name in sys.argv[1:] if codes[name] in (0, 33)]  # 33: no test comes by
for name in missed:
    print(subprocess.run([sys.executable, "-m", "mutmut", "show", name], capture_output=True, text=True).stdout)
print(f"noticed: {1 - len(missed) / len(sys.argv[1:]):.1%} of {len(sys.argv[1:])} changes")
EOF
