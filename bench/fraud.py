"""The card-fraud application on made-up data: files and a model that several benches share, made
once a build directory; and what running one of our commands costs."""
import json
import os
import resource
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
APP = f"{ROOT}/apps/fraud/app.yaml"
QUINTET = os.environ.get("QUINTET", f"{ROOT}/build/quintet")
SCRATCH = os.environ.get("QUINTET_SCRATCH", f"{ROOT}/build/bench")
DAYS, CUSTOMERS, TERMINALS = 60, 2_500, 5_000
TRAINED_ON = 125_000


def pin(core):
    """For preexec_fn: what is started runs on this core alone."""
    return lambda: os.sched_setaffinity(0, {core} & os.sched_getaffinity(0) or {0})


def transactions():
    """A CSV file of about 250,000 transactions in order of time."""
    path = f"{SCRATCH}/fraud-{DAYS}-{CUSTOMERS}.csv"
    if not os.path.exists(path):
        with open(path + ".part", "wb") as out:
            subprocess.run([sys.executable, f"{ROOT}/apps/fraud/generate.py", "--days", str(DAYS),
                            "--customers", str(CUSTOMERS), "--terminals", str(TERMINALS)],
                           stdout=out, check=True)
        os.rename(path + ".part", path)
    return path


def model():
    """100 trees of depth 5, as the application trains them, from the first half of the file."""
    path = f"{SCRATCH}/fraud.ubj"
    if not os.path.exists(path):
        part = f"{SCRATCH}/fraud-part.csv"
        with open(transactions(), "rb") as whole, open(part, "wb") as out:
            out.writelines(line for _, line in zip(range(TRAINED_ON + 1), whole))
        run("-q", "train", APP, "--input", f"transaction={part}", "--output", path)
    return path


def run(*arguments):
    """(what it printed, CPU seconds) of one of our commands, on core 0."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([QUINTET, *arguments], stdout=subprocess.PIPE, check=True, text=True,
                          preexec_fn=pin(0))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def show(figure, unit, floor, goals, rounds):
    print(json.dumps({"figure": figure, "unit": unit, "floor": floor, "goals": goals,
                      "rounds": rounds}), flush=True)
