#!/bin/sh
# Makes Debian's source package of a release: debian-source.sh VERSION OUT
#   OUT/runitbox_VERSION-0upstream1.dsc, its .debian.tar.xz, and its .orig.tar.gz, which is the source archive by another name
#
# dpkg-buildpackage makes of it, without a network, the packages that debian.sh makes: it runs the same script. Promises: the same
# archive and packages in OUT, and $SOURCE_DATE_EPOCH, give the same bytes. Read next: source.sh, debian.sh.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
version=$1 out=$(cd "$2" && pwd)
revision=$version-0upstream1
: "${SOURCE_DATE_EPOCH:?expected the time of the release in seconds, got nothing}"
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH
umask 022
. "$top/build/release/parts.sh"
archive=$out/runitbox-$version-source.tar.gz
[ -e "$archive" ] || { echo "$archive: not there: source.sh makes it" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$archive" "$work/runitbox_$version.orig.tar.gz"
tar -C "$work" -xzf "$archive"
debian=$work/runitbox-$version/debian
mkdir -p "$debian/source"
echo '3.0 (quilt)' > "$debian/source/format"
printf '%s\n' '# the programs of npm are executables of Go: their sources are upstream' \
  'runitbox source: source-is-missing [vendor/node_modules/*]' > "$debian/source/lintian-overrides"
copyright > "$debian/copyright"
cat >> "$debian/copyright" <<'END'

Files: vendor/node_modules/esbuild/* vendor/node_modules/@esbuild/*
Copyright: 2020-2026 Evan Wallace
License: Expat
END
printf 'runitbox (%s) unstable; urgency=medium\n\n  * Release of upstream; CHANGELOG.md tells of it.\n\n -- %s  %s\n' \
  "$revision" "$MAINTAINER" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" > "$debian/changelog"
{
  printf 'Source: runitbox\nSection: admin\nPriority: optional\nMaintainer: %s\nStandards-Version: 4.6.2\n' "$MAINTAINER"
  printf 'Build-Depends: gcc, libc6-dev, musl-tools [amd64 arm64], nodejs (>= 18)\nRules-Requires-Root: no\n'
  for package in runitbox runitbox-runit runitbox-daemontools; do
    printf '\nPackage: %s\n' $package
    deb=$(find "$out" -name "${package}_${revision}_a[lm]*.deb" | head -n 1)
    [ "$deb" ] || { echo "$out: expected the package $package, which debian.sh makes" >&2; exit 1; }
    # vendor/ has what compiles on these two
    [ $package != runitbox ] && echo 'Architecture: all' || echo 'Architecture: amd64 arm64'
    dpkg-deb -f "$deb" Depends Conflicts Replaces Description
  done
} > "$debian/control"
cat > "$debian/rules" <<'END'
#!/usr/bin/make -f
# The packages are those of upstream's releases, made by the same script.
VERSION := $(shell dpkg-parsechangelog -S Version | sed 's/-[^-]*$$//')
PROCESSOR := $(shell uname -m | sed 's/aarch64/arm64/')
export SOURCE_DATE_EPOCH := $(shell dpkg-parsechangelog -S Timestamp)

build build-arch build-indep:
	$(MAKE)
binary binary-arch binary-indep: build
	$(MAKE) install PREFIX=/ DESTDIR=$(CURDIR)/debian/tree
	build/release/debian.sh debian/tree $(PROCESSOR) $(VERSION) debian
	for deb in debian/*.deb; do dpkg-distaddfile "$${deb##*/}" admin optional && mv "$$deb" ..; done
clean:
	rm -rf debian/tree debian/files dist out node_modules
.PHONY: build build-arch build-indep binary binary-arch binary-indep clean
END
chmod 755 "$debian/rules"
(cd "$work" && dpkg-source --build "runitbox-$version" > /dev/null)
cp "$work/runitbox_$version.orig.tar.gz" "$work/runitbox_$revision.dsc" "$work/runitbox_$revision.debian.tar.xz" "$out/"
