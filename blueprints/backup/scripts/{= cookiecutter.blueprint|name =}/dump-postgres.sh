#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Dumps every database of a PostgreSQL server and its roles; with BACKUP_DATABASE only that one, without roles.
# Run it in the image of the server: pg_dump refuses a server that is newer than itself.
#
# PGHOST, PGPORT, PGUSER and PGPASSWORD (or PGPASSFILE) say where and as whom; nothing secret stands in an argument.
. "$(dirname "$0")/common.sh"

: "${PGHOST:?}" "${PGUSER:?}"
from_file PGPASSWORD
begin_dump
if [ -n "${BACKUP_DATABASE:-}" ]; then
    printf '%s\n' "$BACKUP_DATABASE" >databases
else
    PGDATABASE=postgres psql -X -A -t -q -v ON_ERROR_STOP=1 \
        -c 'SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname' >databases ||
        fail "$PGHOST does not list its databases"
    # The passwords in it are hashes; the repository is encrypted.
    PGDATABASE=postgres pg_dumpall --roles-only --file=roles.sql || fail 'the roles cannot be dumped'
fi
number=0
while IFS= read -r database; do
    number=$((number + 1))
    # Not compressed: restic compresses, and finds what did not change since the last time.
    PGDATABASE=$database pg_dump --format=custom --compress=0 --file="$number.dump" || fail "pg_dump of $database"
    # The list of contents stands at the front: only reading all of it shows that the end is there.
    pg_restore --file=/dev/null "$number.dump" || fail "the dump of $database cannot be read back"
done <databases
[ "$number" -gt 0 ] || fail 'no database to dump'
finish_dump
