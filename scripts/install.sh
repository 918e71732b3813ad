#!/usr/bin/env bash
# Makes .venv with every package of requirements-dev.txt. Needs Python >= 3.11; where Debian's
# python3 lacks the venv module, installs it.
set -euo pipefail
cd "$(dirname "$0")/.."

python=""
for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
  if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "SIGNX needs Python 3.11 or newer (set PYTHON=/path/to/python3)." >&2
  exit 1
fi

if [ ! -x .venv/bin/python ]; then
  if ! "$python" -m venv .venv >/dev/null 2>&1; then
    rm -rf .venv
    echo "Installing the venv module of Python…"
    scripts/apt.sh python3-venv
    "$python" -m venv .venv
  fi
fi
echo "Installing Python packages…"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt 2> >(
  grep -v '^WARNING: Location' >&2
)
