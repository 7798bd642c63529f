#!/usr/bin/env python3
"""Plants known bugs, one after the other, and shows that a check finds each.

A bug is a file test/planted/NAME.patch; its first lines say what it does wrong and which check is
to find it: `check: PROGRAM ARGUMENTS`, a program of the build. Each is applied to a copy of the
sources, built (only that program) and run; it is caught if the program then fails. The unchanged
sources must pass the same check first. Ends with `N of M caught` and 'N passed, N failed'.
"""
import argparse
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tidy"))
from source import list_files  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
kCheckSeconds = 300


def copy_sources(to):
    """What git knows of, unchanged files with their old times, so that little is built again."""
    for name in sorted(list_files(ROOT)):
        source, target = os.path.join(ROOT, name), os.path.join(to, name)
        if not os.path.isfile(source):
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(source, "rb") as file:
            bytes_now = file.read()
        if os.path.exists(target):
            with open(target, "rb") as file:
                if file.read() == bytes_now:
                    continue
        shutil.copyfile(source, target)


class Tree:
    def __init__(self, folder, jobs):
        self.folder, self.jobs = os.path.join(folder, "tree"), jobs
        os.makedirs(self.folder, exist_ok=True)
        self.log = open(os.path.join(folder, "log.txt"), "a")
        self.environment = dict(os.environ, CCACHE_BASEDIR=self.folder, CCACHE_NOHASHDIR="1",
                                CCACHE_SLOPPINESS="pch_defines,time_macros")
        copy_sources(self.folder)
        self.run(["cmake", "-G", "Ninja", "-S", ".", "-B", "build", "-DQUINTET_TESTS=ON"])

    def run(self, command, seconds=None):
        try:
            return subprocess.run(command, cwd=self.folder, env=self.environment, stdout=self.log,
                                  stderr=subprocess.STDOUT, timeout=seconds).returncode
        except subprocess.TimeoutExpired:
            return None

    def build(self, program):
        return self.run(["ninja", "-C", "build", "-j", self.jobs, program]) == 0

    def check(self, check):
        """Exit status; None if it did not end."""
        words = shlex.split(check)
        return self.run([os.path.join("build", words[0]), *words[1:]], kCheckSeconds)


def check_of(patch):
    with open(patch) as file:
        found = re.search(r"^check: (.+)$", file.read(), re.M)
    if not found:
        sys.exit(f"{patch} does not say its check")
    return found[1]


def try_one(tree, patch, sound):
    """(caught, words)."""
    check = check_of(patch)
    program = shlex.split(check)[0]
    if check not in sound:
        sound[check] = tree.build(program) and tree.check(check) == 0
    if not sound[check]:
        return False, f"the check fails without the bug: {check}"
    if tree.run(["patch", "-s", "-p1", "-i", patch]) != 0:
        return False, "the patch does not fit the sources any more"
    try:
        if not tree.build(program):
            return False, "it does not build"
        status = tree.check(check)
        if status is None:
            return False, f"no end within {kCheckSeconds} s: {check}"
        return status != 0, check
    finally:
        tree.run(["patch", "-s", "-R", "-p1", "-i", patch])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=os.environ.get("QUINTET_BUILD", "build"))
    parser.add_argument("--jobs", default=str(os.cpu_count()))
    parser.add_argument("--only", action="append", help="the name of a bug")
    args = parser.parse_args()
    patches = sorted(glob.glob(os.path.join(ROOT, "test", "planted", "*.patch")))
    names = [os.path.basename(patch)[:-len(".patch")] for patch in patches]
    if args.only:
        patches = [patch for patch, name in zip(patches, names) if name in args.only]
    folder = os.path.join(os.path.abspath(args.build), "planted")
    os.makedirs(folder, exist_ok=True)
    tree, sound, caught = Tree(folder, args.jobs), {}, 0
    for patch in patches:
        started = time.monotonic()
        found, words = try_one(tree, patch, sound)
        caught += found
        print(f"{'caught' if found else 'NOT CAUGHT':10}  "
              f"{os.path.basename(patch)[:-len('.patch')]:34} {time.monotonic() - started:5.0f} s"
              f"  {words}", flush=True)
    print(f"{caught} of {len(patches)} caught")
    print(f"{caught} passed, {len(patches) - caught} failed")
    return 0 if patches and caught == len(patches) else 1


if __name__ == "__main__":
    sys.exit(main())
