#!/bin/sh
# Puts the engine's C sources into .cache/engine/NAME and prints that directory.
# Promises: what it delivers has the committed sha256 values, or it fails; nothing of the engine is committed.
# Order: $QUICKJS_DIR, vendor/ of a source archive, the cache, Debian's package through a private apt configuration, upstream's archive.
# usage: fetch.sh quickjs|quickjs-ng
set -eu
engine=${1:?usage: fetch.sh quickjs|quickjs-ng}
here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../.." && pwd)/.cache
sums=$here/$engine.sha256
dest=$cache/engine/$engine

say() { echo "fetch: $*" >&2; }
die() { say "$*"; exit 1; }
# The files that are compiled, against the committed list.
good() { (cd "$1" 2>/dev/null && sha256sum --status -c "$sums"); }
archive_is() { echo "$2  $1" | sha256sum --status -c - 2>/dev/null; }

if [ "${QUICKJS_DIR:-}" ]; then
  good "$QUICKJS_DIR" || say "warning: $QUICKJS_DIR is not the release that build/engine/$engine.sha256 names"
  echo "$QUICKJS_DIR"; exit 0
fi
vendored=$(cd "$here/../.." && pwd)/vendor/engine/$engine
if good "$vendored"; then echo "$vendored"; exit 0; fi
if good "$dest" || [ -e "$dest/.newer" ]; then echo "$dest"; exit 0; fi

mkdir -p "$cache/engine"
tmp=$(mktemp -d "$cache/fetch.XXXXXX"); trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM # not every shell takes the first one for these

download() { # URL FILE
  if command -v curl >/dev/null; then curl -fsSL --max-time 120 -o "$2" "$1"
  elif command -v wget >/dev/null; then wget -q -T 60 -O "$2" "$1"
  else "${NODE:-node}" -e 'const [u, f] = process.argv.slice(1); (async () => {
    const r = await fetch(u); if (!r.ok) throw new Error(r.status);
    require("fs").writeFileSync(f, Buffer.from(await r.arrayBuffer())); })().catch(() => process.exit(1))' "$1" "$2"
  fi
}

apt_private() { (cd "$tmp" && "$here/../apt-private.sh" "$tmp" "$@" >&2); } # CODENAME PROGRAM ARGUMENT...

deliver() { # DIRECTORY
  rm -rf "$dest" && mkdir -p "$dest" && (cd "$1" && cp -p ./*.[ch] "$dest/")
  for licence in "$1/LICENSE" "$tmp/deb/usr/share/doc/qjs-src/copyright"; do
    [ ! -e "$licence" ] || cp "$licence" "$dest/LICENSE"
  done
}

quickjs() {
  f=$tmp/quickjs_2025.04.26.orig.tar.xz
  say 'QuickJS 2025-04-26 from Debian trixie'
  if apt_private trixie apt-get source --download-only quickjs/trixie &&
    archive_is "$f" ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe; then :
  else
    say 'not there; from upstream'
    download https://bellard.org/quickjs/quickjs-2025-04-26.tar.xz "$f" &&
      archive_is "$f" 2f20074c25166ef6f781f381c50d57b502cb85d470d639abccebbef7954c83bf ||
      die 'no archive with the right sha256: unpack quickjs-2025-04-26 by hand and set QUICKJS_DIR'
  fi
  tar -xf "$f" -C "$tmp"
  deliver "$(echo "$tmp"/quickjs-2025*)"
}

quickjs_ng() {
  f=$tmp/ng.tar.gz
  say 'quickjs-ng 0.17.0 from upstream'
  if download https://github.com/quickjs-ng/quickjs/archive/refs/tags/v0.17.0.tar.gz "$f" &&
    archive_is "$f" 559bc4c420475e55c7ab4510adbc562f55d7524d75e8e89d79ce4bb02f5687d9; then
    tar -xf "$f" -C "$tmp" && deliver "$(echo "$tmp"/quickjs-0*)"
  else
    say 'not there; from Debian sid'
    apt_private sid apt-get download qjs-src || die 'no sources: unpack quickjs-ng by hand and set QUICKJS_DIR'
    dpkg-deb -x "$(echo "$tmp"/qjs-src_*.deb)" "$tmp/deb"
    deliver "$tmp/deb/usr/src/quickjs-ng"
  fi
  # Debian regenerates some tables and drops a version at the next upload: its signature stands in for our sums.
  good "$dest" || { say 'warning: not byte for byte the release that was tested; going on'; : > "$dest/.newer"; }
}

case $engine in quickjs) quickjs ;; quickjs-ng) quickjs_ng ;; *) die "unknown engine $engine" ;; esac
[ "$engine" = quickjs-ng ] || good "$dest" || die "the files do not match $sums"
echo "$dest"
