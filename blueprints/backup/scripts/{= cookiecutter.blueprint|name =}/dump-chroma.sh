#!/bin/sh
# shellcheck source-path=SCRIPTDIR
# Copies the data of a running Chroma from its volume, which is mounted read-only at CHROMA_DATA.
. "$(dirname "$0")/common.sh"

begin_dump
python3 "$here/chroma-snapshot.py" "${CHROMA_DATA:-/source}" "$part/data" || fail 'Chroma could not be copied'
finish_dump
