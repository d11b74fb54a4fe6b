#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Pulls a consistent dump from a Redis or Valkey as a replica would: no shared volume, no wait for BGSAVE.
#
# REDIS_HOST and REDIS_PORT say where; the password comes from REDISCLI_AUTH, never from an argument.
. "$(dirname "$0")/common.sh"

: "${REDIS_HOST:?}"
from_file REDISCLI_AUTH
client=$(command -v valkey-cli || command -v redis-cli) || fail 'this image has neither valkey-cli nor redis-cli'
check=$(command -v valkey-check-rdb || command -v redis-check-rdb) || fail 'this image cannot check a dump'
begin_dump
"$client" -h "$REDIS_HOST" -p "${REDIS_PORT:-6379}" --no-auth-warning --rdb dump.rdb >client.log 2>&1 || {
    cat client.log >&2
    fail "$REDIS_HOST gives no dump"
}
rm client.log
[ -s dump.rdb ] || fail "$REDIS_HOST gave an empty dump"
"$check" dump.rdb >/dev/null || fail 'the dump is damaged'
finish_dump
