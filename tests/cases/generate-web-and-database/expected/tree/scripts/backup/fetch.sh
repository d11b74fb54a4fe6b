#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Fetches a copy from the repository and checks it. Prints the folder it lies in.
#
# usage: fetch.sh NAME [SNAPSHOT]   NAME is a store, volume-<volume> or databases-<volume>; `fetch.sh` alone lists what there
#                                   is. For databases the snapshot may be that of the volume: those of its round are meant.
. "$(dirname "$0")/common.sh"
. "$here/repository.sh"

if [ $# = 0 ]; then
    exec restic snapshots --host "$app"
fi
name=$1
snapshot=${2:-latest}
target=${BACKUP_FETCHED:-$staging/restore}/$name

# copies TAG: print time and id of each copy called TAG, the oldest first.
copies() {
    restic snapshots --host "$app" --tag "$1" --json | tr ',' '\n' |
        awk -F '"' '/^[[{]*"time":/ { time = $4; sub(/Z$/, "", time) } /^"id":/ { print time, $4 }' | sort
}

# known_copy: print the id of the snapshot, where it is a copy of NAME; for databases also that of the last one before a copy
# of their volume.
known_copy() {
    found=$(copies "$name" | awk -v id="$snapshot" 'index($2, id) == 1 { print $2 }')
    if [ -z "$found" ] && [ "$name" != "${name#databases-}" ]; then
        time=$(copies "volume-${name#databases-}" | awk -v id="$snapshot" 'index($2, id) == 1 { print $1 }')
        [ -z "$time" ] || found=$(copies "$name" | awk -v time="$time" '$1 < time { id = $2 } END { print id }')
    fi
    printf '%s\n' "$found"
}

rm -rf "$target"
mkdir -p "$target"
if [ "$snapshot" = latest ]; then
    restic restore latest --host "$app" --tag "$name" --target "$target" --verify >&2 || fail "$name cannot be fetched"
else
    # restic takes any snapshot that is named, whatever it holds.
    known=$(known_copy)
    [ -n "$known" ] || fail "$snapshot is no copy of $name"
    restic restore "$known" --target "$target" --verify >&2 || fail "$name cannot be fetched"
fi
case $name in
volume-*) ;;
*) check_sums "$target" ;;
esac
printf '%s\n' "$target"
