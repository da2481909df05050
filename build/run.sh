#!/bin/sh
# Runs dist/runitbox in the foreground on the services of docs/example: run.sh RUNITBOX
# Ctrl-C brings every service down in order.
set -eu
runitbox=$(readlink -f "$1")
here=$PWD/out/example
rm -rf "$here"
mkdir -p "$here/bin" "$here/sv" "$here/service"
for name in $("$runitbox" --list); do ln -s "$runitbox" "$here/bin/$name"; done
cp -R docs/example/. "$here/sv/"
for service in "$here"/sv/*; do ln -s "$service" "$here/service/"; done
PATH=$here/bin:$PATH
export PATH

stop() {
  trap '' INT TERM HUP
  echo 'stopping the services'
  kill -HUP "$supervisor" 2>/dev/null || true
  sv -w 10 force-shutdown "$here"/service/* || true
  exit 0
}
trap stop INT TERM HUP

cat <<TEXT
runitbox supervises three services in $here/service. In another shell:

  export PATH="$here/bin:\$PATH" SVDIR="$here/service"
  sv status "\$SVDIR"/*        what runs, and since when
  sv restart clock            a new process, at once
  sv up idle                  start what its ./down file kept down
  kill -9 \$(cat "\$SVDIR/clock/supervise/pid")  and look at sv status again
  tail -f "$here/clock.log"   what clock said, through its log service

flaky ends every three seconds and says so here. Ctrl-C stops everything.

TEXT
runsvdir -P "$here/service" &
supervisor=$!
while kill -0 "$supervisor" 2>/dev/null; do wait "$supervisor" || true; done
