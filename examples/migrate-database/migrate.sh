#!/bin/sh
# Applies migrations/*.sql in the order of their names, each once and in a transaction of its own with its record.
# A migration that fails changes nothing and ends the task with psql's exit code.
set -eu

# That something is there already is no news.
export PGOPTIONS='-c client_min_messages=warning'
sql() { psql "$DATABASE_URL" --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"; }

sql --command 'create table if not exists schema_migrations
  (name text primary key, applied_at timestamptz not null default now())'

for file in migrations/*.sql; do
  name=$(basename "$file" .sql)
  # Two tasks at once: the second one waits here, and finds the work done.
  sql --tuples-only --no-align --set name="$name" --set file="$file" <<'SQL'
\set ON_ERROR_STOP 1
begin;
select pg_advisory_xact_lock(4711) \g /dev/null
select exists (select from schema_migrations where name = :'name') as done \gset
\if :done
  \echo 'skipped' :name
\else
  \i :file
  insert into schema_migrations (name) values (:'name');
  \echo 'applied' :name
\endif
commit;
SQL
done
