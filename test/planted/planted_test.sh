#!/bin/sh
# Every planted bug still fits the sources, and two of them, the same each time, are caught.
# `make validate` plants them all.
cd "$(dirname "$0")/../.."
python3 test/planted/run.py --fit &&
  python3 test/planted/run.py --only the_window_holds_its_left_edge --only a_torn_block_is_taken
