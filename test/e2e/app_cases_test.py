#!/usr/bin/env python3
"""Each application of apps/ has tests of its own, and `quintet test` passes them.

Ends with 'N passed, N failed'.
"""
import glob
import os
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PROGRAM = os.path.abspath(os.environ.get("QUINTET", "build/quintet"))


def main():
    passed = failed = 0
    apps = sorted(glob.glob(os.path.join(ROOT, "apps", "*", "app.yaml")))
    for app in apps:
        done = subprocess.run([PROGRAM, "test", app], capture_output=True, text=True, timeout=300)
        good = done.returncode == 0 and ": ok: " in done.stdout
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"FAILED  {app}\n{done.stdout}{done.stderr}", flush=True)
    print(f"{passed} passed, {failed + (not apps)} failed")
    return 1 if failed or not apps else 0


if __name__ == "__main__":
    sys.exit(main())
