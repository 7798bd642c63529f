#!/usr/bin/env python3
"""Runs every *_bench program, and every *_bench.py beside this file; each prints its own table.

A measurement never fails a build: the exit status says only whether the programs ran.
"""
import argparse
import glob
import os
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("names", nargs="*", help="only these")
    args = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    failed = 0
    for source in sorted(glob.glob(f"{here}/*_bench.cc") + glob.glob(f"{here}/*_bench.py")):
        name, kind = os.path.splitext(os.path.basename(source))
        if args.names and name.removesuffix("_bench") not in args.names:
            continue
        program = [sys.executable, source] if kind == ".py" else [os.path.join(args.build, name)]
        print(f"== {name}", flush=True)
        environment = dict(os.environ, QUINTET=os.path.join(os.path.abspath(args.build), "quintet"))
        failed += subprocess.run(program, env=environment).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
