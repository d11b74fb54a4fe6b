#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Dumps every database of a MySQL or MariaDB server in one transaction, with routines, events and triggers.
#
# MYSQL_HOST and MYSQL_USER say where and as whom; the password comes from MYSQL_PWD, never from an argument.
. "$(dirname "$0")/common.sh"

: "${MYSQL_HOST:?}" "${MYSQL_USER:?}"
from_file MYSQL_PWD
client=$(command -v mariadb || command -v mysql) || fail 'this image has neither mariadb nor mysql'
dump=$(command -v mariadb-dump || command -v mysqldump) || fail 'this image has neither mariadb-dump nor mysqldump'
begin_dump
"$client" --host="$MYSQL_HOST" --port="${MYSQL_PORT:-3306}" --protocol=tcp --user="$MYSQL_USER" --batch --skip-column-names \
    --execute="SELECT schema_name FROM information_schema.schemata
        WHERE schema_name NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY schema_name" >databases ||
    fail "$MYSQL_HOST does not list its databases"
[ -s databases ] || fail 'no database to dump'
set --
while IFS= read -r database; do
    set -- "$@" "$database"
done <databases
"$dump" --host="$MYSQL_HOST" --port="${MYSQL_PORT:-3306}" --protocol=tcp --user="$MYSQL_USER" --single-transaction --quick \
    --routines --events --triggers --result-file=dump.sql --databases "$@" || fail 'the dump'
case $(tail -n 1 dump.sql) in
*'Dump completed'*) ;;
*) fail 'the dump has no end' ;;
esac
finish_dump
