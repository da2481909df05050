#!/bin/sh
# Makes sure of what a build or a suite needs from the system: tools.sh GROUP...
# Groups: build, cross, arch, compat, operations, qemu, docker, docs, init, peers, hot, fresh, release, packages, lint.
#
# On Debian and its relatives it installs what is missing, as root or through sudo. Elsewhere one line says what to install.
# `build` also writes $COMPILER, if set: which compilers were found. It changes only when they do, so that what they made
# can depend on it. $CC and $MUSL choose others.
set -eu
cd "$(dirname "$0")/.."
LC_ALL=C
export LC_ALL
WAIT_S=600

have() { command -v "$1" >/dev/null 2>&1; }
need() { case " $missing " in *" $1 "*) ;; *) missing="${missing:+$missing }$1" ;; esac; }
wants() { have "$1" || need "$2"; } # PROGRAM PACKAGE

# --- compilers -------------------------------------------------------------------------------------------------------

CC=${CC:-cc}
musl_compiler() {
  if [ "${MUSL:-}" ]; then echo "$MUSL"
  elif have musl-gcc; then echo musl-gcc
  else case $($CC -dumpmachine 2>/dev/null) in *musl*) echo "$CC" ;; esac
  fi
}

# The path, size, time and version of each compiler and of its C library.
identity() {
  musl=$(musl_compiler)
  printf 'cc=%s\nmusl=%s\n' "$CC" "$musl"
  for compiler in "$CC" gcc "$musl"; do
    path=$(command -v "${compiler%% *}" 2>/dev/null) || continue
    echo "$path $(stat -Lc '%s %Y' "$path") $($compiler --version 2>/dev/null | head -n 1)"
    stat -Lc '%n %s %Y' "$($compiler -print-file-name=libc.a 2>/dev/null)" 2>/dev/null || true
  done
  stat -Lc '%n %s %Y' /usr/lib/*-linux-musl/libc.a 2>/dev/null || true
}

# Whether a compiler makes programs: one without the C library's headers does not.
compiles() {
  tmp=$(mktemp -d)
  printf '#include <stdio.h>\n#include <sys/wait.h>\nint main(void) { return puts("") < 0; }\n' > "$tmp/probe.c"
  status=0
  "$@" -o "$tmp/probe" "$tmp/probe.c" 2>/dev/null || status=1
  rm -rf "$tmp"
  return $status
}

# What has been probed before needs no other probe.
known_compilers() { [ "${COMPILER:-}" ] && identity | cmp -s - "$COMPILER"; }

check_compilers() {
  if known_compilers; then return; fi
  wants gcc gcc
  # shellcheck disable=SC2086
  if ! have gcc || ! compiles $CC; then need libc6-dev; fi
  musl=$(musl_compiler)
  # shellcheck disable=SC2086
  if [ -z "$musl" ] || { have gcc && ! compiles $musl -static; }; then need musl-tools; fi
}

record_compilers() {
  if [ -z "${COMPILER:-}" ] || known_compilers; then return; fi
  mkdir -p "$(dirname "$COMPILER")"
  identity > "$COMPILER.new" && mv "$COMPILER.new" "$COMPILER"
}

# --- what each group needs -------------------------------------------------------------------------------------------

# Programs out of packages that are not installed: these would start a server, now and at every boot.
FETCHED=.cache/operations

node_ok() { have node && node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)'; }
static_busybox() { have busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1 || need busybox-static; }

check() {
  case $1 in
  build)
    node_ok || need nodejs
    check_compilers
    # a source archive has what these would fetch
    [ -d vendor ] || { wants npm npm; wants xz xz-utils; }
    ;;
  cross) # build/cross.sh says for which processor
    wants "$CROSS_GCC" "$CROSS_PACKAGE"
    have "$CROSS_QEMU" || wants "$CROSS_QEMU-static" qemu-user-static
    wants dpkg-deb dpkg
    [ "$CROSS_GCC" != riscv64-linux-gnu-gcc ] || wants dpkg-source dpkg-dev
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || need debian-archive-keyring
    ;;
  arch)
    wants qemu-system-aarch64 qemu-system-arm
    wants qemu-system-i386 qemu-system-x86
    wants qemu-system-ppc64 qemu-system-ppc
    # riscv64 and s390x
    wants qemu-system-s390x qemu-system-misc
    # a package of its own, which qemu-system-misc only recommends
    [ -e /usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin ] || need opensbi
    wants dpkg-deb dpkg
    wants unshare util-linux
    static_busybox
    ;;
  compat)
    wants /usr/bin/runsv runit
    wants svstat daemontools
    wants strace strace
    wants ps procps
    wants perl perl-base
    wants setpriv util-linux
    static_busybox
    ;;
  operations)
    wants jq jq
    { have python3 && python3 -c 'import jsonschema' 2>/dev/null; } || need python3-jsonschema
    wants shellcheck shellcheck
    wants setpriv util-linux
    wants tmux tmux
    wants zsh zsh
    wants fish fish
    wants curl curl
    have prometheus || { [ -x $FETCHED/promtool ] && [ -x $FETCHED/prometheus ]; } || need prometheus
    have prometheus-node-exporter || [ -x $FETCHED/prometheus-node-exporter ] || need prometheus-node-exporter
    ;;
  qemu)
    wants qemu-system-x86_64 qemu-system-x86
    static_busybox
    ;;
  docker)
    # docker-compose and podman run what is under docker/ for real; the engine is Debian's own, whatever else is in PATH
    [ -x /usr/sbin/dockerd ] || need docker.io
    # packages of their own from Debian 13 on
    [ -x /usr/bin/docker ] || ! apt-cache show docker-cli >/dev/null 2>&1 || need docker-cli
    [ -x /usr/libexec/docker/cli-plugins/docker-buildx ] || ! apt-cache show docker-buildx >/dev/null 2>&1 || need docker-buildx
    wants docker-compose docker-compose
    wants podman podman
    wants runc runc
    wants catatonit catatonit
    wants mmdebstrap mmdebstrap
    static_busybox
    ;;
  init)
    wants lxc-create lxc
    wants systemd-nspawn systemd-container
    wants mmdebstrap mmdebstrap
    wants newuidmap uidmap
    wants shellcheck shellcheck
    wants ps procps
    static_busybox
    ;;
  peers)
    wants s6-log s6
    wants multilog daemontools
    [ -x .cache/busybox/svlogd ] || { wants bzip2 bzip2; wants gcc gcc; wants make make; }
    ;;
  docs)
    wants mmdebstrap mmdebstrap
    wants useradd passwd
    wants tmux tmux
    wants jq jq
    wants mandoc mandoc
    ;;
  hot) wants valgrind valgrind ;;
  release)
    wants dpkg-deb dpkg
    wants mmdebstrap mmdebstrap
    wants shellcheck shellcheck
    wants rpmbuild rpm
    wants minisign minisign
    wants skopeo skopeo
    wants python3 python3
    static_busybox
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || need debian-archive-keyring
    ;;
  packages)
    wants dpkg-source dpkg-dev
    wants rpmbuild rpm
    wants minisign minisign
    ;;
  lint)
    wants lintian lintian
    wants rpmlint rpmlint
    ;;
  fresh)
    wants mmdebstrap mmdebstrap
    wants unshare util-linux
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || need debian-archive-keyring
    ;;
  *)
    echo "tools.sh: no group $1; there are build, cross, arch, compat, operations, qemu, docker, docs, init, peers, hot, fresh, release, packages, lint" >&2
    exit 2
    ;;
  esac
}

look() {
  missing=
  for group in $groups; do check "$group"; done
}

# --- installing ------------------------------------------------------------------------------------------------------

# root itself, or whoever sudo lets be root: without a password, or with one where there is a terminal to ask for it. A
# redirection that fails ends the shell of `:`, and not that of `true`.
may_install() {
  have apt-get || return 1
  if [ "$(id -u)" = 0 ]; then sudo=; return; fi
  have sudo && { sudo -n true 2>/dev/null || { true < /dev/tty; } 2>/dev/null; } || return 1
  sudo=sudo
}

# As root, with what sudo would take away: no questions, and the proxies.
as_root() {
  $sudo env DEBIAN_FRONTEND=noninteractive LC_ALL=C ${http_proxy:+"http_proxy=$http_proxy"} \
    ${https_proxy:+"https_proxy=$https_proxy"} ${no_proxy:+"no_proxy=$no_proxy"} "$@" 9>&-
}

# apt itself waits for dpkg's lock if told to, but says nothing, and does not wait for the locks of its lists and downloads.
locked() { grep -qE 'Could not get lock|Unable to (acquire|lock)|locked by another process' "$said"; }
patiently() {
  end=$(($(date +%s) + WAIT_S))
  told=
  while ! as_root "$@" >"$said" 2>&1; do
    locked || return 1
    if [ "$(date +%s)" -ge $end ]; then
      echo "another process has held the lock of apt or dpkg for $WAIT_S s" >> "$said"
      return 1
    fi
    [ "$told" ] || echo "waiting up to $WAIT_S s for the lock of apt or dpkg, which another process holds" >&2
    told=yes
    sleep 1
  done
}

apt() { patiently apt-get -qq -y -oDPkg::Lock::Timeout=5 -oDpkg::Use-Pty=0 "$@"; }
add() {
  packages=
  for package in $missing; do
    case $package in
    # promtool is a package of its own from Debian 13 on
    prometheus) fetch "prometheus $(apt-cache search --names-only '^promtool$' | cut -d' ' -f1)" prometheus promtool || return ;;
    prometheus-node-exporter) fetch prometheus-node-exporter prometheus-node-exporter || return ;;
    *) packages="$packages $package" ;;
    esac
  done
  # shellcheck disable=SC2086
  [ -z "$packages" ] || apt install --no-install-recommends $packages
}
fetch() { # PACKAGES PROGRAM...
  tmp=$(mktemp -d)
  mkdir -p $FETCHED
  status=0
  # shellcheck disable=SC2086
  (cd "$tmp" && apt-get -qq download $1 && for deb in *.deb; do dpkg-deb -x "$deb" all || exit; done) >"$said" 2>&1 || status=1
  shift
  for program; do
    [ $status = 0 ] || break
    { cp "$tmp/all/usr/bin/$program" "$FETCHED/$program.new" && mv "$FETCHED/$program.new" "$FETCHED/$program"; } >>"$said" 2>&1 ||
      status=1
  done
  rm -rf "$tmp"
  return $status
}
# With the lists at hand; then with new ones; then after mending what an interruption left half done.
install_missing() {
  add && return
  if grep -q 'dpkg --configure -a' "$said"; then mend && add && return; fi
  apt update || cat "$said" >&2
  add && return
  mend && add
}
mend() { patiently dpkg --configure -a && apt --fix-broken install; }

fail_with() { # HINT FOR OTHER SYSTEMS
  if have apt-get; then echo "missing, and neither root nor sudo to install it: apt-get install $missing" >&2
  else echo "missing (Debian's names): $missing$1" >&2
  fi
  exit 1
}

groups=${*:?usage: tools.sh GROUP...}
look
if [ "$missing" ]; then
  may_install || case " $groups " in
  *' build '*) fail_with '; Alpine: apk add gcc musl-dev nodejs npm xz; Fedora: dnf install gcc musl-gcc nodejs npm xz; Arch: pacman -S gcc musl nodejs npm xz' ;;
  *) fail_with '' ;;
  esac
  # one installation at a time in this checkout; afterwards less may be missing
  exec 9<build
  if have flock && ! flock -w $((2 * WAIT_S)) 9; then
    echo "tools.sh: another one has been installing for $((2 * WAIT_S)) s" >&2
    exit 1
  fi
  look
fi
said=$(mktemp)
trap 'rm -f "$said"' EXIT
# a second time for what only new lists know of
for _ in 1 2; do
  [ "$missing" ] || break
  asked=$missing
  echo "installing${sudo:+ with $sudo}: $missing" >&2
  install_missing || { cat "$said" >&2; exit 1; }
  look
done
if [ "$missing" ]; then
  echo "installed $asked, but $missing is still not usable: is another one, older than needed, first in PATH?" >&2
  exit 1
fi
case " $groups " in *' build '*) record_compilers ;; esac
