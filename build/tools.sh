#!/bin/sh
# Makes sure of what a build, or a comparison with C runit, needs from the system: tools.sh npm|cc|compat|qemu|docker|docs|init|peers
# On Debian and its relatives it installs what is missing (as root, or through sudo); elsewhere it says what to install.
set -eu
have() { command -v "$1" >/dev/null 2>&1; }
node_ok() { have node && have npm && node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)'; }

missing=
case ${1:-} in
npm) node_ok || missing='nodejs npm' ;;
cc)
  have gcc || missing='gcc libc6-dev'
  have xz || missing="$missing xz-utils"
  have musl-gcc || case $(gcc -dumpmachine 2>/dev/null) in *musl*) ;; *) missing="$missing musl-tools" ;; esac
  ;;
compat)
  have /usr/bin/runsv || missing='runit'
  have svstat || missing="$missing daemontools"
  have strace || missing="$missing strace"
  have ps || missing="$missing procps"
  have perl || missing="$missing perl-base"
  have setpriv || missing="$missing util-linux"
  ;;
qemu)
  have qemu-system-x86_64 || missing='qemu-system-x86'
  have busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1 || missing="$missing busybox-static"
  ;;
docker)
  # docker-compose and podman run what is under docker/ for real; the engine is Debian's own, whatever else is in PATH
  [ -x /usr/sbin/dockerd ] || missing='docker.io'
  have docker-compose || missing="$missing docker-compose"
  have podman || missing="$missing podman"
  have runc || missing="$missing runc"
  have catatonit || missing="$missing catatonit"
  have mmdebstrap || missing="$missing mmdebstrap"
  have busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1 || missing="$missing busybox-static"
  ;;
init)
  have lxc-create || missing='lxc'
  have systemd-nspawn || missing="$missing systemd-container"
  have mmdebstrap || missing="$missing mmdebstrap"
  have newuidmap || missing="$missing uidmap"
  have shellcheck || missing="$missing shellcheck"
  have ps || missing="$missing procps"
  have busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1 || missing="$missing busybox-static"
  ;;
docs)
  have mmdebstrap || missing='mmdebstrap'
  have useradd || missing="$missing passwd"
  have npm || missing="$missing npm"
  ;;
peers)
  have s6-log || missing='s6'
  have multilog || missing="$missing daemontools"
  [ -x .cache/busybox/svlogd ] || for tool in bzip2 make gcc; do have $tool || missing="$missing $tool"; done
  ;;
*) echo 'usage: tools.sh npm|cc|compat|qemu|docker|docs|init|peers' >&2; exit 2 ;;
esac
[ "$missing" ] || exit 0

if have apt-get && { [ "$(id -u)" = 0 ] || have sudo; }; then
  sudo=; [ "$(id -u)" = 0 ] || sudo=sudo
  echo "installing$sudo: $missing" >&2
  $sudo apt-get -qq update
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive $sudo apt-get -qq -y install --no-install-recommends $missing
  if [ "$1" != npm ] || node_ok; then exit 0; fi
  echo 'the distribution has no Node.js 18 or newer: install one from nodejs.org and try again' >&2
  exit 1
fi
case $1 in
npm) echo 'needed: Node.js 18 or newer with npm (Alpine: apk add nodejs npm; Fedora: dnf install nodejs npm)' >&2 ;;
compat) echo 'needed: C runit (runsv, svlogd, ...) to compare with' >&2 ;;
cc) echo 'needed: gcc and musl-gcc (Alpine: apk add gcc musl-dev; Fedora: dnf install gcc musl-gcc; Arch: gcc musl)' >&2 ;;
qemu) echo "needed for booting: $missing" >&2 ;;
docker) echo "needed to build and run images: $missing" >&2 ;;
init) echo "needed to start systems under other inits: $missing (Debian's names)" >&2 ;;
docs) echo "needed to execute the pages' commands: $missing" >&2 ;;
peers) echo "needed to compare with other loggers: $missing" >&2 ;;
compat) echo "needed for comparing: $missing (C runit's runsv, runsvdir and sv in /usr/bin)" >&2 ;;
esac
exit 1
