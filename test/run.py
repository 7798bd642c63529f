#!/usr/bin/env python3
"""Builds and runs every test, one line a step, and ends with 'N passed, N failed'.

Steps: build, ctest (all room tests), the pure rooms' tests and the fuzzers' inputs once more with
the address and undefined behaviour sanitizers (BUILD/asan), tidy, then every *_test.py and
*_test.sh under tidy/, test/ and apps/; one with a line `PATTERNS = (...)` once under each of these,
which it finds in QUINTET_PATTERN. A script passes by exit status 0; if its last line reads
'N passed, N failed' these numbers count, else it counts as one. What a step printed:
BUILD/test-logs/STEP.log.
"""
import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

PATTERNS = re.compile(r"^PATTERNS = \((.*)\)$", re.M)
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed$")


class Run:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.logs = os.path.join(self.build, "test-logs")
        shutil.rmtree(self.logs, ignore_errors=True)
        os.makedirs(self.logs)
        self.passed = self.failed = 0

    def step(self, name, command, count, **variables):
        """Runs `command`; count(status, output) gives (passed, failed)."""
        started = time.monotonic()
        log = os.path.join(self.logs, name.replace("/", "_") + ".log")
        environment = dict(os.environ, QUINTET=os.path.join(self.build, "quintet"),
                           QUINTET_BUILD=self.build, PYTHONDONTWRITEBYTECODE="1",
                           GTEST_OUTPUT=f"json:{self.logs}/{name}/", GTEST_BRIEF="1",
                           **variables)
        with open(log, "wb") as out:
            status = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT,
                                    stdin=subprocess.DEVNULL, env=environment).returncode
        with open(log, errors="replace") as text:
            lines = text.read().splitlines()
        passed, failed = count(status, lines)
        if status != 0 and failed == 0:
            failed = 1
        self.passed += passed
        self.failed += failed
        seconds = time.monotonic() - started
        print(f"{'FAILED' if failed else 'ok':6}  {name:40} {passed:5} passed  {failed:3} failed"
              f"  {seconds:6.1f} s", flush=True)
        if failed:
            print("\n".join("    " + line for line in lines[-40:]))
            print(f"    (all of it: {os.path.relpath(log)})", flush=True)
        return failed == 0

    def ctest(self, name, build, jobs, *more):
        """The tests of a build, each with its log in one file. True if all passed."""
        return self.step(name, ["ctest", "--test-dir", build, "-j", jobs, "--output-on-failure",
                                "--timeout", "1200", "--no-tests=error", "--output-junit",
                                os.path.join(self.logs, name + ".xml"), *more],
                         lambda *_: self.count_ctest(name))

    def count_ctest(self, name):
        """Each case of a GoogleTest program counts; a program that died counts as one failure."""
        passed = failed = 0
        try:
            root = ElementTree.parse(os.path.join(self.logs, name + ".xml")).getroot()
        except (OSError, ElementTree.ParseError):
            return 0, 1
        for case in root.iter("testcase"):
            good = case.get("status") == "run"
            result = os.path.join(self.logs, name, case.get("name") + "_test.json")
            tests, failures = 1, 0 if good else 1
            if os.path.exists(result):
                try:
                    with open(result) as file:
                        report = json.load(file)
                    tests = report["tests"] - report.get("disabled", 0)
                    failures = report["failures"] + report["errors"] or failures
                except (ValueError, KeyError):
                    tests, failures = 1, 1
            passed += max(tests - failures, 0)
            failed += failures
        return passed, failed


def count_script(status, lines):
    match = SUMMARY.match(lines[-1].strip()) if lines else None
    if match:
        return int(match[1]), int(match[2])
    return (1, 0) if status == 0 else (0, 1)


def patterns_of(script):
    """Those that it runs under; none: it says itself what it runs."""
    with open(script, encoding="utf-8") as file:
        named = PATTERNS.search(file.read())
    return re.findall(r'"(\w+)"', named[1]) if named else [None]


def sanitized(run, jobs):
    """The pure rooms and all that parses, in a build of their own; whoever made `run.build` made
    it with tests and without sanitizers."""
    build = os.path.join(run.build, "asan")
    configure = ["cmake", "-G", "Ninja", "-S", ".", "-B", build, "-DQUINTET_TESTS=ON",
                 "-DQUINTET_SANITIZE=address,undefined"]
    nothing = lambda status, _: (0, 0) if status == 0 else (0, 1)  # noqa: E731
    if run.step("sanitized-configure", configure, nothing) and run.step(
            "sanitized-build", ["ninja", "-C", build, "-j", jobs, "sanitized"], nothing):
        run.ctest("sanitized", build, jobs, "-L", "sanitized")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--jobs", default=str(os.cpu_count()))
    parser.add_argument("--only", help="a regular expression over step names")
    args = parser.parse_args()
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    run = Run(args.build)
    wanted = re.compile(args.only or "")
    started = time.monotonic()

    built = run.step("build", ["ninja", "-C", args.build, "-j", args.jobs],
                     lambda status, _: (0, 0) if status == 0 else (0, 1))
    if built and wanted.search("ctest"):
        run.ctest("ctest", args.build, args.jobs)
    if built and wanted.search("sanitized"):
        sanitized(run, args.jobs)
    if wanted.search("tidy"):
        run.step("tidy", [sys.executable, "tidy/tidy.py"], count_script)
    scripts = []
    for folder in ("tidy", "test", "apps"):
        for pattern in ("*_test.py", "*_test.sh"):
            scripts += glob.glob(f"{folder}/**/{pattern}", recursive=True)
    for script in sorted(scripts):
        # The rules hold without a program; all else needs one.
        if wanted.search(script) and (built or script.startswith("tidy/")):
            command = [sys.executable, script] if script.endswith(".py") else ["sh", script]
            for pattern in patterns_of(script):
                if pattern is None:
                    run.step(script, command, count_script)
                else:
                    run.step(f"{script}@{pattern}", command, count_script, QUINTET_PATTERN=pattern)

    print(f"{time.monotonic() - started:.0f} s")
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed or run.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
