#!/bin/sh
# Restores the newest dump, or the one that is named, in one transaction: all of it or nothing.
set -eu

dump=${1:-$(ls -1r /backups/*.dump | head -n 1)}
pg_restore --dbname "$DATABASE_URL" --clean --if-exists --no-owner --single-transaction --exit-on-error "$dump"
echo "restored $(basename "$dump")"
