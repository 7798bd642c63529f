#!/usr/bin/env python3
"""Runs every *_bench program and every *_bench.py beside this file and keeps what they measured.

Each writes a line of JSON a figure; ratios, refusals and goals are made here (judge.py) and stored
as BUILD/bench/NAME.json with commit, command and machine. A measurement never fails a build: the
exit status says only whether the programs ran.
"""
import argparse
import datetime
import glob
import json
import os
import platform
import subprocess
import sys
import time

import judge

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def output_of(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def machine():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    return {"processor": models[0] if models else platform.machine(), "cores": os.cpu_count(),
            "kernel": platform.release(), "load_before": os.getloadavg()[0]}


def commit():
    changed = output_of("git", "status", "--porcelain", "--untracked-files=no")
    return output_of("git", "rev-parse", "--short", "HEAD") + (" with changes" if changed else "")


def peer():
    """The library that deps/bench.lock pins, or empty if it cannot be installed."""
    venv = output_of(f"{ROOT}/deps/python", "bench")
    found = glob.glob(f"{venv}/lib/python*/site-packages/xgboost/lib/libxgboost.so")
    return found[0] if venv and found else ""


def measure(name, program, environment):
    """Runs one bench; gives its record, or None if it failed."""
    record = {"bench": name, "command": f"python3 bench/run.py {name}", "commit": commit(),
              "machine": machine(), "day": datetime.date.today().isoformat(), "figures": []}
    begin = time.monotonic()
    with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if not line.startswith("{"):
                print(line, end="", flush=True)
                continue
            figure = judge.judge(json.loads(line))
            record["figures"].append(figure)
            print("\n".join(judge.lines(figure)), flush=True)
    record["seconds"] = round(time.monotonic() - begin, 1)
    return record if child.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("names", nargs="*", help="only these")
    args = parser.parse_args()
    build = os.path.abspath(args.build)
    os.makedirs(f"{build}/bench", exist_ok=True)
    environment = dict(os.environ, QUINTET=f"{build}/quintet", QUINTET_SCRATCH=f"{build}/bench",
                       QUINTET_APPS=f"{ROOT}/apps", QUINTET_XGBOOST=peer())
    failed = 0
    for source in sorted(glob.glob(f"{HERE}/*_bench.cc") + glob.glob(f"{HERE}/*_bench.py")):
        file, kind = os.path.splitext(os.path.basename(source))
        name = file.removesuffix("_bench")
        if args.names and name not in args.names:
            continue
        print(f"== {name}", flush=True)
        program = [sys.executable, source] if kind == ".py" else [os.path.join(build, file)]
        record = measure(name, program, environment)
        if record is None:
            failed += 1
            print(f"{name} failed", flush=True)
            continue
        with open(f"{build}/bench/{name}.json", "w", encoding="ascii") as out:
            json.dump(record, out, indent=1)
            out.write("\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
