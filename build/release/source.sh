#!/bin/sh
# Packs the sources with all that a build needs of npm's packages and of the engine: source.sh VERSION OUT
#   OUT/runitbox-VERSION-source.tar.gz     vendor/ besides what git has: builds without a network, and without npm
#   OUT/APKBUILD                           Alpine's recipe for it
#
# Promises: the same commit, package-lock.json and $SOURCE_DATE_EPOCH give the same bytes. What npm gives is held to package-lock.json.
# Wants the engine's sources, which a build has fetched. Read next: ../modules.sh, ../engine/fetch.sh, debian/source.sh.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
version=$1 out=$2
: "${SOURCE_DATE_EPOCH:?expected the time of the release in seconds, got nothing}" "${NODE:?}"
export LC_ALL=C TZ=UTC
umask 022
name=runitbox-$version
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$top"
# made under another directory in a Makefile, so as the build says it
case $NODE in */*) NODE=$(cd "$(dirname "$NODE")" && pwd)/${NODE##*/} ;; esac

mkdir -p "$work/$name/vendor/node_modules/.bin" "$work/$name/vendor/engine"
git ls-files -z | tar --null --no-recursion -T - -cf - | tar -C "$work/$name" -xf -

# Of the processors that distributions build on, the two that most have.
lock() { # PACKAGE FIELD
  "$NODE" -p 'require("./package-lock.json").packages[`node_modules/${process.argv[1]}`][process.argv[2]]' "$1" "$2"
}
for package in esbuild minimist @esbuild/linux-x64 @esbuild/linux-arm64; do
  (cd "$work" && npm pack --silent --prefer-offline --ignore-scripts "$package@$(cd "$top" && lock $package version)" > packed)
  file=$work/$(tail -n 1 "$work/packed")
  expected=$(lock $package integrity)
  got=sha512-$("$NODE" -p 'const { createHash } = require("crypto");
    createHash("sha512").update(require("fs").readFileSync(process.argv[1])).digest("base64")' "$file")
  [ "$got" = "$expected" ] || { echo "source.sh: $package: expected $expected, got $got" >&2; exit 1; }
  mkdir -p "$work/$name/vendor/node_modules/$package"
  tar -C "$work/$name/vendor/node_modules/$package" --strip-components=1 -xzf "$file"
done
ln -s ../esbuild/bin/esbuild "$work/$name/vendor/node_modules/.bin/esbuild"

engine=$(NODE=$NODE build/engine/fetch.sh quickjs)
mkdir "$work/$name/vendor/engine/quickjs"
cp "$engine"/*.[ch] "$engine/LICENSE" "$work/$name/vendor/engine/quickjs/"

tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" --format=gnu \
  -C "$work" -cf - "$name" | gzip -9n > "$out/$name-source.tar.gz.new"
mv "$out/$name-source.tar.gz.new" "$out/$name-source.tar.gz"

sum=$(sha512sum "$out/$name-source.tar.gz" | cut -d ' ' -f 1)
sed "s/@VERSION@/$version/; s/@SHA512@/$sum/" build/release/APKBUILD.in > "$out/APKBUILD.new"
mv "$out/APKBUILD.new" "$out/APKBUILD"
