#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Puts the files of a copy into a volume whose services are stopped. What lies there is moved aside, not deleted.
#
# usage: restore-files.sh FOLDER TARGET   FOLDER as fetch.sh printed it (with /data for Chroma), TARGET the volume
. "$(dirname "$0")/common.sh"

folder=${1:?usage: restore-files.sh FOLDER TARGET}
target=${2:?usage: restore-files.sh FOLDER TARGET}
[ -d "$folder" ] || fail "$folder is no folder"
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
chown "$owner" "$target" "$aside"
chmod "$mode" "$target"
log "restored; what was there is in $aside"
