#!/bin/sh
# The other supervisors that `make bench` measures beside ours, none of them installed: BusyBox 1.37 with its runit applets alone,
# built from Debian's source package; supervisord out of its package, which would start one. Both below .cache/peers. s6 has its
# programs' paths compiled in: build/tools.sh peers installs it.
# Promises: the system's apt configuration and lists stay as they are; made once. What cannot be fetched or built is told on
# standard error, and the status is 1: the benchmark leaves that one out. Read next: figures/others.ts.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
dest=$top/.cache/peers
APPLETS='CHPST SETUIDGID ENVUIDGID ENVDIR SOFTLIMIT RUNSV RUNSVDIR FEATURE_RUNSVDIR_LOG SV SVC SVOK SVLOGD LONG_OPTS BUSYBOX STATIC'

say() { echo "peers: $*" >&2; }
mkdir -p "$dest"
tmp=$(mktemp -d "$dest/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
fetch() { (cd "$tmp" && "$top/build/apt-private.sh" "$tmp" "$@" >&2); }

# Debian 13 has BusyBox 1.37. Its own default flags; static, with musl where that is: as Alpine has it, and the smallest.
busybox() {
  cc=gcc
  if command -v musl-gcc >/dev/null; then cc="musl-gcc -idirafter /usr/include -idirafter /usr/include/$(gcc -print-multiarch)"; fi
  fetch trixie apt-get source --download-only busybox && (cd "$tmp" && tar -xjf busybox_*.orig.tar.bz2) || return 1
  (
    cd "$tmp"/busybox-*/ && make allnoconfig &&
      for name in $APPLETS; do sed -i "s/^# CONFIG_$name is not set/CONFIG_$name=y/" .config; done &&
      { yes '' | make oldconfig; } && make CC="$cc" busybox
  ) > "$tmp/build.txt" 2>&1 || { tail -n 20 "$tmp/build.txt" >&2; return 1; }
  cp "$tmp"/busybox-*/busybox "$dest/busybox.new" && mv "$dest/busybox.new" "$dest/busybox"
}

# unpacked NAME PACKAGE...
unpacked() {
  to=$1; shift
  mkdir -p "$tmp/$to"
  fetch bookworm apt-get download "$@" || return 1
  for deb in "$tmp"/*.deb; do dpkg-deb -x "$deb" "$tmp/$to" || return 1; done
  rm -f "$tmp"/*.deb
  mv "$tmp/$to" "$dest/$to"
}

status=0
if ! [ -x "$dest/busybox" ]; then busybox || { say 'BusyBox cannot be built from its source'; status=1; }; fi
if ! [ -d "$dest/supervisord" ]; then
  unpacked supervisord supervisor python3-pkg-resources || { say 'supervisord cannot be fetched'; status=1; }
fi
exit $status
