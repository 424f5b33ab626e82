#!/bin/sh
# Writes keys made by chance to deploy/.env, where `docker compose -f deploy/compose.yaml …` finds them. Never overwrites what is there.
set -eu
file=$(dirname "$0")/../.env

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

if [ -e "$file" ]; then
  echo "$file is there already: its keys stay" >&2
  exit 1
fi
umask 077
cat > "$file.new" <<KEYS
# What each is for: deploy/README.md. Whoever has these can write to every room.
INGEST_API_KEYS=$(random)
ALI_CALLBACK_KEY=$(random)
EDGE_JWT_SECRET=$(random)
GRAFANA_PASSWORD=$(random)
KEYS
mv "$file.new" "$file"
echo "keys are in $file"
