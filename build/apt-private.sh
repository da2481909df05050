#!/bin/sh
# Runs apt-get or apt-cache on one release of Debian, whichever the machine has: its own lists below DIRECTORY, from the
# archive that the machine already uses; the system's lists and settings stay as they are, and no root is needed.
#   [ARCHITECTURE=arm64] apt-private.sh DIRECTORY CODENAME apt-get|apt-cache ARGUMENT...
# DIRECTORY is absolute. ARCHITECTURE is another than the machine's, in Debian's words.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$1/apt-$2${ARCHITECTURE:+-$ARCHITECTURE} codename=$2 program=$3
shift 3
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
command -v apt-get >/dev/null && [ -e $keyring ] || exit 1
run() {
  command=$1
  shift
  "$command" -qq -oDir::Etc::SourceList=/dev/null -oDir::Etc::SourceParts="$dir/parts" -oDir::State::Lists="$dir/lists" -oDir::State::status=/dev/null \
    -oDir::Cache="$dir/cache" -oAPT::Sandbox::User=root -oAcquire::Languages=none \
    ${ARCHITECTURE:+"-oAPT::Architecture=$ARCHITECTURE" "-oAPT::Architectures::=$ARCHITECTURE"} "$@"
}
if [ ! -e "$dir/ready" ]; then
  uris=$("$here/apt-sources.sh" "$codename" | sed 's/\[[^]]*\] //' | awk -v suite="$codename" '$3 == suite { print $2 }')
  [ "$uris" ] || exit 1
  mkdir -p "$dir/parts" "$dir/lists/partial" "$dir/cache/archives/partial"
  printf 'Types: deb deb-src\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$(echo "$uris" | head -n 1)" \
    "$codename" $keyring > "$dir/parts/debian.sources"
  run apt-get update >&2
  : > "$dir/ready"
fi
run "$program" "$@"
