#!/bin/sh
# Packs a script and Node.js into one executable: pkg.sh SCRIPT OUT
# pkg's cache is filled beforehand with the Node.js that npm installed, so that nothing is downloaded: neither here nor,
# as everything is in the one file, at run time. docs/node.md tells what comes out.
set -eu
script=$1 out=$2 home=$PWD/out/pkg
case $(uname -m) in
x86_64) arch=x64 ;;
aarch64) arch=arm64 ;;
*) echo "make pkg: no Node.js for $(uname -m) comes from npm" >&2; exit 1 ;;
esac
package=node_modules/node-linux-$arch
node=$package/bin/node
if ! version=$($node -p process.versions.node 2>&1); then
  echo "make pkg: $node does not run here (it wants glibc): $version" >&2
  exit 1
fi
name=node-v$version-linux-$arch
cache=$home/.pkg-cache/sea
mkdir -p "$cache/$name/bin" "$(dirname "$out")"
[ "$cache/$name/bin/node" -nt $node ] || { cp $node "$cache/$name/bin/node.new"; strip "$cache/$name/bin/node.new"
  mv "$cache/$name/bin/node.new" "$cache/$name/bin/node"; }
# the empty archive and these marks say: downloaded, checked and unpacked
: > "$cache/$name.tar.gz"; : > "$cache/$name.tar.gz.ok"; : > "$cache/$name/bin/node.ok"
# a target without all three numbers would be looked up on the network
HOME=$home NODE_OPTIONS= $node node_modules/@yao-pkg/pkg/lib-es5/bin.js "$script" --sea -t "node$version-linux-$arch" \
  -o "$out.new" > "$home/log" 2>&1 || { cat "$home/log" >&2; exit 1; }
mv "$out.new" "$out"
ls -l "$out"
