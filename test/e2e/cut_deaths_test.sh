#!/bin/sh
# A few deaths within a retention cut. `make validate PART=cut_points` tries every step of one,
# `PART=cut_kills` a hundred random moments.
cd "$(dirname "$0")/../.."
python3 test/e2e/cut_deaths.py --points 10 --kills 5
