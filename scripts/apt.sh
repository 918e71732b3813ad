#!/usr/bin/env bash
# Installs Debian packages: apt.sh NAME…  As root or through sudo; says so when neither works.
set -euo pipefail
sudo=""
if [ "$(id -u)" != 0 ]; then sudo="sudo -n"; fi
if ! command -v apt-get >/dev/null; then
  echo "Please install by hand: $*" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends "$@"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  exit 1
fi
