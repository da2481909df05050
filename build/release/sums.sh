#!/bin/sh
# Writes SHA256SUMS of all files in a directory: sums.sh DIRECTORY
set -eu
cd "$1"
rm -f SHA256SUMS SHA256SUMS.new
# shellcheck disable=SC2035
LC_ALL=C sha256sum -- * > SHA256SUMS.new
mv SHA256SUMS.new SHA256SUMS
