#!/usr/bin/env python3
"""The simulator on many seeds, on all processors; what it once failed on is in sim/graveyard.txt.

    test/validate/simulated.py [--seeds FIRST:COUNT] [--seconds N] [--retain]

Stops after --seconds with the seeds run so far, and says how many that is: run it again from the
next one (it keeps the place in BUILD/sim/next). Ends with 'N passed, N failed'.
"""
import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

kChunk = 100


def run_chunk(command, first, count):
    done = subprocess.run([*command, "--seeds", f"{first}:{count}"], capture_output=True, text=True)
    lines = done.stdout.splitlines()
    words = lines[-1].split() if lines else []
    if len(words) != 4 or words[1] != "passed,":
        return 0, count, [f"seeds {first}:{count} ended with status {done.returncode}"] + lines[-5:]
    failed = int(words[2])
    return int(words[0]), failed, lines if failed else []


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    build = os.path.dirname(os.environ.get("QUINTET", "build/quintet"))
    parser.add_argument("--seeds", default="1:20000")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--resume", action="store_true", help="go on where the last run stopped")
    parser.add_argument("--retain", action="store_true", help="each seed removes old log")
    args = parser.parse_args()
    first, count = (int(part) for part in args.seeds.split(":"))
    place = os.path.join(build, "sim", "next_retain" if args.retain else "next")
    if args.resume and os.path.exists(place):
        with open(place) as file:
            first = int(file.read())
    started = time.monotonic()
    command = [os.path.join(build, "quintet-sim"), *(["--retain"] if args.retain else [])]
    passed = failed = 0
    workers = os.cpu_count() or 1
    end = first + count
    with ThreadPoolExecutor(workers) as pool:
        while first < end and time.monotonic() - started < args.seconds:
            starts = list(range(first, min(end, first + kChunk * workers), kChunk))
            sizes = [min(kChunk, end - start) for start in starts]
            for good, bad, lines in pool.map(run_chunk, [command] * len(starts), starts, sizes):
                passed, failed = passed + good, failed + bad
                print("\n".join(lines[:40]), end="\n" if lines else "", flush=True)
            first = starts[-1] + sizes[-1]
            print(f"{passed + failed} seeds, {time.monotonic() - started:.0f} s", flush=True)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "w") as file:
        file.write(str(first))
    print(f"the next seed is {first}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
