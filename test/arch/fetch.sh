#!/bin/sh
# Gets what a machine of another processor is booted from: a kernel and BusyBox: fetch.sh DIRECTORY PROCESSOR...
#   DIRECTORY/PROCESSOR/vmlinuz, DIRECTORY/PROCESSOR/busybox
#
# Both are Debian's, unpacked and not installed. Debian 13 is the first to have an arm64 kernel with pages of 16 KiB, and riscv64;
# Debian 12 is the last to have an i386 kernel. That of ppc64le has pages of 64 KiB.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
into=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
debian() { (cd "$work" && ARCHITECTURE=$debian "$here/build/apt-private.sh" "$here/.cache/cross" "$@"); }
unpack() { # PATTERN FILE
  dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO --wildcards "$1" > "$2.new"
  [ -s "$2.new" ] || { echo "fetch.sh: no $1 in $(ls "$work")" >&2; exit 1; }
  mv "$2.new" "$2"
  rm "$work"/*.deb
}
for processor; do
  suite=bookworm
  case $processor in
  arm64) debian=arm64 suite=trixie meta=linux-image-arm64-16k ;;
  armv7) debian=armhf meta=linux-image-armmp ;;
  i386) debian=i386 meta=linux-image-686 ;;
  riscv64) debian=riscv64 suite=trixie meta=linux-image-riscv64 ;;
  ppc64le) debian=ppc64el meta=linux-image-powerpc64le ;;
  s390x) debian=s390x meta=linux-image-s390x ;;
  *) echo "fetch.sh: expected arm64, armv7, i386, riscv64, ppc64le or s390x, got $processor" >&2; exit 2 ;;
  esac
  dir=$into/$processor
  mkdir -p "$dir"
  if [ ! -e "$dir/vmlinuz" ]; then
    package=$(debian $suite apt-cache depends $meta | awk '/Depends:/ { print $2; exit }')
    [ "$package" ] || { echo "fetch.sh: no $meta among the packages of $suite" >&2; exit 1; }
    debian $suite apt-get download "$package" >&2
    unpack './boot/vmlinu[xz]-*' "$dir/vmlinuz"
  fi
  if [ ! -e "$dir/busybox" ]; then
    debian $suite apt-get download busybox-static >&2
    unpack '*/bin/busybox' "$dir/busybox"
    chmod 755 "$dir/busybox"
  fi
done
