#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Puts a dump into the data folder of a Redis or Valkey that is stopped. What lies there is moved aside, not deleted.
#
# usage: restore-redis.sh FOLDER DATA   FOLDER as fetch.sh printed it, DATA the data folder of the server
. "$(dirname "$0")/common.sh"

folder=${1:?usage: restore-redis.sh FOLDER DATA}
data=${2:?usage: restore-redis.sh FOLDER DATA}
from_file REDISCLI_AUTH
client=$(command -v valkey-cli || command -v redis-cli) || fail 'this image has neither valkey-cli nor redis-cli'
check=$(command -v valkey-check-rdb || command -v redis-check-rdb) || fail 'this image cannot check a dump'
check_sums "$folder"
"$check" "$folder/dump.rdb" >/dev/null || fail 'the dump is damaged'
# A server that runs would write its own state over the dump when it stops.
if "$client" -h "${REDIS_HOST:-127.0.0.1}" -p "${REDIS_PORT:-6379}" ping 2>/dev/null | grep -q .; then
    fail 'the server runs: stop it first'
fi

aside=$data/before-restore-$(date -u +%Y%m%dT%H%M%SZ)
mkdir "$aside"
append=${REDIS_APPENDONLY:-no}
for old in dump.rdb appendonly.aof appendonlydir; do
    [ -e "$data/$old" ] || continue
    [ "$old" = dump.rdb ] || append=yes
    mv "$data/$old" "$aside/"
done
cp "$folder/dump.rdb" "$data/dump.rdb"
# A server with an append-only file reads that and not the dump. From version 7 on its base may be a dump.
if [ "$append" = yes ]; then
    case $("$client" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/') in
    [1-6]) cp "$folder/dump.rdb" "$data/appendonly.aof" ;;
    *)
        mkdir "$data/appendonlydir"
        cp "$folder/dump.rdb" "$data/appendonlydir/appendonly.aof.1.base.rdb"
        printf 'file appendonly.aof.1.base.rdb seq 1 type b\n' >"$data/appendonlydir/appendonly.aof.manifest"
        ;;
    esac
fi
owner=$(stat -c %u:%g "$data")
for new in dump.rdb appendonly.aof appendonlydir; do
    [ ! -e "$data/$new" ] || chown -R "$owner" "$data/$new"
done
log "restored; what was there is in $aside"
