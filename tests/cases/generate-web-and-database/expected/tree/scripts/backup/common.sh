# shellcheck shell=sh
# What the backup scripts share. POSIX sh: the images of the stores carry nothing else.
#
# BACKUP_NAME     the store that this container copies
# BACKUP_STAGING  the folder that the dumps and the shipping share (default /staging):
#                 <name>/<time>/ is a finished dump with its SHA256SUMS, .state/<name> the time of the last success

set -eu
umask 077
export TZ=UTC LC_ALL=C

# shellcheck disable=SC2034  # the scripts that source this use it
here=$(cd "$(dirname "$0")" && pwd)
staging=${BACKUP_STAGING:-/staging}
# shellcheck disable=SC2034
interval=${BACKUP_INTERVAL:-21600}

log() {
    printf '%s backup %s: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${BACKUP_NAME:-$(basename "$0" .sh)}" "$*" >&2
}

fail() {
    log "FAILED: $*"
    exit 1
}

# from_file VARIABLE: take a secret from the file that VARIABLE_FILE names, where there is one.
from_file() {
    eval "file=\${$1_FILE:-}"
    # shellcheck disable=SC2154  # the line above sets it
    if [ -n "$file" ]; then
        eval "$1=\$(cat \"\$file\")"
        export "${1?}"
    fi
}

# succeeded NAME: remember that NAME was copied now.
succeeded() {
    mkdir -p "$staging/.state"
    date +%s >"$staging/.state/$1.new"
    mv -f "$staging/.state/$1.new" "$staging/.state/$1"
}

# last_success NAME: print the time of the last copy in seconds since 1970, 0 for never.
last_success() {
    cat "$staging/.state/$1" 2>/dev/null || echo 0
}

# begin_dump: make and enter an empty folder for a dump that nobody takes for a finished one.
begin_dump() {
    : "${BACKUP_NAME:?}"
    mkdir -p "$staging/$BACKUP_NAME"
    rm -rf "$staging/$BACKUP_NAME"/.part.*
    part=$staging/$BACKUP_NAME/.part.$$
    mkdir "$part"
    trap 'rm -rf "$part"' EXIT
    cd "$part"
}

# seal_dump: give the dump checksums and its name. Two dumps that are not shipped yet are kept, so that a destination that
# is down for days does not fill the disk of the host.
seal_dump() {
    find . -type f -exec sha256sum {} + >"$part.sums"
    mv "$part.sums" SHA256SUMS
    [ -s SHA256SUMS ] || fail 'the dump is empty'
    finished=$staging/$BACKUP_NAME/$(date -u +%Y%m%dT%H%M%SZ)
    rm -rf "$finished"
    cd "$staging/$BACKUP_NAME"
    mv "$part" "$finished"
    # The names of the folders sort by their time.
    set -- [0-9]*T*Z
    while [ $# -gt 2 ]; do
        log "$1 was never shipped and gives way to newer dumps"
        rm -rf "./$1"
        shift
    done
    log "dumped to $finished ($(du -sk "$finished" | cut -f 1) KiB)"
}

finish_dump() {
    seal_dump
    succeeded "$BACKUP_NAME"
}

# check_sums FOLDER: refuse a dump that is not byte for byte what was written, or that lacks a file.
check_sums() {
    [ -s "$1/SHA256SUMS" ] || fail "$1 has no SHA256SUMS: the dump is incomplete"
    (cd "$1" && sha256sum -c SHA256SUMS >/dev/null 2>&1) || fail "$1 is not what was written: a checksum differs"
}
