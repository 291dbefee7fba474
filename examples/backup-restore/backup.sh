#!/bin/sh
# Dumps the database into the volume; keeps the newest KEEP dumps (default 7).
set -eu

name=sales-$(date -u +%Y-%m-%dT%H%M%SZ)-$KF_TASK_ID.dump
trap 'rm -f "/backups/.$name"' EXIT
pg_dump "$DATABASE_URL" --format custom --file "/backups/.$name"
# A dump that cannot be listed cannot be restored.
pg_restore --list "/backups/.$name" > /dev/null
# Under its name only when it is whole and on disk.
sync "/backups/.$name"
mv "/backups/.$name" "/backups/$name"
echo "backed up to $name, $(du -h "/backups/$name" | cut -f 1)"

ls -1r /backups/*.dump | tail -n "+$((${KEEP:-7} + 1))" | while read -r old; do
  rm "$old"
  echo "removed $(basename "$old")"
done
