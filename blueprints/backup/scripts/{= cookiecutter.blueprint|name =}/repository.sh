# shellcheck shell=sh
# The repository off the host, and what is kept in it. Sourced after common.sh.

: "${RESTIC_REPOSITORY:?}"
app=${BACKUP_APP:?}
export RESTIC_CACHE_DIR="${RESTIC_CACHE_DIR:-/tmp/restic}"

# A path would be a folder in this container or on this host: no backup against the loss of the host.
case $RESTIC_REPOSITORY in
s3:* | rest:* | sftp:* | b2:* | azure:* | gs:* | swift:* | rclone:*) ;;
*) [ "${BACKUP_LOCAL:-no}" = yes ] || fail 'the repository is on this host: set BACKUP_LOCAL=yes for a test' ;;
esac
[ -s "${RESTIC_PASSWORD_FILE:?}" ] || fail 'the key of the repository is empty'

# open_repository: make it where there is none. A wrong key or a network that is down ends here: init refuses too.
open_repository() {
    restic cat config >/dev/null 2>&1 || restic init >/dev/null || fail 'the repository cannot be opened'
    # Only locks of processes that are gone.
    restic unlock >/dev/null
}

# send TAG [OPTION...]: copy the current folder. Exit 3 of restic, a file that could not be read, is a failure as any other; lost+found
# belongs to the file system of a disk, and to root.
send() {
    tag=$1
    shift
    restic backup --quiet --host "$app" --tag "$tag" --exclude "$PWD/lost+found" "$@" . >&2
}

# forget_old: for each store on its own, counted in copies and never in days that passed without one.
forget_old() {
    restic forget --quiet --host "$app" --group-by host,tags --prune \
        --keep-last "${BACKUP_KEEP_LAST:-8}" --keep-daily "${BACKUP_KEEP_DAILY:-14}" \
        --keep-weekly "${BACKUP_KEEP_WEEKLY:-8}" --keep-monthly "${BACKUP_KEEP_MONTHLY:-12}" >&2 ||
        fail 'old copies cannot be removed'
}
