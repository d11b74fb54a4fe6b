#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Puts the files of a copy into a volume whose services are stopped. What lies there is moved aside, not deleted.
#
# usage: restore-files.sh FOLDER TARGET [DATABASES]
# FOLDER as fetch.sh printed it (with /data for Chroma), TARGET the volume, DATABASES the copy of the databases in it
. "$(dirname "$0")/common.sh"

folder=${1:?usage: restore-files.sh FOLDER TARGET}
target=${2:?usage: restore-files.sh FOLDER TARGET}
databases=${3:-}
[ -d "$folder" ] || fail "$folder is no folder"
[ -z "$databases" ] || check_sums "$databases"
if [ -f "$folder/SHA256SUMS" ]; then
    check_sums "$folder"
    folder=$folder/data
fi
owner=$(stat -c %u:%g "$target")
mode=$(stat -c %a "$target")
aside=$target/before-restore-$(date -u +%Y%m%dT%H%M%SZ)
mkdir "$aside"
for old in "$target"/* "$target"/.[!.]*; do
    case $old in
    "$target"/before-restore-* | "$target/lost+found" | "$target/*" | "$target/.[!.]*") ;;
    *) mv "$old" "$aside/" ;;
    esac
done
cp -a "$folder"/. "$target"/
rm -f "$target/.no-files" # See ship.sh.
# Each file by itself: the folders around it have come back with their owners.
# shellcheck disable=SC2016 # the inner shell's own
[ -z "$databases" ] || (cd "$databases/data" && find . -type f -exec sh -c '
    target=$1
    shift
    for file; do
        folder=$target/$(dirname "$file")
        if [ ! -d "$folder" ]; then
            mkdir -p "$folder"
            chown "$(stat -c %u:%g "$file")" "$folder"
            chmod 755 "$folder"
        fi
        rm -f "$target/$file-wal" "$target/$file-shm" "$target/$file-journal"
        cp -a "$file" "$target/$file" || exit
    done' sh "$target" {} +) || fail "the databases are not all back"
chown "$owner" "$target" "$aside"
chmod "$mode" "$target"
log "restored; what was there is in $aside"
