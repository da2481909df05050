#!/bin/sh
# Gets a kernel to boot: kernel.sh FILE. Debian's, unpacked and not installed; $KERNEL names another one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ ! -s "$1" ] || exit 0
mkdir -p "$(dirname "$1")"
if [ "${KERNEL-}" ]; then exec cp "$KERNEL" "$1"; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
debian() { (cd "$work" && "$here/../../build/apt-private.sh" "$work" "$suite" "$@"); }
package=$(debian apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ { print $2; exit }')
[ "$package" ] || { echo "kernel.sh: no kernel among the packages of $suite: set KERNEL" >&2; exit 1; }
debian apt-get download "$package" >&2
dpkg-deb --fsys-tarfile "$work"/*.deb | tar -xO --wildcards './boot/vmlinuz-*' > "$1.new"
mv "$1.new" "$1"
