#!/bin/sh
# As in the official image: options, or what is no command, are node's.
set -e
if [ "${1#-}" != "$1" ] || ! command -v "$1" >/dev/null; then
  set -- node "$@"
fi
exec "$@"
