#!/bin/sh
# Prints, in apt's one-line format, where this machine has Debian's packages from, as sources of another release:
#   apt-sources.sh CODENAME
# All of /etc/apt/sources.list, sources.list.d/*.list and *.sources is read. Nothing is printed where none is Debian's.
set -eu
codename=${1:?usage: apt-sources.sh CODENAME}
etc=${APT_ETC:-/etc/apt}
for file in "$etc/sources.list" "$etc"/sources.list.d/*.list "$etc"/sources.list.d/*.sources; do
  [ -f "$file" ] || continue
  case $file in *.sources) echo '# deb822' ;; *) echo '# lines' ;; esac
  cat "$file"
  echo
done | awk -v target="$codename" '
function source(uri, suite, components, keyring,    rest, line) {
  if (uri !~ /\/debian(-security)?(\/|\.list|$)/ || (" " components " ") !~ / main /) return
  rest = suite
  if (!sub(/^(bullseye|bookworm|trixie|forky|duke|sid|stable|testing|unstable|oldstable)/, "", rest)) return
  if (rest != "" && (target == "sid" || rest !~ /^-(updates|security)$/)) return
  line = "deb " (keyring ~ /^\// ? "[signed-by=" keyring "] " : "") uri " " target rest " main"
  if (!(line in seen)) print line
  seen[line] = 1
}
function stanza(    i, k, uris, suites, many) {
  if (" " field["types"] " " ~ / deb / && field["enabled"] !~ /^no/) {
    many = split(field["suites"], suites, " ")
    for (i = 1; i <= split(field["uris"], uris, " "); i++)
      for (k = 1; k <= many; k++) source(uris[i], suites[k], field["components"], field["signed-by"])
  }
  for (i in field) delete field[i]
}
/^# (deb822|lines)$/ { stanza(); kind = $2; next }
/^#/ { next }
kind == "lines" && $1 == "deb" {
  keyring = ""
  if ($2 ~ /^\[/) {
    if (match($0, /signed-by=[^] ]+/)) keyring = substr($0, RSTART + 10, RLENGTH - 10)
    sub(/\[[^]]*\]/, "")
    $0 = $0
  }
  components = ""
  for (i = 4; i <= NF; i++) components = components " " $i
  source($2, $3, components, keyring)
}
kind == "deb822" && /^[ \t]*$/ { stanza(); name = ""; next }
kind == "deb822" && /^[ \t]/ { if (name != "") field[name] = field[name] " " $0; next }
kind == "deb822" {
  name = tolower(substr($0, 1, index($0, ":") - 1))
  value = substr($0, index($0, ":") + 1)
  sub(/^[ \t]+/, "", value)
  field[name] = value
}
END { stanza() }'
