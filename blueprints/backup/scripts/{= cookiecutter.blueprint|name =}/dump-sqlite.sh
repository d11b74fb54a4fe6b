#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Copies the SQLite databases of the volumes and folders, which are mounted read-only below BACKUP_VOLUMES, while
# applications write to them. The copies of <volume> are called databases-<volume>; what the other files are copied
# without stands in .databases/<volume>.
#
# usage: dump-sqlite.sh [FOLDER]   every folder below BACKUP_VOLUMES, or one of them
. "$(dirname "$0")/common.sh"

if [ $# = 0 ]; then
    failures=0
    for volume in "${BACKUP_VOLUMES:-/volumes}"/*; do
        [ -d "$volume" ] || continue
        BACKUP_NAME=databases-$(basename "$volume") /bin/sh "$here/dump-sqlite.sh" "$volume" || failures=$((failures + 1))
    done
    [ "$failures" = 0 ] || fail "$failures missing"
    succeeded "${BACKUP_NAME:=databases}"
    exit
fi

volume=$1
[ -d "$volume" ] || fail "$volume is no folder"
name=$(basename "$volume")
: "${BACKUP_NAME:=databases-$name}"
known=$staging/.databases/$name
mkdir -p "$staging/.databases"
begin_dump
mkdir data
result=0
python3 "$here/sqlite-snapshot.py" "$volume" "$part/data" "$known" >databases || result=$?
case $result in
0 | 2) ;;
*) fail "a database in $name could not be copied" ;;
esac
seal_dump
[ "$result" = 0 ] || fail "a database in $name is damaged; the others are copied"
succeeded "$BACKUP_NAME"
