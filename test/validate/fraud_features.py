#!/usr/bin/env python3
"""Rows of `quintet backfill` for apps/fraud on the real transactions against published features.

Counts and flags must be equal. Means and risks are printed with nine digits of a float sum: ours
must lie within half a unit of the ninth digit, ties either way, or both be below 1e-9 (two rows
print a residue of the authors' sum where the truth is 0). The published order swaps one pair of
transactions of one card in the same second.
"""
import argparse
import csv
import gzip
import os
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from fractions import Fraction

FLAGS = {"during_weekend": "TX_DURING_WEEKEND", "during_night": "TX_DURING_NIGHT"}
DAYS = (1, 7, 30)
COUNTS = {f"customer_count_{n}d": f"CUSTOMER_ID_NB_TX_{n}DAY_WINDOW" for n in DAYS}
COUNTS |= {f"terminal_count_{n}d": f"TERMINAL_ID_NB_TX_{n}DAY_WINDOW" for n in DAYS}
NUMBERS = {f"customer_mean_{n}d": f"CUSTOMER_ID_AVG_AMOUNT_{n}DAY_WINDOW" for n in DAYS}
NUMBERS |= {f"terminal_risk_{n}d": f"TERMINAL_ID_RISK_{n}DAY_WINDOW" for n in DAYS}
SWAPPED = ("1240489", "1240490")
RESIDUES = ("1106168", "1221251")
SHOWN = 20


def close(ours, printed):
    """Within half a unit of the last printed place, exactly; ties either way."""
    if ours == printed:
        return True
    digits = Decimal(printed)
    mine = Fraction(float(ours))
    if digits == 0 or (abs(digits) < Decimal("1e-9") and abs(mine) < Fraction(1, 10**9)):
        return abs(mine) < Fraction(1, 10**9)
    # A double may lie beside a tie by its own rounding.
    return abs(mine - Fraction(digits)) <= half_unit(digits) + abs(mine) / 2**52


def half_unit(digits):
    """Half of the ninth significant place: a shorter number lost its zeros in printing."""
    return Fraction(10) ** (digits.adjusted() - 8) / 2


def compare(rows, published):
    """Reads both once, in order; (rows, cells, residues, [message])."""
    found, cells, count, residues, held = [], 0, 0, set(), {}
    for given in published:
        name = given["TRANSACTION_ID"]
        ours = held.pop(name, None)
        while ours is None:
            row = next(rows, None)
            if row is None:
                return count, cells, residues, found + [f"the rows end before {name}"]
            if row["id"] == name:
                ours = row
            elif row["id"] in SWAPPED:
                held[row["id"]] = row
        count += 1
        for mine, theirs in FLAGS.items():
            cells += 1
            if ("1" if ours[mine] == "true" else "0") != given[theirs]:
                found.append((name, mine, ours[mine], given[theirs]))
        for mine, theirs in COUNTS.items():
            cells += 1
            if ours[mine] != given[theirs]:
                found.append((name, mine, ours[mine], given[theirs]))
        for mine, theirs in NUMBERS.items():
            cells += 1
            if not close(ours[mine], given[theirs]):
                found.append((name, mine, ours[mine], given[theirs]))
            elif 0 < abs(float(given[theirs])) < 1e-9:
                residues.add(name)
    return count, cells, residues, found


def opened(path):
    return gzip.open(path, "rt", newline="") if path.endswith(".gz") else open(path, newline="")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--app", default="apps/fraud/app.yaml")
    parser.add_argument("--data", default=os.environ.get("QUINTET_DATA", "../shared/data"))
    parser.add_argument("--program", default=os.environ.get("QUINTET", "build/quintet"))
    parser.add_argument("--rows", help="compare this output instead of making one")
    args = parser.parse_args()
    folder = os.path.join(args.data, "fraud")
    published = os.path.join(folder, "reference_features_20180725_20180814.csv.gz")
    with tempfile.TemporaryDirectory() as scratch:
        path = args.rows or os.path.join(scratch, "rows.csv")
        if not args.rows:
            started = time.monotonic()
            transactions = os.path.join(folder, "transactions_20180611_20180814.csv.gz")
            subprocess.run([args.program, "backfill", args.app, "--input",
                            "transaction=" + transactions, "--output", path], check=True)
            print(f"backfill: {time.monotonic() - started:.1f} s")
        with opened(path) as rows, opened(published) as given:
            count, cells, residues, found = compare(csv.DictReader(rows), csv.DictReader(given))
    swapped = [one for one in found if isinstance(one, tuple) and one[0] in SWAPPED]
    wrong = [one for one in found if one not in swapped]
    for one in wrong[:SHOWN]:
        print("%s, %s: ours %s, published %s" % one if isinstance(one, tuple) else one)
    print(f"{count} rows, {cells} cells: {len(wrong)} differ; {len(swapped)} cells of the pair"
          f" {'/'.join(SWAPPED)} that is published in the other order; residues printed for 0:"
          f" {', '.join(sorted(residues)) or 'none'}")
    good = not wrong and residues <= set(RESIDUES) and count == 201_295
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
