#!/usr/bin/env bash
# What the tests use beside Python packages: a browser, pdfsig, PostgreSQL, GOST, SoftHSM2.
# Installs what is missing. Outside CI a tool that cannot be had only costs its tests.
set -uo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v pdfsig >/dev/null || missing+=(poppler-utils)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing+=(postgresql)
openssl engine -t gost >/dev/null 2>&1 || missing+=(openssl libengine-gost-openssl)
# The program that drives the browser comes with Playwright and needs this library.
for driver in .venv/lib/python3*/site-packages/playwright/driver/node; do
  "$driver" --version >/dev/null 2>&1 || missing+=(libatomic1)
done
command -v softhsm2-util >/dev/null || missing+=(softhsm2)
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing for the tests: ${missing[*]}"
if ! scripts/apt.sh "${missing[@]}"; then
  echo "Not installed: ${missing[*]}" >&2
  [ "${CI:-}" = true ] && exit 1
fi
exit 0
