#!/usr/bin/env bash
# Becomes nginx, one process, beside a cleaner of its HLS files that ends with it, however it ends (it reads a pipe that nginx holds).
# media-server.sh <nginx> <its folder> <its configuration> <folder of the HLS files>
# nginx would clean up in a second process of its own, under a master process, and the workers of a master that is killed live on.
set -euo pipefail
nginx=$1 folder=$2 configuration=$3 hls=$4

# nginx's rtmp module closes every possible descriptor, one by one, before it runs a program.
ulimit -n 4096 2>/dev/null || true

clean() {
  # A playlist is written anew with each fragment, of at most 10 s; a fragment is on it for eight more.
  find "$hls" -type f -name '*.m3u8*' ! -newermt '-15 seconds' -delete
  find "$hls" -type f -name '*.ts' ! -newermt '-100 seconds' -delete
}

exec 3> >(
  while read -r -t 2 _ || (($? > 128)); do clean || true; done
)
exec "$nginx" -e stderr -p "$folder" -c "$configuration"
