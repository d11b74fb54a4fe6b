#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Encrypts the finished dumps and the mounted volumes with restic and sends them off the host; old copies go by the
# retention, and only after a round in which everything succeeded.
#
# RESTIC_REPOSITORY, RESTIC_PASSWORD_FILE   where to, and the key to everything in it
# BACKUP_STORES                             the stores that have to be there, separated by spaces
# BACKUP_VOLUMES                            the folder whose subfolders are volumes to copy (default /volumes)
# BACKUP_MAY_BE_EMPTY                       the volumes of which no file, or no database, has to be left
# BACKUP_CHECK                              "no" where verify.sh has a schedule of its own
. "$(dirname "$0")/common.sh"
. "$here/repository.sh"

failures=0
miss() {
    log "FAILED: $*"
    failures=$((failures + 1))
}

# wait_for_dumps: the dumps of this slot start when this script does.
wait_for_dumps() {
    [ -n "${BACKUP_SLOT:-}" ] || return 0
    until_time=$((BACKUP_SLOT + ${BACKUP_WAIT:-7200}))
    for store in ${BACKUP_STORES:-}; do
        while [ "$(last_success "$store")" -lt "$BACKUP_SLOT" ] && [ "$(date +%s)" -lt "$until_time" ]; do
            sleep 5
        done
    done
}

# lost TAG: whether the last copy called TAG has files. Asked where there is none now: a volume that was lost, or is not
# mounted, comes back empty, and an empty copy a round would push the good ones out.
lost() {
    name=${1#*-}
    case " ${BACKUP_MAY_BE_EMPTY:-} " in *" $name "*) return 1 ;; esac
    listed=$staging/.listed
    restic snapshots --host "$app" --tag "$1" --json >"$listed" || return 0
    grep -q '"short_id"' "$listed" || return 1
    restic ls latest --host "$app" --tag "$1" --json >"$listed" || return 0
    case $1 in
    databases-*) grep -q '"path":"/data/' "$listed" || return 1 ;;
    *) grep '"type":"file"' "$listed" | grep -qv '"path":"/\.no-files"' || return 1 ;;
    esac
}

empty="which had some in its last copy, and may be lost or not mounted; if that is right, name it in BACKUP_MAY_BE_EMPTY"

ship_dumps() {
    refused=
    for dump in "$staging"/*/[0-9]*T*Z; do
        [ -d "$dump" ] || continue
        store=$(basename "$(dirname "$dump")")
        if ! (check_sums "$dump"); then
            miss "$store from $(basename "$dump") is not shipped"
        elif [ "$store" != "${store#databases-}" ] && [ ! -s "$dump/databases" ] && lost "$store"; then
            miss "no database is left in $name, $empty"
            refused=$dump
        elif (cd "$dump" && send "$store"); then
            rm -rf "$dump"
            # Of no use once a newer one is there.
            [ "${refused%/*}" != "${dump%/*}" ] || rm -rf "$refused"
        else
            miss "$store from $(basename "$dump") is not shipped"
        fi
    done
}

# holds_files LIST: whether a copy of the current folder without what LIST names would hold a file. More files than names
# say so; else restic does, which knows what it leaves out.
holds_files() {
    names=$(wc -l <"$1")
    files=$(find . -path ./lost+found -prune -o -type f -print0 | tr -dc '\000' | head -c "$((names + 1))" | wc -c)
    [ "$files" -le "$names" ] || return 0
    [ "$files" -gt 0 ] || return 1
    restic backup --dry-run --json --host "$app" --exclude "$PWD/lost+found" --exclude-file "$1" . |
        grep -q '"total_files_processed":[1-9]'
}

# send_volume NAME LIST: restic makes no copy without a file; a volume that has none yet, or databases alone, is told of by a
# file that the restore takes away again.
send_volume() {
    said=$(send "volume-$1" --exclude-file "$2" 2>&1) && return
    printf '%s\n' "$said" >&2
    case $said in *'snapshot is empty'*) ;; *) return 1 ;; esac
    mkdir -p "$staging/.no-files"
    touch "$staging/.no-files/.no-files"
    cd "$staging/.no-files" && send "volume-$1"
}

# ship_volume FOLDER: the databases in it are dumps of their own: the files of one that is written to are no copy.
ship_volume() {
    name=$(basename "$1")
    known=$staging/.databases/$name
    if [ ! -e "$known" ]; then
        miss "volume $name is not shipped before its databases are dumped"
    elif ! (cd "$1" && holds_files "$known") && lost "volume-$name"; then
        miss "no file is left in $name, $empty"
    else
        (cd "$1" && send_volume "$name" "$known") || miss "volume $name is not shipped"
    fi
}

ship_volumes() {
    for volume in "${BACKUP_VOLUMES:-/volumes}"/*; do
        [ ! -d "$volume" ] || ship_volume "$volume"
    done
}

# A store whose dump failed has nothing new here: say so, and let nothing old go.
look_for_missing() {
    for store in ${BACKUP_STORES:-}; do
        last=$(last_success "$store")
        if [ "$last" = 0 ]; then
            miss "$store has no whole dump yet"
        else
            age=$(($(date +%s) - last))
            [ "$age" -lt "$((interval + ${BACKUP_WAIT:-7200}))" ] || miss "$store has no whole dump since $age seconds"
        fi
    done
}

# Once a week, because it reads from the repository: structure, and a part of the data.
check_weekly() {
    [ "${BACKUP_CHECK:-yes}" = yes ] || return 0
    [ "$(($(date +%s) - $(last_success repository-check)))" -gt 604800 ] || return 0
    restic check --read-data-subset="${BACKUP_CHECK_SUBSET:-5%}" >&2 || fail 'the repository is damaged'
    succeeded repository-check
}

mkdir -p "$staging"
open_repository
wait_for_dumps
ship_dumps
ship_volumes
rm -f "$staging/.listed"
look_for_missing
[ "$failures" = 0 ] || fail "$failures missing; nothing old is removed"
forget_old
check_weekly
succeeded "${BACKUP_NAME:=off-host}"
log 'everything is shipped'
