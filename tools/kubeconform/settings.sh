# shellcheck shell=bash disable=SC2034,SC2154
ldflags="-X main.version=$module_version"
version_args=-v
