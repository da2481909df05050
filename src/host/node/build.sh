#!/bin/sh
# Compiles the Node-API addon into out/node/sys.node. No node-gyp: headers come from npm, the symbols from Node itself.
# -z now: the child between clone and execve must not enter the dynamic linker, which wants much stack.
set -eu
cd "$(dirname "$0")/../../.."
mkdir -p out/node
new=out/node/sys.node.$$
trap 'rm -f "$new"' EXIT
# shellcheck disable=SC2086
${CC:-cc} ${CFLAGS:--std=gnu11 -Os -s -Wall -Wextra -Werror} -DSYS_GUEST -shared -fPIC -Wl,-z,now -Isrc/host/c \
  -I"${NODE_INCLUDE:-node_modules/node-api-headers/include}" -o "$new" src/host/c/sys.c src/host/c/lines.c src/host/node/bind.c
# By rename, so that a test which is just loading the old one is not disturbed.
mv "$new" out/node/sys.node
