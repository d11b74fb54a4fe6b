# shellcheck shell=bash disable=SC2034,SC2154
ldflags="-X github.com/prometheus/common/version.Version=${module_version#v}"
