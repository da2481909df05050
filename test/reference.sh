#!/bin/sh
# Prints below which directory Debian 12's C runit, 2.1.2, is found, as what is declared of it holds for that one:
#   reference.sh DIRECTORY
# Where the system has it, that is the system's root, printed as an empty line. Else its package is fetched once, and
# unpacked into DIRECTORY, where every user can run it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=$here/../.cache/runit
case $(dpkg-query -W -f '${Version}' runit 2>/dev/null || echo none) in 2.1.2-*) echo; exit 0 ;; esac
if ! [ -e "$cache/runit.deb" ]; then
  mkdir -p "$cache"
  tmp=$(mktemp -d "$cache/fetch.XXXXXX")
  trap 'rm -rf "$tmp"' EXIT
  (cd "$tmp" && "$here/../build/apt-private.sh" "$tmp" bookworm apt-get download runit >&2 && mv runit_*.deb "$cache/runit.deb")
fi
mkdir -p "$1"
dpkg-deb -x "$cache/runit.deb" "$1"
echo "$1"
