# shellcheck shell=bash disable=SC2034,SC2154
ldflags="-X github.com/grafana/loki/v3/pkg/util/build.Version=${module_version#v}"
version_args=-version
