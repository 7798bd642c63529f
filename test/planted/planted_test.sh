#!/bin/sh
# Two planted bugs, the same each time, are caught; that every one fits the sources is checked by
# tidy. `make validate PART=planted` plants them all.
cd "$(dirname "$0")/../.."
python3 test/planted/run.py --only the_window_holds_its_left_edge --only a_torn_block_is_taken
