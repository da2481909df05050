#!/bin/sh
# Compiles the Node-API addon into out/node/sys.node. No node-gyp: headers come from npm, the symbols from Node itself.
# -z now, hidden symbols: the child between clone and execve must not enter the dynamic linker, which needs much stack.
set -eu
cd "$(dirname "$0")/../../.."
mkdir -p out/node
new=out/node/sys.node.$$
calls='sys files signals processes poll terminal self sockets log lines privileges checkpoint reexec'
trap 'rm -f "$new"' EXIT
# shellcheck disable=SC2046,SC2086
${CC:-cc} ${CFLAGS:--std=gnu11 -Os -s -Wall -Wextra -Werror} -DSYS_GUEST -shared -fPIC -fvisibility=hidden -Wl,-z,now \
  -Isrc/host/c -I"${NODE_INCLUDE:-node_modules/node-api-headers/include}" -o "$new" \
  $(printf 'src/host/c/%s.c ' $calls) src/host/node/bind.c
# By rename, so that a test which is just loading the old one is not disturbed.
mv "$new" out/node/sys.node
