#!/bin/sh
# What a release has once, besides what make.sh packs for each processor: whole.sh VERSION OUT PROCESSOR=EXECUTABLE...
#   OUT/runitbox-VERSION-oci.tar            images for all processors (oci.ts)
#   OUT/runitbox-*VERSION.tgz               npm's packages (../npm/pack.ts)
#   OUT/runitbox-VERSION-source.tar.gz      sources for builds without a network (source.sh), and Debian's source package of them
#   OUT/SHA256SUMS                          and, with $MINISIGN_KEY, its signature (sums.sh)
#
# The first executable runs here. Promises: the same executables, commit and $SOURCE_DATE_EPOCH give the same bytes.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
version=$1 out=$2
shift 2
: "${SOURCE_DATE_EPOCH:?expected the time of the release in seconds, got nothing}" "${NODE:?}"
export SOURCE_DATE_EPOCH NODE
umask 022
revision=$(git -C "$top" rev-parse HEAD 2> /dev/null || echo unknown)

"$NODE" "$top/build/release/oci.ts" "$version" "$revision" "$@" > "$out/runitbox-$version-oci.tar.new"
mv "$out/runitbox-$version-oci.tar.new" "$out/runitbox-$version-oci.tar"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$NODE" "$top/build/npm/pack.ts" "$top/out/node/runitbox.cjs" "$top/out/npm/types/api/index.d.ts" "$work" "$@" > /dev/null
mv "$work"/*.tgz "$out/"

"$top/build/release/source.sh" "$version" "$out"
if command -v dpkg-source > /dev/null; then "$top/build/release/debian-source.sh" "$version" "$out"
else echo 'whole.sh: no dpkg-source here, so no source package for Debian' >&2
fi
"$top/build/release/sums.sh" "$out"
