#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Asks of the repository what a restore needs: that it is whole, and that each store and volume has a copy that is young
# enough and can be fetched. Lists what there is, and changes nothing.
. "$(dirname "$0")/common.sh"
. "$here/repository.sh"

restic check --read-data-subset="${BACKUP_CHECK_SUBSET:-5%}" >&2 || fail 'the repository is damaged'
restic snapshots --host "$app" >&2 || fail 'the copies cannot be listed'
names=${BACKUP_STORES:-}
for volume in "${BACKUP_VOLUMES:-/volumes}"/*; do
    [ ! -d "$volume" ] || names="$names volume-$(basename "$volume")"
done
[ -n "$names" ] || fail 'BACKUP_STORES names no store'
for name in $names; do
    newest=$(restic snapshots --host "$app" --tag "$name" --json | tr ',' '\n' |
        sed -n 's/.*"time": *"\([0-9-]*\)T\([0-9:]*\).*/\1 \2/p' | sort | tail -n 1)
    [ -n "$newest" ] || fail "$name has no copy"
    age=$(($(date +%s) - $(date -u -d "$newest" +%s)))
    [ "$age" -lt "$((2 * interval + 3600))" ] || fail "the newest copy of $name is $age seconds old"
    folder=$(BACKUP_FETCHED=$staging/.verify "$here/fetch.sh" "$name") || fail "$name cannot be fetched"
    rm -rf "$folder"
    log "$name: a copy of $age seconds ago is whole"
done
