#!/usr/bin/env python3
"""Everything that needs the real data or the full counts; one part is one line of the table below.

Each part leaves BUILD/validate/PART.json: the commit, whether it held, how long it took and what it
printed last. Ends with 'N passed, N failed'.
"""
import argparse
import json
import os
import subprocess
import sys
import time

PARTS = {
    "features": ["test/validate/fraud_features.py"],
    "quality": ["test/validate/fraud_quality.py"],
    "stream": ["test/validate/fraud_stream.py"],
    "verify_fraud": ["test/validate/verify_patterns.py", "fraud"],
    "verify_apps": ["test/validate/verify_patterns.py", "apps"],
    "scenarios": ["test/scenario_test.py", "--full"],
    "metrics": ["test/validate/metrics.py"],
    "kills": ["test/e2e/kill.py", "--kills", "200", "--seed", "11"],
    "kills_together": ["test/e2e/kill.py", "--kills", "60", "--seed", "12", "--writers", "4"],
    "kills_services": ["test/e2e/services_kill.py", "--kills", "500", "--seed", "21"],
    "kills_scaled": ["test/e2e/services_kill.py", "--kills", "200", "--seed", "13", "--scale"],
    "scaled": ["test/validate/scaled.py"],
    "bare": ["test/validate/bare.py"],
    "planted": ["test/planted/run.py"],
    "crash_points": ["test/e2e/crash_points_test.py", "--points", "0"],
    "cut_points": ["test/e2e/cut_deaths.py", "--points", "0"],
    "cut_kills": ["test/e2e/cut_deaths.py", "--kills", "100", "--seed", "21"],
    "sim": ["test/validate/simulated.py"],
    "sim_retain": ["test/validate/simulated.py", "--retain", "--seeds", "1:150"],
    "openapi": ["test/validate/openapi.py"],
    "traces": ["test/validate/traces.py"],
    "grpc": ["test/validate/grpc_tools.py"],
    "reference": ["test/reference/random_logs_test.py"],
    "hostile": ["test/validate/sanitized.py", "hostile"],
    "mutants": ["test/validate/sanitized.py", "mutants"],
    "tsan": ["test/validate/sanitized.py", "tsan"],
}
ENVIRONMENT = {"reference": {"SEEDS": "1000:40", "EVENTS": "4200"}}
kNeedData = ("features", "quality", "stream", "scaled", "verify_fraud")


def commit():
    out = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=12"],
                         capture_output=True, text=True)
    return out.stdout.strip()


def perform(name, args, folder):
    """Runs one part; True if it held."""
    started = time.monotonic()
    environment = dict(os.environ, QUINTET=os.path.abspath(os.path.join(args.build, "quintet")),
                       QUINTET_DATA=args.data, **ENVIRONMENT.get(name, {}))
    with subprocess.Popen([sys.executable, *PARTS[name]], env=environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        lines = []
        for line in process.stdout:
            print("    " + line, end="", flush=True)
            lines = (lines + [line.rstrip("\n")])[-40:]
    seconds = time.monotonic() - started
    held = process.returncode == 0
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump({"part": name, "held": held, "seconds": round(seconds, 1), "commit": commit(),
                   "output": lines}, file, indent=1)
    print(f"{'ok' if held else 'FAILED':6}  {name:20} {seconds:7.1f} s", flush=True)
    return held


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--data", default=os.environ.get("QUINTET_DATA", "../shared/data"))
    parser.add_argument("--part", action="append", choices=sorted(PARTS))
    args = parser.parse_args()
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    folder = os.path.join(args.build, "validate")
    os.makedirs(folder, exist_ok=True)
    passed = failed = 0
    for name in args.part or PARTS:
        if name in kNeedData and not os.path.isdir(os.path.join(args.data, "fraud")):
            print(f"FAILED  {name}: no fraud data under {args.data}; say where with DATA=")
            failed += 1
            continue
        held = perform(name, args, folder)
        passed, failed = passed + held, failed + (not held)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
