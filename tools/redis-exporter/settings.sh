# shellcheck shell=bash disable=SC2034,SC2154
ldflags="-X main.BuildVersion=$module_version"
