# What the packages of one distribution have in common with those of the others. Sourced by debian.sh, rpm.sh and apk.sh, which set $top,
# $tree (what is installed below a prefix) and $work (one root for each package below it).
#
# The names are in three packages: those that nobody else has, runit's and daemontools'. Read next: those scripts.
# shellcheck shell=sh disable=SC2034,SC2154
OWN='pause svprobe'
RUNIT='chpst runsv runsvdir runsvchdir sv svlogd runit runit-init utmpset'
DAEMONTOOLS='envdir envuidgid pgrphack setlock setuidgid softlimit svc svok'
MAINTAINER='the runitbox authors <runitbox@example.org>'

manual() { # PACKAGE PAGE...
  pages=$work/$1/usr/share/man/man8
  shift
  mkdir -p "$pages"
  for page; do gzip -9n < "$tree/share/man/man8/$page.8" > "$pages/$page.8.gz"; done
}

links() { # PACKAGE NAME...
  root=$work/$1/usr
  package=$1
  shift
  manual "$package" "$@"
  mkdir -p "$root/share/bash-completion/completions" "$root/share/fish/vendor_completions.d"
  for name; do
    for dir in bin sbin; do
      [ ! -L "$tree/$dir/$name" ] || { mkdir -p "$root/$dir" && cp -P "$tree/$dir/$name" "$root/$dir/"; }
    done
    cp -P "$tree/share/bash-completion/completions/$name" "$root/share/bash-completion/completions/"
    cp -P "$tree/share/fish/vendor_completions.d/$name.fish" "$root/share/fish/vendor_completions.d/"
  done
}

main_package() { # DIRECTORY OF ZSH'S COMPLETIONS
  root=$work/runitbox/usr
  mkdir -p "$root/bin" "$1"
  cp "$tree/bin/runitbox" "$root/bin/"
  # shellcheck disable=SC2086
  links runitbox $OWN
  manual runitbox runitbox
  cp "$tree/share/bash-completion/completions/runitbox" "$work/runitbox/usr/share/bash-completion/completions/"
  cp "$tree/share/fish/vendor_completions.d/runitbox.fish" "$work/runitbox/usr/share/fish/vendor_completions.d/"
  cp "$tree/share/zsh/site-functions/_runitbox" "$1/"
}

# Debian wants each licence of what is linked in, in one file.
copyright() {
  cat <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: runitbox
Comment:
 The executable is linked statically; it contains the engine QuickJS, the C library
 musl, the compiler's run-time library and minimist, whose licences follow.

Files: *
Copyright: 2026 the runitbox authors
License: Expat

Files: usr/bin/runitbox
Copyright: 2017-2021 Fabrice Bellard (QuickJS)
 2017-2021 Charlie Gordon (QuickJS)
 2005-2020 Rich Felker and others (musl)
 2011-2023 James Halliday and contributors (minimist)
License: Expat

License: Expat
END
  sed -n '/^Permission/,$p' "$top/LICENSE" | sed 's/^$/./; s/^/ /'
}
