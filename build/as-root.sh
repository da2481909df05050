#!/bin/sh
# Runs a suite as root: as-root.sh COMMAND [ARGUMENT ...]. Through sudo, for a user who has it; else as the user, where each
# case that wants root is skipped, and counted as such. What root leaves in the checkout is its owner's afterwards.
set -u
[ "$(id -u)" != 0 ] || exec "$@"
command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { true < /dev/tty; } 2>/dev/null; } || exec "$@"
sudo -E -H env "PATH=$PATH" "$@"
status=$?
for dir in out dist .cache node_modules/.vite node_modules/.vite-temp; do
  [ ! -e "$dir" ] || sudo chown -Rh --from=0 "$(id -u):$(id -g)" "$dir"
done
exit $status
