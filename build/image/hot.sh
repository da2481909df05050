#!/bin/sh
# Runs the usual programs under valgrind and writes hot.ld and hot.places: hot.sh EXECUTABLE MAP HEAP NOTES
# Needs valgrind. What is measured: a supervisor that starts, is asked, told and ended; a logger; a changed process state.
set -eu
exe=$(realpath "$1"); map=$(realpath "$2") heap=$(realpath "$3") notes=$(realpath "$4")
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
for name in $("$exe" --list); do ln -s "$exe" "$tmp/$name"; done
mkdir -p "$tmp/service" "$tmp/log"
printf '#!/bin/sh\nexec sleep 1000\n' > "$tmp/service/run"; chmod +x "$tmp/service/run"

trace() { # NAME PROGRAM ARGUMENTS
  name=$1 program=$2; shift 2
  env -i PATH="$PATH" valgrind -q --tool=lackey --trace-mem=yes --log-file="$tmp/$name.trace" "$tmp/$program" "$@" >/dev/null
}
trace runsv runsv "$tmp/service" &
while ! "$tmp/sv" status "$tmp/service" 2>/dev/null | grep -q '^run'; do sleep 0.2; done
for i in 1 2 3; do trace "status$i" sv status "$tmp/service"; done
trace restart sv -w 20 restart "$tmp/service"
trace down sv -w 20 down "$tmp/service"
trace exit sv -w 20 exit "$tmp/service"
wait
if [ -e "$tmp/svlogd" ]; then printf 'one\ntwo\n' | trace svlogd svlogd -tt "$tmp/log"; fi
mkdir "$tmp/env"; echo value > "$tmp/env/NAME"
for options in "-o 20" "-u root -P" "-e $tmp/env -u root -n 1 -l $tmp/lock -o 20"; do
  trace "chpst$(echo "$options" | tr -dc a-z)" chpst $options true
done
node=${NODE:-node}
"$node" "$here/hot.ts" "$map" "$tmp"/*.trace > "$tmp/hot.ld"
"$node" "$here/places.ts" find "$heap" "$notes" "$tmp"/*.trace > "$tmp/hot.places"
mv "$tmp/hot.ld" "$tmp/hot.places" "$here/"
