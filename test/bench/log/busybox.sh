#!/bin/sh
# Builds BusyBox with nothing but svlogd from Debian's source package into .cache/busybox and prints the program's path.
# Promises: the system's apt configuration and lists stay as they are; nothing of BusyBox is committed; built once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../../.." && pwd)/.cache
dest=$cache/busybox
if [ -x "$dest/svlogd" ]; then echo "$dest/svlogd"; exit 0; fi

say() { echo "busybox: $*" >&2; }
command -v apt-get >/dev/null || { say 'no apt-get: put a BusyBox svlogd at .cache/busybox/svlogd by hand'; exit 1; }
mkdir -p "$cache"
tmp=$(mktemp -d "$cache/busybox.XXXXXX"); trap 'rm -rf "$tmp"' EXIT
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
say "the source package of $suite"
(cd "$tmp" && "$here/../../../build/apt-private.sh" "$tmp" "$suite" apt-get source --download-only busybox >&2 &&
  tar -xjf busybox_*.orig.tar.bz2)
cd "$tmp"/busybox-*/
# Its own default flags; musl or glibc makes no difference to a program that reads and writes.
{ make allnoconfig && sed -i 's/^# CONFIG_SVLOGD is not set/CONFIG_SVLOGD=y/; s/^# CONFIG_LONG_OPTS is not set/CONFIG_LONG_OPTS=y/' .config &&
  yes '' | make oldconfig && make busybox; } > "$tmp/build.txt" 2>&1 || { tail -20 "$tmp/build.txt" >&2; exit 1; }
mkdir -p "$dest"
cp busybox "$dest/svlogd.new" && mv "$dest/svlogd.new" "$dest/svlogd"
echo "$dest/svlogd"
