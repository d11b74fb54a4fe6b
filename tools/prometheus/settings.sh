# shellcheck shell=bash disable=SC2034,SC2154
# Prometheus 3.13.5 is the Go module v0.313.5. Without the tag builtinassets no web UI is built in.
ldflags="-X github.com/prometheus/common/version.Version=${module_version/#v0.3/3.}"
