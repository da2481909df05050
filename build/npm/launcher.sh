#!/bin/sh
# Becomes the static executable in this platform's package, or, where that is not installed, its like on Node.js.
# RUNITBOX_FLAVOUR=node: always the latter, for its debugger. No shell and no Node.js stays behind.
self=$(readlink -f "$0")
package=${self%/bin/*}
case $(uname -m) in
x86_64) name=runitbox-linux-x64 ;;
aarch64) name=runitbox-linux-arm64 ;;
*) name=runitbox-linux-$(uname -m) ;;
esac
if [ "${RUNITBOX_FLAVOUR-}" != node ]; then
  for near in "$package/node_modules" "${package%/*}"; do
    [ ! -x "$near/$name/runitbox" ] || exec "$near/$name/runitbox" PROGRAM "$@"
  done
fi
command -v node > /dev/null || {
  echo "${0##*/}: fatal: neither $name nor Node.js is installed" >&2
  exit 111
}
# without -- Node takes some of the program's options for its own
exec node -- "$package/lib/runitbox.cjs" PROGRAM "$@"
