#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Restores every database of a dump; tables of the same name are replaced.
#
# usage: restore-mysql.sh FOLDER   as fetch.sh printed it
. "$(dirname "$0")/common.sh"

folder=${1:?usage: restore-mysql.sh FOLDER}
: "${MYSQL_HOST:?}" "${MYSQL_USER:?}"
from_file MYSQL_PWD
client=$(command -v mariadb || command -v mysql) || fail 'this image has neither mariadb nor mysql'
check_sums "$folder"
"$client" --host="$MYSQL_HOST" --port="${MYSQL_PORT:-3306}" --protocol=tcp --user="$MYSQL_USER" <"$folder/dump.sql" || fail 'the restore'
log "restored $(tr '\n' ' ' <"$folder/databases")"
