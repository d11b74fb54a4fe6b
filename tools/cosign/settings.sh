# shellcheck shell=bash disable=SC2034,SC2154
ldflags="-X sigs.k8s.io/release-utils/version.gitVersion=$module_version"
version_args=version
