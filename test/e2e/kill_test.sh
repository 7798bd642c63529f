#!/bin/sh
# Forty kills in all. Equal digests need equal logs, so one ordered writer feeds both runs: between
# concurrent writers the order, and with it the low time, is what the log says (SEMANTICS S2.2).
# `make validate` runs two hundred and more.
cd "$(dirname "$0")/../.."
passed=0; failed=0
for case in "--kills 25 --seed 1" "--kills 15 --seed 2"; do
  if python3 test/e2e/kill.py $case; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
