#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Restores the databases of a dump. A database that exists and has tables is left alone, unless --replace is given; a role
# that exists keeps the password that it has today.
#
# usage: restore-postgres.sh [--replace] FOLDER [DATABASE]   FOLDER as fetch.sh printed it
. "$(dirname "$0")/common.sh"

replace=no
if [ "${1:-}" = --replace ]; then
    replace=yes
    shift
fi
folder=${1:?usage: restore-postgres.sh [--replace] FOLDER [DATABASE]}
only=${2:-}
: "${PGHOST:?}" "${PGUSER:?}"
from_file PGPASSWORD
# The administration happens here: any other database may have to be dropped.
export PGDATABASE=template1

ask() {
    psql -X -A -t -q -v ON_ERROR_STOP=1 "$@"
}

# each COMMAND: call COMMAND with the name and the file of every database that is wanted.
each() {
    number=0
    while IFS= read -r database <&3; do
        number=$((number + 1))
        if [ -z "$only" ] || [ "$only" = "$database" ]; then
            "$1" "$database" "$folder/$number.dump"
        fi
    done 3<"$folder/databases"
}

exists() {
    [ "$(printf '%s\n' "SELECT count(*) FROM pg_database WHERE datname = :'name'" | ask -v name="$1")" = 1 ]
}

# Everything is read, and every refusal spoken, before anything is dropped.
inspect() {
    found=yes
    pg_restore --file=/dev/null "$2" || fail "the dump of $1 is damaged"
    if [ "$replace" = no ] && exists "$1"; then
        tables=$(PGDATABASE=$1 ask -c \
            "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')") ||
            fail "$1 cannot be looked at"
        [ "$tables" = 0 ] || fail "$1 has $tables tables: nothing is overwritten without --replace"
    fi
}

restore_roles() {
    [ -f "$folder/roles.sql" ] || return 0
    ask -c 'SELECT quote_ident(rolname) FROM pg_roles' |
        awk 'NR == FNR { known[$0]; next }
             /^(CREATE|ALTER) ROLE / {
                 name = $0
                 sub(/^[A-Z]+ ROLE /, "", name)
                 sub(/( WITH .*)?;$/, "", name)
                 if (name in known) next
             }
             { print }' - "$folder/roles.sql" | ask >/dev/null
}

restore() {
    if exists "$1"; then
        # A session that the app keeps would hold up the drop.
        printf '%s\n' "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'name';" \
            'DROP DATABASE :"name";' | ask -v name="$1" >/dev/null || fail "$1 cannot be dropped"
    fi
    printf '%s\n' 'CREATE DATABASE :"name" TEMPLATE template0;' | ask -v name="$1" || fail "$1 cannot be made"
    # A name is a value of the connection string: quoted, so that none of it is read as another key.
    quoted=$(printf '%s' "$1" | sed "s/[\\\\']/\\\\&/g")
    pg_restore --exit-on-error --dbname="dbname='$quoted'" "$2" || fail "the restore of $1"
    log "restored $1"
}

check_sums "$folder"
found=no
each inspect
[ "$found" = yes ] || fail "the dump has no database $only"
restore_roles || fail 'the roles cannot be restored'
each restore
