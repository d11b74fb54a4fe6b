#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Runs a command every BACKUP_INTERVAL seconds, BACKUP_OFFSET seconds after midnight UTC and so on; a slot that was missed
# is made up for at the start, a failure is tried again after BACKUP_RETRY seconds. No cron, no socket of Docker.
#
# usage: BACKUP_NAME=db on-schedule.sh COMMAND [ARGUMENT...]
. "$(dirname "$0")/common.sh"

: "${BACKUP_NAME:?}"
offset=${BACKUP_OFFSET:-9000}
retry=${BACKUP_RETRY:-900}
if [ "$interval" -le 0 ] || [ "$retry" -le 0 ] || [ "$offset" -lt 0 ]; then
    fail 'BACKUP_INTERVAL, BACKUP_RETRY and BACKUP_OFFSET are seconds'
fi

# The shell must not wait for its child before it hears that it has to stop.
child=''
trap 'kill "$child" 2>/dev/null; exit 143' TERM INT

while :; do
    now=$(date +%s)
    slot=$(((now - offset) / interval * interval + offset))
    pause=$((slot + interval - now))
    if [ "$(last_success "$BACKUP_NAME")" -lt "$slot" ]; then
        BACKUP_SLOT=$slot "$@" &
        child=$!
        if wait "$child"; then
            pause=$((slot + interval - $(date +%s)))
        else
            [ "$retry" -ge "$pause" ] || pause=$retry
            log "next attempt in $pause seconds"
        fi
    fi
    sleep "$((pause > 0 ? pause : 1))" &
    child=$!
    wait "$child"
done
