#!/bin/sh
# Backs the database of DATABASE_URL up while it is in use, restores that beside it under another name,
# and checks every figure of every experiment there. Its role must be allowed to make databases.
# From the folder of the release: docs/installation/restore_drill.sh
set -eu
python=${PYTHON:-.venv/bin/python}
name=glozr_drill_$$
folder=$(mktemp -d)
case $DATABASE_URL in *\?*) restored="$DATABASE_URL&dbname=$name" ;; *) restored="$DATABASE_URL?dbname=$name" ;; esac
clear_up() {
    rm -rf "$folder"
    psql --quiet --dbname="$DATABASE_URL" --command="DROP DATABASE IF EXISTS $name WITH (FORCE)"
}
trap clear_up EXIT

pg_dump --format=directory --jobs=2 --no-owner --file="$folder/dump" "$DATABASE_URL"
psql --quiet --dbname="$DATABASE_URL" --command="CREATE DATABASE $name TEMPLATE template0"
pg_restore --exit-on-error --no-owner --jobs=2 --dbname="$restored" "$folder/dump"

DATABASE_URL=$restored "$python" manage.py migrate --check
DATABASE_URL=$restored "$python" manage.py fold_results --once
DATABASE_URL=$restored "$python" manage.py verify_results
echo "The backup is good: $(du -sh "$folder/dump" | cut -f1)."
