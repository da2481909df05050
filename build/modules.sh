#!/bin/sh
# Fills node_modules as package-lock.json says.
#
# npm leaves out what the Node.js that runs it is too old for, without a word: vitest's native part, with Debian 12's. So
# npm runs a second time with the Node.js that the first has brought.
# What an interruption left half done is made anew: npm takes a package of which half is there for a whole one.
set -eu
cd "$(dirname "$0")/.."
WAIT_S=900

# A source archive has all that a build needs of them: no network, no npm.
if [ -d vendor/node_modules ]; then
  rm -rf node_modules
  exec cp -R vendor/node_modules node_modules
fi

exec 9<build
# BusyBox's flock waits for no time that is told
! command -v flock >/dev/null || flock -n 9 || flock -w $WAIT_S 9 ||
  { echo "modules.sh: another one has been installing for $WAIT_S s" >&2; exit 1; }

unfinished=.cache/modules-unfinished
mkdir -p .cache
[ ! -e $unfinished ] || rm -rf node_modules
: > $unfinished

# not npm ci: it refuses a lock file in which a platform's optional package that no registry has is missing
install() { "$@" install --no-save --no-audit --no-fund --loglevel=error >/dev/null 9>&-; }
npm=$(readlink -f "$(command -v npm)")
echo "installing what package-lock.json names" >&2
install npm
for brought in "$PWD"/node_modules/node-linux-*/bin/node; do
  version=$("$brought" --version 2>/dev/null) || continue
  [ "$version" != "$(node --version)" ] || continue
  # its first line may name the system's node by its path
  if head -n 1 "$npm" | grep -q node; then PATH=${brought%/*}:$PATH install "$brought" --no-deprecation "$npm"
  else PATH=${brought%/*}:$PATH install npm; fi
done
# older releases of npm leave out this link, which the pages name
for brought in node_modules/node-linux-*/bin/node; do
  [ ! -x "$brought" ] || ln -sf "../${brought#node_modules/}" node_modules/.bin/node
done
rm $unfinished
