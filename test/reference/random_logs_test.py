#!/usr/bin/env python3
"""Random applications and logs through `quintet backfill` and the reference: every cell is equal.

SEEDS=first:count and EVENTS=n in the environment ask for others and for more.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from compare import differences  # noqa: E402
from generate import Generator  # noqa: E402


def run(program, seed, events):
    """Messages about what is wrong with this seed; none if all is equal."""
    with tempfile.TemporaryDirectory() as folder:
        app, inputs = Generator(seed).write(folder, events)
        rows = os.path.join(folder, "rows.csv")
        command = [program, "backfill", app, "--output", rows]
        for event, path in inputs:
            command += ["--input", f"{event}={path}"]
        done = subprocess.run(command, capture_output=True, text=True)
        # Status 1 may mean refused lines, which the generator makes on purpose.
        if done.returncode not in (0, 1) or not os.path.exists(rows):
            return 0, [f"status {done.returncode}: {done.stderr[-2000:]}"]
        return differences(app, rows, inputs)


def main():
    program = os.environ.get("QUINTET", "build/quintet")
    first, count = map(int, os.environ.get("SEEDS", "1:6").split(":"))
    events = int(os.environ.get("EVENTS", "2200"))
    failed = 0
    for seed in range(first, first + count):
        cells, found = run(program, seed, events)
        failed += bool(found)
        print(f"seed {seed}: {cells} cells, {len(found)} differ", flush=True)
        for message in found[:10]:
            print("    " + message)
    print(f"{count - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
