#!/bin/sh
# The simulator on the seeds that once failed, and on a few hundred others. `make validate` runs
# thousands.
cd "$(dirname "$0")/.."
build="${QUINTET_BUILD:-build}"
failed=0
run() { echo "$*"; "$@" || failed=$((failed + 1)); }
while read -r seed what; do
  case "$what" in retain:*) form=--retain ;; *) form= ;; esac
  case "$seed" in ''|'#'*) ;; *) run "$build/quintet-sim" --seeds "$seed:1" $form ;; esac
done < sim/graveyard.txt
run "$build/quintet-sim" --seeds 1:4 --retain
run "$build/quintet-sim" --seeds "${SEEDS:-1:170}"
[ $failed = 0 ]
