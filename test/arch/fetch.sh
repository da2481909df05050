#!/bin/sh
# Gets what an arm64 machine is booted from into DIRECTORY: a kernel with pages of 16 KiB, and BusyBox: fetch.sh DIRECTORY
#
# Both are Debian's, unpacked and not installed; the kernel is from Debian 13, the first to have it.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
debian() { (cd "$work" && ARCHITECTURE=arm64 "$here/build/apt-private.sh" "$here/.cache/cross" "$@"); }
unpack() { # PATTERN FILE
  dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO --wildcards "$1" > "$2.new"
  [ -s "$2.new" ] || { echo "fetch.sh: no $1 in $(ls "$work")" >&2; exit 1; }
  mv "$2.new" "$2"
  rm "$work"/*.deb
}
if [ ! -e "$1/vmlinuz" ]; then
  package=$(debian trixie apt-cache depends linux-image-arm64-16k | awk '/Depends:/ { print $2; exit }')
  [ "$package" ] || { echo 'fetch.sh: no linux-image-arm64-16k among the packages of trixie' >&2; exit 1; }
  debian trixie apt-get download "$package" >&2
  unpack './boot/vmlinuz-*' "$1/vmlinuz"
fi
if [ ! -e "$1/busybox" ]; then
  debian bookworm apt-get download busybox-static >&2
  unpack './bin/busybox' "$1/busybox"
  chmod 755 "$1/busybox"
fi
