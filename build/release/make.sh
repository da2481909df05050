#!/bin/sh
# Packs what strangers get for one processor: make.sh EXECUTABLE PROCESSOR VERSION OUT
#   OUT/runitbox-VERSION-linux-PROCESSOR.tar.gz     bin, sbin and share, as below a prefix
#   OUT/runitbox-VERSION-linux-PROCESSOR.spdx.json  the parts of the executable
#   OUT/*.deb, *.rpm, *.apk                         packages (debian.sh, rpm.sh, apk.sh), each where there is the tool for it
#
# Promises: the same executable, sources and $SOURCE_DATE_EPOCH give the same bytes. $MUSL is the compiler that made the executable, $NODE
# runs TypeScript, $EMULATOR programs of that processor. Read next: ../install.sh, sbom.ts, debian.sh, whole.sh.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
executable=$1 processor=$2 version=$3 out=$4
: "${SOURCE_DATE_EPOCH:?expected the time of the release in seconds, got nothing}" "${MUSL:?}" "${NODE:?}"
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH
umask 022
name=runitbox-$version-linux-$processor
mkdir -p "$out"
# wherever it is said from
case $NODE in */*) NODE=$(cd "$(dirname "$NODE")" && pwd)/${NODE##*/} ;; esac
export NODE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

PREFIX=/ DESTDIR=$work/$name "$top/build/install.sh" install "$executable"

# The order of names, owners, modes and times are those of nobody's machine. GNU tar and gzip.
tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" --format=ustar \
  -C "$work" -cf - "$name" | gzip -9n > "$out/$name.tar.gz.new"
mv "$out/$name.tar.gz.new" "$out/$name.tar.gz"

# The linker names the C library's archive, which has its version in an object of its own.
echo 'int main(void) { return 0; }' > "$work/probe.c"
# shellcheck disable=SC2086
libc=$($MUSL -static -Wl,-t -o "$work/probe" "$work/probe.c" | sed -n 's/^(*\(.*libc\.a\).*/\1/p' | head -n 1)
musl_version=$(ar p "$libc" version.lo 2>/dev/null | tr -cs '0-9.' '\n' | grep -m 1 -E '^[0-9]+\.[0-9]+\.[0-9]+$' || :)
[ "$musl_version" ] || { echo "make.sh: $libc: expected the version of musl in version.lo" >&2; exit 1; }
# shellcheck disable=SC2086
gcc_version=$($MUSL -dumpfullversion)
"$NODE" "$top/build/release/sbom.ts" "$executable" "$processor" "$musl_version" "$gcc_version" > "$out/$name.spdx.json.new"
mv "$out/$name.spdx.json.new" "$out/$name.spdx.json"

packages() { # TOOL SCRIPT
  if command -v "$1" > /dev/null; then "$top/build/release/$2" "$work/$name" "$processor" "$version" "$out"
  else echo "make.sh: no $1 here, so no packages by $2" >&2
  fi
}
packages dpkg-deb debian.sh
packages rpmbuild rpm.sh
packages "$NODE" apk.sh
