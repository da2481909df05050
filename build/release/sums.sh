#!/bin/sh
# Writes SHA256SUMS of all files in a directory: sums.sh DIRECTORY
#   DIRECTORY/SHA256SUMS.minisig    its signature, where $MINISIGN_KEY names the file of a secret key of minisign
# $MINISIGN_COMMENT is what the signature vouches for besides; a key without a password asks for none.
set -eu
cd "$1"
rm -f SHA256SUMS SHA256SUMS.new SHA256SUMS.minisig
# shellcheck disable=SC2035
LC_ALL=C sha256sum -- * > SHA256SUMS.new
mv SHA256SUMS.new SHA256SUMS
[ "${MINISIGN_KEY:-}" ] || exit 0
[ -r "$MINISIGN_KEY" ] || { echo "MINISIGN_KEY=$MINISIGN_KEY: expected a file that can be read" >&2; exit 1; }
minisign -S -q -s "$MINISIGN_KEY" -t "${MINISIGN_COMMENT:-runitbox}" -m SHA256SUMS < /dev/null
