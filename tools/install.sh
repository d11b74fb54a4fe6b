#!/usr/bin/env bash
# Gets the programs that the tests and `scaffold validate` run: one Go module a folder beside this file, and the
# Debian packages of debian.txt. `tools/install.sh [NAME...]`; without names, everything.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${SCAFFOLD_TOOLS:-$HOME/.cache/scaffold-tools}
build_flags=(-trimpath -buildvcs=false)
# The most used first, so that an interrupted run leaves the useful ones; the rest follow by name.
first=(compose-go actionlint alloy-fmt helm kubeconform prometheus alertmanager crane redis-exporter postgres-exporter)

fail() {
    printf 'tools/install.sh: %s\n' "$*" >&2
    exit 1
}

usage() {
    printf 'usage: tools/install.sh [NAME...]\nnames: debian %s\n' "$(all_tools | tr '\n' ' ')"
}

all_tools() {
    local folder
    {
        printf '%s\n' "${first[@]}"
        for folder in "$here"/*/go.mod; do
            basename "$(dirname "$folder")"
        done
    } | awk '!seen[$0]++'
}

# settings reads what a tool needs beyond its go.mod: ldflags, version_args, and install_programs where
# `go install` alone does not do.
settings() {
    # shellcheck disable=SC2034 # settings.sh uses it
    module_version=$1
    ldflags='' version_args='--version'
    if [[ -f settings.sh ]]; then
        # shellcheck source=/dev/null
        source ./settings.sh
    fi
}

install_programs() {
    if grep -q '^tool' go.mod; then
        go_install tool
    else
        go_install .
    fi
}

go_install() {
    CGO_ENABLED=0 GOFLAGS='' GOBIN=$work/bin go install "${build_flags[@]}" -ldflags "-s -w $ldflags" "$@"
}

# The stamp of a build: its sources, the compiler and the flags. A changed pin gives another stamp.
stamp_of() {
    {
        go env GOVERSION GOOS GOARCH
        printf '%s\n' "${build_flags[*]}"
        find . -maxdepth 1 -type f \( -name 'go.*' -o -name '*.go' -o -name settings.sh \) ! -name '*_test.go' -print0 |
            LC_ALL=C sort -z | xargs -0 sha256sum
    } | sha256sum | cut -d' ' -f1
}

# is_current NAME STAMP: the programs of an earlier build with this stamp are still there.
is_current() {
    local file=$root/stamps/$1 stamp program
    [[ -f $file ]] || return 1
    {
        read -r stamp
        [[ $stamp == "$2" ]] || return 1
        while read -r program; do
            [[ -x $root/bin/$program ]] || return 1
        done
    } <"$file"
}

build() {
    local name=$1 stamp=$2 version=''
    if grep -q '^tool' go.mod; then
        version=$(go list -find -f '{{.Module.Version}}' tool | sed -n 1p)
    fi
    settings "$version"
    work=$(mktemp -d "$root/build.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/bin" "$root/bin" "$root/stamps"
    (install_programs)
    {
        printf '%s\n' "$stamp"
        ls "$work/bin"
    } >"$work/stamp"
    mv -f "$work/bin"/* "$root/bin/"
    mv -f "$work/stamp" "$root/stamps/$name"
}

# report NAME HOW: one line a program with its version, taken from the program itself.
report() {
    local name=$1 how=$2 program version
    settings ''
    while read -r program; do
        # shellcheck disable=SC2086 # version_args is a list of words
        version=$("$root/bin/$program" $version_args 2>&1) || fail "$name: $program does not run: $version"
        printf '%-20s %8s  %s\n' "$program" "$how" "$(grep -m 1 '[0-9]' <<<"$version")"
    done < <(tail -n +2 "$root/stamps/$name")
}

install_tool() (
    local name=$1 stamp start=$SECONDS
    cd "$here/$name"
    stamp=$(stamp_of)
    if is_current "$name" "$stamp"; then
        report "$name" there
        return
    fi
    build "$name" "$stamp"
    report "$name" "$((SECONDS - start)) s"
)

has_command() {
    # Debian keeps PostgreSQL's server programs out of PATH.
    command -v "$1" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null
}

missing_packages() {
    local package command
    while read -r package command _; do
        [[ $package == '' || $package == '#'* ]] && continue
        has_command "$command" || printf '%s\n' "$package"
    done <"$here/debian.txt"
}

install_debian() {
    local packages=() as_root=()
    mapfile -t packages < <(missing_packages)
    ((${#packages[@]})) || return 0
    command -v apt-get >/dev/null || fail "debian: install these with your package manager: ${packages[*]}"
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "debian: as root: apt-get install ${packages[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq || fail 'debian: apt-get update failed'
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null ||
        fail "debian: apt-get install failed: ${packages[*]}"
    printf '%-20s %8s  %s\n' debian installed "${packages[*]}"
}

install_named() {
    local name=$1
    if [[ $name == debian ]]; then
        install_debian
        return
    fi
    command -v go >/dev/null || fail "$name: needs Go (https://go.dev), which is not in PATH"
    # Not `install_tool || fail`: inside a condition bash ignores errexit.
    set +e
    (
        set -e
        install_tool "$name"
    )
    local status=$?
    set -e
    ((status == 0)) || fail "$name: not installed; its pin is in tools/$name/go.mod"
}

main() {
    local names=("$@") name
    if [[ ${1:-} == -h || ${1:-} == --help ]]; then
        usage
        return
    fi
    if ((${#names[@]} == 0)); then
        mapfile -t names < <(all_tools)
        names=(debian "${names[@]}")
    fi
    for name in "${names[@]}"; do
        [[ $name == debian || -f $here/$name/go.mod ]] || fail "no tool of that name: $name; $(usage)"
    done
    mkdir -p "$root"
    for name in "${names[@]}"; do
        install_named "$name"
    done
    printf 'programs are in %s\n' "$root/bin"
}

main "$@"
