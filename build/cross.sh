#!/bin/sh
# Makes sure of what a build for another processor needs, and records it: cross.sh ARCH RECORD
#
# The compiler and qemu-user (stage 1, which makes the heap image, is a program of that processor) come from the system's
# packages; musl is unpacked below .cache/cross/ARCH, so that the system gets no foreign architecture. RECORD says
# which commands were found, and changes only when they do: what they make depends on it.
set -eu
cd "$(dirname "$0")/.."
arch=${1:?usage: cross.sh ARCH RECORD}
record=${2:?usage: cross.sh ARCH RECORD}
here=$(pwd)

# Debian's name, GNU's and musl's triple, qemu's name, compiler flags.
# -mno-relax: relaxation makes code longer or shorter with the values of two constants, and both links must be alike.
# -mlong-double-64: musl's size, where Debian's compiler has another. text_limit: code that takes more than its part of 2 MiB.
flags=
case $arch in
arm64) debian=arm64 gnu=aarch64-linux-gnu musl=aarch64-linux-musl qemu=aarch64 ;;
armv7) debian=armhf gnu=arm-linux-gnueabihf musl=arm-linux-musleabihf qemu=arm ;;
i386) debian=i386 gnu=i686-linux-gnu musl=i386-linux-musl qemu=i386 ;;
riscv64) debian=riscv64 gnu=riscv64-linux-gnu musl=riscv64-linux-musl qemu=riscv64 flags=' -mno-relax' ;;
ppc64le) debian=ppc64el gnu=powerpc64le-linux-gnu musl=powerpc64le-linux-musl qemu=ppc64le flags=' -mlong-double-64 -Wl,--defsym=text_limit=0x10280000' ;;
s390x) debian=s390x gnu=s390x-linux-gnu musl=s390x-linux-musl qemu=s390x flags=' -Wl,--defsym=text_limit=0x10280000' ;;
*)
  echo "ARCH=$arch: expected arm64, armv7, i386, riscv64, ppc64le or s390x" >&2
  exit 2
  ;;
esac

CROSS_PACKAGE=gcc-$(echo $gnu | tr _ -) CROSS_GCC=$gnu-gcc CROSS_QEMU=qemu-$qemu build/tools.sh cross

dir=.cache/cross/$arch
specs=$dir/musl-gcc.specs

apt_private() { ARCHITECTURE=$debian "$here/build/apt-private.sh" "$here/.cache/cross" bookworm "$@"; }

# Debian 12 has no musl of riscv64, and its linker cannot read that of Debian 13: its source, built here.
build_musl() {
  (cd "$dir" && apt_private apt-get --download-only source musl && dpkg-source --no-check -x musl_*.dsc musl-source >&2)
  (
    cd "$dir"/musl-source
    CC="$gnu-gcc" CROSS_COMPILE="$gnu-" ./configure --target=$musl --disable-shared --enable-wrapper=gcc \
      --prefix="/usr" --libdir=/usr/lib/$musl --includedir=/usr/include/$musl
    make -j"$(nproc)"
    make DESTDIR=../root install-libs install-headers install-tools
  ) >"$dir"/build.log 2>&1 || { tail -n 5 "$dir"/build.log >&2; return 1; }
  rm -rf "$dir"/musl-source
}

if [ ! -e "$specs" ]; then
  rm -rf "$dir" && mkdir -p "$dir"
  if [ "$arch" = riscv64 ]; then build_musl
  else
    (cd "$dir" && apt_private apt-get download musl-dev)
    dpkg-deb -x "$dir"/musl-dev_*.deb "$dir"/root
  fi
  # relative, as the checkout's path may contain a blank: compilers run at its top
  sed -E "s#/usr/(include|lib)/$musl#$dir/root/usr/\1/$musl#g" "$dir/root/usr/lib/$musl/musl-gcc.specs" > "$specs.new"
  mv "$specs.new" "$specs"
fi

emulator=$(command -v qemu-$qemu-static || command -v qemu-$qemu)
{
  printf 'musl=%s-gcc -specs %s%s\nnm=%s-nm\nemulator=%s\n' $gnu "$specs" "$flags" $gnu "$emulator"
  $gnu-gcc --version | head -n 1
  (cd "$dir" && ls musl*_*.*)
} > "$record.new"
if cmp -s "$record.new" "$record"; then rm "$record.new"; else mv "$record.new" "$record"; fi
