#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Encrypts the finished dumps and the mounted volumes with restic and sends them off the host; old copies go by the
# retention, and only after a round in which everything succeeded.
#
# RESTIC_REPOSITORY, RESTIC_PASSWORD_FILE   where to, and the key to everything in it
# BACKUP_STORES                             the stores that have to be there, separated by spaces
# BACKUP_VOLUMES                            the folder whose subfolders are volumes to copy (default /volumes)
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

ship_dumps() {
    for dump in "$staging"/*/[0-9]*T*Z; do
        [ -d "$dump" ] || continue
        store=$(basename "$(dirname "$dump")")
        if (check_sums "$dump") && (cd "$dump" && send "$store"); then
            rm -rf "$dump"
        else
            miss "$store from $(basename "$dump") is not shipped"
        fi
    done
}

# send_volume NAME [OPTION...]: restic makes no copy without a file; a volume that has none yet, or databases alone, is told
# of by a file that the restore takes away again.
send_volume() {
    name=$1
    shift
    said=$(send "volume-$name" "$@" 2>&1) && return
    printf '%s\n' "$said" >&2
    case $said in *'snapshot is empty'*) ;; *) return 1 ;; esac
    mkdir -p "$staging/.no-files"
    touch "$staging/.no-files/.no-files"
    cd "$staging/.no-files" && send "volume-$name"
}

ship_volumes() {
    for volume in "${BACKUP_VOLUMES:-/volumes}"/*; do
        [ -d "$volume" ] || continue
        name=$(basename "$volume")
        # The databases in it are dumps of their own: the files of one that is written to are no copy of it.
        known=$staging/.databases/$name
        case " ${BACKUP_STORES:-} " in
        *" databases-$name "*)
            if [ ! -e "$known" ]; then
                miss "volume $name is not shipped before its databases are dumped"
                continue
            fi
            (cd "$volume" && send_volume "$name" --exclude-file "$known") || miss "volume $name is not shipped"
            ;;
        *) (cd "$volume" && send_volume "$name") || miss "volume $name is not shipped" ;;
        esac
    done
}

# A store whose dump failed has nothing new here: say so, and let nothing old go.
look_for_missing() {
    for store in ${BACKUP_STORES:-}; do
        age=$(($(date +%s) - $(last_success "$store")))
        [ "$age" -lt "$((interval + ${BACKUP_WAIT:-7200}))" ] || miss "$store has no dump since $age seconds"
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
look_for_missing
[ "$failures" = 0 ] || fail "$failures missing; nothing old is removed"
forget_old
check_weekly
succeeded "${BACKUP_NAME:=off-host}"
log 'everything is shipped'
