#!/bin/sh
# One planted bug, another each day. `make validate` plants them all.
cd "$(dirname "$0")/../.."
python3 test/planted/run.py --some 1
