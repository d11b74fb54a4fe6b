#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Healthy while the last copy of BACKUP_NAME is younger than two intervals and an hour.
. "$(dirname "$0")/common.sh"

age=$(($(date +%s) - $(last_success "${BACKUP_NAME:?}")))
[ "$age" -lt "$((2 * interval + 3600))" ] || fail "the last success is $age seconds ago"
