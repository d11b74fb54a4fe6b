# shellcheck shell=bash disable=SC2034,SC2154
ldflags="-X github.com/rhysd/actionlint.version=$module_version"
version_args=-version
