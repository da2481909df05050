#!/bin/sh
# Debian's packages of what is installed below a directory: debian.sh TREE PROCESSOR VERSION OUT
#
#   runitbox              the executable, and the names that no other package has: installs beside Debian's runit and daemontools
#   runitbox-runit        links by runit's names: in the place of runit
#   runitbox-daemontools  links by daemontools' names: in the place of daemontools
#
# The last two conflict with what has the same files, and replace it. They do not provide it: Debian's runit also has invoke-run,
# update-service and /etc/runit, which packages that depend on runit use.
# The revision, 0upstream1, is below that of a package that Debian itself would make of the same version.
# Promises: the same tree and $SOURCE_DATE_EPOCH give the same bytes. Read next: parts.sh, make.sh.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
tree=$1 processor=$2 version=$3-0upstream1 out=$4
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH DPKG_DEB_THREADS_MAX=1
umask 022
case $processor in
x86_64) architecture=amd64 ;;
armv7) architecture=armhf ;;
ppc64le) architecture=ppc64el ;;
*) architecture=$processor ;;
esac
. "$top/build/release/parts.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

documentation() { # PACKAGE
  doc=$work/$1/usr/share/doc/$1
  mkdir -p "$doc"
  copyright > "$doc/copyright"
  printf '%s (%s) unstable; urgency=medium\n\n  * Release of upstream; /usr/share/doc/runitbox/changelog.gz tells of it.\n\n -- %s  %s\n' \
    "$1" "$version" "$MAINTAINER" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n > "$doc/changelog.Debian.gz"
}

build() { # PACKAGE ARCHITECTURE; what else belongs into control comes from standard input
  root=$work/$1
  documentation "$1"
  find "$root" -type d -exec chmod 755 {} +
  size=$(find "$root/usr" -type f -exec stat -c %s {} + | awk '{ kib += int(($1 + 1023) / 1024) } END { print kib + 1 }')
  mkdir -p "$root/DEBIAN"
  {
    printf 'Package: %s\nSource: runitbox\nVersion: %s\nArchitecture: %s\nMaintainer: %s\nInstalled-Size: %s\n' \
      "$1" "$version" "$2" "$MAINTAINER" "$size"
    printf 'Section: admin\nPriority: optional\n'
    cat
  } > "$root/DEBIAN/control"
  (cd "$root" && find usr -type f | sort | tr '\n' '\0' | xargs -0 md5sum > DEBIAN/md5sums)
  dpkg-deb -Zxz --root-owner-group --build "$root" "$work/$1.deb" > /dev/null
  mv "$work/$1.deb" "$out/$1_${version}_$2.deb"
}

main_package "$work/runitbox/usr/share/zsh/vendor-completions"
mkdir -p "$work/runitbox/usr/share/lintian/overrides" "$work/runitbox/usr/share/doc/runitbox"
gzip -9n < "$tree/share/doc/runitbox/CHANGELOG.md" > "$work/runitbox/usr/share/doc/runitbox/changelog.gz"
echo 'runitbox: statically-linked-binary [usr/bin/runitbox]' > "$work/runitbox/usr/share/lintian/overrides/runitbox"
build runitbox "$architecture" <<'END'
Description: runit supervision suite as one static executable
 Service supervision after runit: runsvdir, runsv, sv, svlogd, chpst and the
 utilities of daemontools, in one executable that needs no library. It runs
 as the program whose name it is called by, or whose name it is given first.
 .
 This package installs beside runit and daemontools. The names of their
 programs are in runitbox-runit and runitbox-daemontools.
END

# shellcheck disable=SC2086
links runitbox-runit $RUNIT
build runitbox-runit all <<END
Depends: runitbox (>= $version)
Conflicts: runit, runit-init
Replaces: runit, runit-init
Description: runit by its usual names, as links to runitbox
 The programs runsvdir, runsv, sv, svlogd, chpst and their kin as links to
 the executable of runitbox, in the place of the package runit. Nothing is
 started or configured: there are no stages, and no invoke-run.
END

# shellcheck disable=SC2086
links runitbox-daemontools $DAEMONTOOLS
build runitbox-daemontools all <<END
Depends: runitbox (>= $version)
Conflicts: daemontools
Replaces: daemontools
Description: utilities of daemontools by their usual names, as links to runitbox
 The programs envdir, setuidgid, setlock, softlimit, svc, svok and their kin
 as links to the executable of runitbox, in the place of the package
 daemontools. It has no svscan, supervise and multilog.
END
