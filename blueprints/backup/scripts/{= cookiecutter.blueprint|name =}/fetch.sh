#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Fetches a copy from the repository and checks it. Prints the folder it lies in.
#
# usage: fetch.sh NAME [SNAPSHOT]   NAME is a store, or volume-<volume>; `fetch.sh` alone lists what there is
. "$(dirname "$0")/common.sh"
. "$here/repository.sh"

if [ $# = 0 ]; then
    exec restic snapshots --host "$app"
fi
name=$1
snapshot=${2:-latest}
target=${BACKUP_FETCHED:-$staging/restore}/$name
rm -rf "$target"
mkdir -p "$target"
if [ "$snapshot" = latest ]; then
    restic restore latest --host "$app" --tag "$name" --target "$target" --verify >&2 || fail "$name cannot be fetched"
else
    restic restore "$snapshot" --target "$target" --verify >&2 || fail "$name cannot be fetched"
fi
case $name in
volume-*) ;;
*) check_sums "$target" ;;
esac
printf '%s\n' "$target"
