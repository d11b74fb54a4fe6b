# shellcheck shell=bash disable=SC2034,SC2154
ldflags="-X github.com/prometheus/common/version.Version=${module_version#v}"

# The module lacks the compiled web UI that its source embeds: it is built from a copy with an empty page in that place.
install_programs() {
    local source
    source=$(go mod download -json github.com/prometheus/alertmanager | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    cp -R "$source" "$work/source"
    chmod -R u+w "$work/source"
    mkdir -p "$work/source/ui/app/dist"
    touch "$work/source/ui/app/dist/index.html"
    cd "$work/source" || return
    go_install ./cmd/alertmanager ./cmd/amtool
}
