#!/bin/sh
# Removes from an installed node_modules what no running service reads. prune.sh <node_modules>
# Licences stay, and so does every package.json: what is in the image can be told from it.
set -eu
modules=$1

# uWebSockets.js brings a binary for each platform and each version of Node.js; one of them is loaded here.
binary=$(node -p '`uws_${process.platform}_${process.arch}_${process.versions.modules}.node`')
binaries=$modules/uWebSockets.js/dist/bin
[ -f "$binaries/$binary" ] || { echo "prune: uWebSockets.js has no $binary: another NODE_IMAGE?" >&2; exit 1; }
find "$binaries" -name '*.node' ! -name "$binary" -delete

# Types, source maps, TypeScript sources, tests, texts for people.
find "$modules" -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -delete
find "$modules" -type f \( -name '*.test.js' -o -iname '*.md' ! -iname 'licen[cs]e*' \) -delete

# Whole folders at the top of a package; deeper ones of these names can be code.
people='test|tests|__tests__|docs?|examples?|benchmarks?|bench|coverage|man|\.github|\.vscode'
find "$modules" -regextype posix-extended -type d -regex "(.*/)?node_modules/(@[^/]+/)?[^@/][^/]*/($people)" -prune -exec rm -rf {} +

# Copies of the same code for bundlers and browsers.
rm -rf "$modules"/@opentelemetry/*/build/esm "$modules"/@opentelemetry/*/build/esnext
rm -rf "$modules"/.bin "$modules"/.package-lock.json
find "$modules" -type d -empty -delete
