#!/usr/bin/env bash
# Removes the playlist of a stream whose publisher has gone, so that nobody takes it for one that is on the air.
# media-ended.sh <port of the statistics> <name of the stream> <its playlist>
# A publisher that was refused because another one of that name is on the air is told to have ended, too: then the playlist stays.
set -euo pipefail

exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET /stat HTTP/1.0\r\n\r\n' >&3
statistics=$(cat <&3)
own=${statistics#*"<stream>"$'\r\n'"<name>$2</name>"}
if [ "$own" = "$statistics" ] || [[ ${own%%"</stream>"*} != *"<publishing/>"* ]]; then rm -f "$3"; fi
