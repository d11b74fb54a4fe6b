# shellcheck shell=bash disable=SC2034,SC2154
ldflags="-X github.com/google/go-containerregistry/cmd/crane/cmd.Version=$module_version"
version_args=version
