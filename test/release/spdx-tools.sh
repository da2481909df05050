#!/bin/sh
# Holds lists of parts to the SPDX specification with spdx-tools, as Debian's next release has it: spdx-tools.sh DIRECTORY FILE...
#
# Unpacked in DIRECTORY, which is kept, and not installed; all of it is Python without compiled parts.
set -eu
dir=$1
shift
top=$(cd "$(dirname "$0")/../.." && pwd)
if [ ! -e "$dir/ready" ]; then
  rm -rf "$dir" && mkdir -p "$dir"
  dir=$(cd "$dir" && pwd)
  # shellcheck disable=SC2046
  (cd "$dir" && "$top/build/apt-private.sh" "$top/.cache/cross" sid apt-get download $(printf 'python3-%s\n' spdx-tools beartype boolean \
    click isodate license-expression ply pyparsing rdflib semantic-version uritools xmltodict yaml))
  for deb in "$dir"/*.deb; do dpkg-deb -x "$deb" "$dir/root" && rm "$deb"; done
  : > "$dir/ready"
fi
for file; do PYTHONPATH=$dir/root/usr/lib/python3/dist-packages /usr/bin/python3 "$dir/root/usr/bin/pyspdxtools" -i "$file"; done
