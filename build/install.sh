#!/bin/sh
# Installs one executable, a link for each program, the manual, completions and licences; or takes them away again:
#   install.sh install|uninstall EXECUTABLE
#
# PREFIX (/usr/local) is where they belong; DESTDIR is put in front of it, for packages. EMULATOR runs the executable where it is for
# another processor. Links are relative. A name that something else has is an error, and nothing is installed then; FORCE=1 replaces it.
# `uninstall` removes what `install` makes and nothing else: links that lead elsewhere stay. Read next: release/make.sh.
set -eu
action=${1:?usage: install.sh install|uninstall EXECUTABLE}
executable=${2:?usage: install.sh install|uninstall EXECUTABLE}
top=$(cd "$(dirname "$0")/.." && pwd)
prefix=${PREFIX-/usr/local}
case $prefix in /*) ;; *) echo "PREFIX=$prefix: expected an absolute path" >&2; exit 2 ;; esac
dest=${DESTDIR:-}${prefix%/}
[ -x "$executable" ] || { echo "$executable: not built: make it first" >&2; exit 1; }

run() { ${EMULATOR:-} "$executable" "$@"; }
share=$dest/share
man=$share/man/man8
bash=$share/bash-completion/completions
zsh=$share/zsh/site-functions
fish=$share/fish/vendor_completions.d
doc=$share/doc/runitbox

# Prints for each link what it says, and its path, which may have blanks: programs of /sbin lie in PREFIX/sbin.
links() {
  run --list-full | while read -r place; do
    name=${place##*/}
    case $place in
    */sbin/* | sbin/*) echo "../bin/runitbox $dest/sbin/$name" ;;
    *) echo "runitbox $dest/bin/$name" ;;
    esac
    echo "runitbox $bash/$name"
    echo "runitbox.fish $fish/$name.fish"
  done
}

# Prints the path of each file.
files() {
  echo "$dest/bin/runitbox"
  for page in "$top"/docs/man/*.8; do echo "$man/${page##*/}"; done
  printf '%s\n' "$bash/runitbox" "$zsh/_runitbox" "$fish/runitbox.fish" "$doc/CHANGELOG.md" "$doc/LICENSE"
  for licence in "$top"/build/release/LICENSES/*; do echo "$doc/LICENSES/${licence##*/}"; done
}

# What stands where a file or a link is to be, and is none of ours: a file is where the executable has been installed before.
others() {
  links | while read -r target path; do
    if [ -L "$path" ]; then [ "$(readlink "$path")" = "$target" ] || echo "$path"
    elif [ -e "$path" ]; then echo "$path"
    fi
  done
  [ -e "$dest/bin/runitbox" ] || files | while read -r path; do [ ! -e "$path" ] || echo "$path"; done
}

put() { # MODE FROM TO
  mkdir -p "$(dirname "$3")"
  # under another name first: the executable may be running
  cp "$2" "$3.new" && chmod "$1" "$3.new" && mv -f "$3.new" "$3"
}

install_all() {
  taken=$(others)
  if [ "$taken" ] && [ "${FORCE:-}" != 1 ]; then
    echo 'not installed: these exist already and are not ours (FORCE=1 replaces them):' >&2
    echo "$taken" >&2
    exit 1
  fi
  umask 022
  put 755 "$executable" "$dest/bin/runitbox"
  for page in "$top"/docs/man/*.8; do put 644 "$page" "$man/${page##*/}"; done
  tmp=$(mktemp)
  trap 'rm -f "$tmp"' EXIT
  for shell in bash zsh fish; do
    run --completion $shell > "$tmp"
    case $shell in
    bash) put 644 "$tmp" "$bash/runitbox" ;;
    zsh) put 644 "$tmp" "$zsh/_runitbox" ;;
    fish) put 644 "$tmp" "$fish/runitbox.fish" ;;
    esac
  done
  put 644 "$top/CHANGELOG.md" "$doc/CHANGELOG.md"
  put 644 "$top/LICENSE" "$doc/LICENSE"
  for licence in "$top"/build/release/LICENSES/*; do put 644 "$licence" "$doc/LICENSES/${licence##*/}"; done
  links | while read -r target path; do
    mkdir -p "$(dirname "$path")"
    rm -f "$path"
    ln -s "$target" "$path"
  done
}

# Directories that are empty now, from the innermost on. Those that a system has anyway stay, unless DESTDIR is a place of its own.
prune() {
  for dir in "$doc/LICENSES" "$doc" "$man" "$bash" "$zsh" "$fish"; do
    while case $dir in
    "$dest" | "$dest/") [ "${DESTDIR:-}" ] ;;
    "$share" | "$share/man" | "$share/doc") [ "${DESTDIR:-}" ] ;;
    "$dest"/*) : ;;
    *) false ;;
    esac && rmdir "$dir" 2>/dev/null; do dir=$(dirname "$dir"); done
  done
  [ "${DESTDIR:-}" ] || return 0
  rmdir "$dest/bin" "$dest/sbin" 2>/dev/null || :
  dir=$dest
  while [ "$dir" != "${DESTDIR%/}" ] && [ "$dir" != / ] && rmdir "$dir" 2>/dev/null; do dir=$(dirname "$dir"); done
}

uninstall_all() {
  [ -e "$dest/bin/runitbox" ] || { echo "$dest/bin/runitbox: not installed" >&2; exit 1; }
  links | while read -r target path; do
    [ ! -L "$path" ] || [ "$(readlink "$path")" != "$target" ] || rm -f "$path"
  done
  files | while read -r path; do rm -f "$path"; done
  prune
}

case $action in
install) install_all ;;
uninstall) uninstall_all ;;
*) echo "install.sh: expected install or uninstall, got $action" >&2; exit 2 ;;
esac
