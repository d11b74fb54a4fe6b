# shellcheck shell=bash disable=SC2034,SC2154
ldflags="-X helm.sh/helm/v4/internal/version.version=$module_version"
version_args='version --short'
