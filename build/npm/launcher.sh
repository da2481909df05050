#!/bin/sh
# Becomes the static executable in this platform's package, or, where that is not installed, its like on Node.js.
# RUNITBOX_FLAVOUR=node: always the latter, for its debugger. No shell and no Node.js stays behind.
self=$(readlink -f "$0")
package=${self%/bin/*}
# a 64-bit kernel may have a 32-bit system above it
case $(uname -m) in
x86_64) names='x64 ia32' ;;
i?86) names=ia32 ;;
aarch64) names='arm64 arm' ;;
armv[78]*) names=arm ;;
ppc64le) names=ppc64 ;;
*) names=$(uname -m) ;;
esac
if [ "${RUNITBOX_FLAVOUR-}" != node ]; then
  for name in $names; do
    for near in "$package/node_modules" "${package%/*}"; do
      [ ! -x "$near/runitbox-linux-$name/runitbox" ] || exec "$near/runitbox-linux-$name/runitbox" PROGRAM "$@"
    done
  done
fi
command -v node > /dev/null || {
  echo "${0##*/}: fatal: neither runitbox-linux-${names%% *} nor Node.js is installed" >&2
  exit 111
}
# without -- Node takes some of the program's options for its own
exec node -- "$package/lib/runitbox.cjs" PROGRAM "$@"
