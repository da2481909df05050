#!/bin/sh
# Alpine's packages of what is installed below a directory: apk.sh TREE PROCESSOR VERSION OUT
#
# The same three as Debian's: runitbox, runitbox-runit and runitbox-daemontools, which cannot be installed beside what has their names.
# Alpine's own tools are on Alpine alone, so apk.ts writes the format; on Alpine, APKBUILD.in is the recipe. Promises: the same tree and
# $SOURCE_DATE_EPOCH give the same bytes. Read next: parts.sh, apk.ts, make.sh.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
tree=$1 processor=$2 version=$3-r0 out=$4
: "${NODE:?}"
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH
umask 022
case $processor in
arm64) architecture=aarch64 ;;
i386) architecture=x86 ;;
*) architecture=$processor ;;
esac
. "$top/build/release/parts.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # PACKAGE ARCHITECTURE DESCRIPTION DEPENDENCY...
  package=$1 for=$2 description=$3
  shift 3
  find "$work/$package" -type d -exec chmod 755 {} +
  "$NODE" "$top/build/release/apk.ts" "$work/$package" "pkgname=$package" "pkgver=$version" "pkgdesc=$description" "arch=$for" \
    origin=runitbox license=MIT url=https://example.org/runitbox "packager=$MAINTAINER" "$@" > "$work/$package.apk"
  mv "$work/$package.apk" "$out/$package-$version.$for.apk"
}

main_package "$work/runitbox/usr/share/zsh/site-functions"
mkdir -p "$work/runitbox/usr/share/licenses/runitbox"
cp "$tree/share/doc/runitbox/LICENSE" "$tree/share/doc/runitbox/LICENSES"/* "$work/runitbox/usr/share/licenses/runitbox/"
# shellcheck disable=SC2086
links runitbox-runit $RUNIT
# shellcheck disable=SC2086
links runitbox-daemontools $DAEMONTOOLS
build runitbox "$architecture" 'runit supervision suite as one static executable'
build runitbox-runit noarch 'runit by its usual names, as links to runitbox' "depend=runitbox>=$version" 'depend=!runit'
build runitbox-daemontools noarch 'daemontools by their usual names, as links to runitbox' "depend=runitbox>=$version" \
  'depend=!daemontools' 'depend=!daemontools-encore'
