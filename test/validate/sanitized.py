#!/usr/bin/env python3
"""sanitized.py PART: what is too long for `make test`, in builds with sanitizers of their own.

  hostile   10,000 damaged model files of each kind and format, address and undefined behaviour
  mutants   10,000 mutants of each input of each fuzzer's corpus, the same sanitizers
  tsan      the tests of the rooms with threads, under the thread sanitizer

Nothing may crash, hang or be reported. The builds are BUILD/asan and BUILD/tsan.
"""
import glob
import os
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.path.dirname(os.path.abspath(os.environ.get("QUINTET", "build/quintet")))
MUTANTS = os.environ.get("MUTANTS", "10000")


def build(name, sanitizers, *targets):
    """The build's directory, with the targets made."""
    directory = os.path.join(BUILD, name)
    configure = ["cmake", "-G", "Ninja", "-S", ROOT, "-B", directory, "-DQUINTET_TESTS=ON",
                 f"-DQUINTET_SANITIZE={sanitizers}"]
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", directory, *targets], check=True)
    return directory


def ended_well(command, **environment):
    """True if the program ended with status 0; else its last lines are shown."""
    done = subprocess.run(command, env=dict(os.environ, **environment), text=True,
                          errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    name = os.path.basename(command[0])
    lines = done.stdout.splitlines()
    print(f"{name}: status {done.returncode}; {lines[-1] if lines else ''}", flush=True)
    if done.returncode:
        print("\n".join(lines[-60:]))
    return done.returncode == 0


def hostile():
    directory = build("asan", "address,undefined", "learn_test")
    return [ended_well([f"{directory}/learn_test", "--gtest_filter=HostileModel.*"],
                       QUINTET_MUTANTS=MUTANTS)]


def mutants():
    directory = build("asan", "address,undefined", "fuzzers")
    held = []
    for source in sorted(glob.glob(os.path.join(ROOT, "fuzz", "*_fuzz.cc"))):
        name = os.path.basename(source)[:-len("_fuzz.cc")]
        held.append(ended_well([f"{directory}/{name}_fuzz", f"-mutants={MUTANTS}",
                                os.path.join(ROOT, "fuzz", "corpus", name)]))
    return held


def tsan():
    names = [name + "_test" for name in ("store", "host", "link")
             if glob.glob(os.path.join(ROOT, "src", name, "*_test.cc"))]
    directory = build("tsan", "thread", *names)
    options = "halt_on_error=0:exitcode=66:suppressions=" + os.path.join(ROOT, "test", "validate",
                                                                         "tsan.supp")
    return [ended_well([f"{directory}/{name}"], TSAN_OPTIONS=options) for name in names]


def main():
    parts = {"hostile": hostile, "mutants": mutants, "tsan": tsan}
    held = parts[sys.argv[1]]()
    print(f"{sum(held)} passed, {len(held) - sum(held)} failed")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
