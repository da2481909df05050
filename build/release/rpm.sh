#!/bin/sh
# RPM packages of what is installed below a directory, by rpmbuild: rpm.sh TREE PROCESSOR VERSION OUT
#
# The same three as Debian's: runitbox, runitbox-runit and runitbox-daemontools, which conflict with what has their names.
# Promises: the same tree, rpmbuild and $SOURCE_DATE_EPOCH give the same bytes. Read next: parts.sh, runitbox.spec, make.sh.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(cd "$1" && pwd) processor=$2 version=$3 out=$4
export LC_ALL=C TZ=UTC SOURCE_DATE_EPOCH
umask 022
case $processor in
arm64) architecture=aarch64 ;;
armv7) architecture=armv7hl ;;
i386) architecture=i686 ;;
*) architecture=$processor ;;
esac
. "$top/build/release/parts.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

main_package "$work/runitbox/usr/share/zsh/site-functions"
mkdir -p "$work/runitbox/usr/share/doc/runitbox" "$work/runitbox/usr/share/licenses/runitbox"
cp "$tree/share/doc/runitbox/CHANGELOG.md" "$work/runitbox/usr/share/doc/runitbox/"
cp "$tree/share/doc/runitbox/LICENSE" "$work/runitbox/usr/share/licenses/runitbox/"
cp "$tree/share/doc/runitbox/LICENSES"/* "$work/runitbox/usr/share/licenses/runitbox/"
# shellcheck disable=SC2086
links runitbox-runit $RUNIT
# shellcheck disable=SC2086
links runitbox-daemontools $DAEMONTOOLS

# A list of files for each package; those that the system has anyway belong to none.
for package in runitbox runitbox-runit runitbox-daemontools; do
  (cd "$work/$package" && find . ! -type d) | LC_ALL=C sort | sed -e 's#^\.##' -e 's#^\(/usr/share/man/.*\)#%doc \1#' \
    -e 's#^\(/usr/share/doc/.*\)#%doc \1#' -e 's#^\(/usr/share/licenses/.*\)#%license \1#' > "$work/$package.files"
  mkdir -p "$work/all" && cp -RP "$work/$package/." "$work/all/"
done
printf '%%dir /usr/share/doc/runitbox\n%%dir /usr/share/licenses/runitbox\n' >> "$work/runitbox.files"
find "$work/all" -type d -exec chmod 755 {} +

# Neither the machine nor its clock gets in, and nothing is stripped: the heap image is part of the executable.
rpmbuild -bb --quiet --target "$architecture-linux" \
  --define "_topdir $work/rpm" --define "_rpmdir $work/made" --define "_rpmfilename %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm" \
  --define "upstream $version" --define "work $work" --define "_buildhost reproducible" --define 'use_source_date_epoch_as_buildtime 1' \
  --define 'clamp_mtime_to_source_date_epoch 1' --define "changelog_date $(date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')" \
  --define "packager $MAINTAINER" "$top/build/release/runitbox.spec" > "$work/said" 2>&1 || { cat "$work/said" >&2; exit 1; }
mv "$work/made"/*.rpm "$out/"
