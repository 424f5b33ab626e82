#!/usr/bin/env bash
# Makes sure that Node.js and the npm packages are there, and prints the folder of the Node.js to use.
# Nothing happens when they are; two that come at the same time take turns.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
stamp=node_modules/.installed # the lock file from which the packages were installed
cd "$root"

is_fresh() { cmp -s package-lock.json "$stamp"; }

mkdir -p .cache
if command -v flock >/dev/null; then
  exec 9>.cache/dependencies.lock
  flock 9
fi

bin=$(deploy/local/node.sh 9>&-)
if ! is_fresh; then
  if ! command -v npm >/dev/null; then
    echo 'roomcast needs npm to install its packages: install Node.js 20 or later with npm' >&2
    exit 1
  fi
  echo 'installing the npm packages (the first time, and when package-lock.json changes) …' >&2
  # npm runs on the Node.js of the project, so that packages with binaries fit it. Whichever npm there is does.
  PATH="$bin:$PATH" npm ci --no-audit --no-fund --loglevel=error 9>&- >&2
  cp package-lock.json "$stamp"
fi
echo "$bin"
