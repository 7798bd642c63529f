#!/usr/bin/env python3
"""`quintet verify app.yaml`: the same answers under every pattern of this build.

apps: every application under apps/ on made-up events, as they come and with every disturbance, on
SQLite and on a PostgreSQL server of our own, with one replica of infer and with three: the digests
of all are one. fraud: apps/fraud on the published transactions, both ways on SQLite, and disturbed
with three replicas on SQLite. Where a build has one pattern alone it runs twice. Ends with
'N passed, N failed'.
"""
import argparse
import csv
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, ".."))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from postgres import Postgres  # noqa: E402
from scenario_test import patterns  # noqa: E402

PROGRAM = os.path.abspath(os.environ.get("QUINTET", "build/quintet"))
DAY = datetime.timedelta(days=1)


def when(begin, share, span):
    return (begin + share * span).strftime("%Y-%m-%dT%H:%M:%SZ")


def write(folder, name, header, rows):
    path = os.path.join(folder, name)
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def blank(folder, count, dice):
    begin, span = datetime.datetime(2024, 1, 1), 60 * DAY
    rows = [(f"o{i}", when(begin, i / count, span), f"c{dice.randrange(count // 40 + 2)}",
             f"{dice.randrange(-20, 20000) / 100:.2f}") for i in range(count)]
    return {"order": write(folder, "orders.csv", ("order_id", "at", "customer", "amount"), rows)}


def maintenance(folder, count, dice):
    begin, span = datetime.datetime(2024, 1, 1), 30 * DAY
    rows = [(when(begin, i / count, span), f"m{dice.randrange(5)}",
             f"{dice.gauss(60, 2) + 40 * (dice.random() < .002):.6f}") for i in range(count)]
    return {"reading": write(folder, "readings.csv", ("timestamp", "machine", "value"), rows)}


def fraud(folder, count, dice):
    path = os.path.join(folder, "transactions.csv")
    sizes = {"--days": 60, "--customers": count // 90 + 5, "--terminals": count // 200 + 5,
             "--seed": dice.randrange(1000)}
    made = [sys.executable, os.path.join(ROOT, "apps", "fraud", "generate.py")]
    for name, value in sizes.items():
        made += [name, str(value)]
    with open(path, "w") as file:
        subprocess.run(made, stdout=file, check=True)
    return {"transaction": path}


def chargebacks(folder, count, dice):
    # It keeps 400 days, so what it gets is not older.
    begin = datetime.datetime.now(datetime.timezone.utc) - 240 * DAY
    span, days = 180 * DAY, 180
    shops = [(f"t{i}", dice.choice(["BE", "NL", "DE"]), when(begin, -dice.random(), span))
             for i in range(count // 100 + 5)]
    rows, cases = [], []
    for i in range(count):
        share = i / count
        rows.append((f"p{i}", when(begin, share, span), f"c{dice.randrange(count // 30 + 2)}",
                     f"t{dice.randrange(len(shops))}", f"{dice.expovariate(1 / 80):.2f}",
                     dice.choice(["chip", "contactless", "online", ""])))
        if dice.random() < .02 + .3 * (float(rows[-1][4]) > 300):
            cases.append((f"k{i}", when(begin, share + dice.uniform(1, 20) / days, span), f"p{i}",
                          str(dice.random() < .9).lower()))
    cases.sort(key=lambda case: case[1])
    payment = ("transaction_id", "at", "card", "terminal_id", "amount", "channel")
    case = ("case_id", "filed_at", "transaction_id", "fraud")
    return {"merchant": write(folder, "merchants.csv", ("terminal_id", "country", "opened"), shops),
            "transaction": write(folder, "payments.csv", payment, rows),
            "chargeback": write(folder, "cases.csv", case, cases)}


MADE = {"blank": blank, "chargebacks": chargebacks, "fraud": fraud, "maintenance": maintenance}
kTrains = ("chargebacks", "fraud")


class Verified:
    def __init__(self):
        self.passed = self.failed = 0
        known = patterns()
        self.patterns = ",".join(known if len(known) > 1 else known * 2)

    def count(self, held, what):
        self.passed, self.failed = self.passed + held, self.failed + (not held)
        print(f"{'ok' if held else 'FAILED':6}  {what}", flush=True)

    def that(self, name, app, inputs, *more):
        command = [PROGRAM, "--format", "json", "-q", "verify", app, "--patterns", self.patterns]
        for event, path in inputs.items():
            command += ["--input", f"{event}={path}"]
        done = subprocess.run([*command, *more], capture_output=True, text=True)
        try:
            report = json.loads(done.stdout)
        except ValueError:
            report = {}
        held = done.returncode == 0 and report.get("equal") is True
        self.count(held, f"{name} {' '.join(more)}")
        for run in report.get("patterns", []):
            print("    {pattern}: {events} events, {refused} refused, {results} results, "
                  "{views} lines of views, {letters} letters, {models} models, {kills} kills, "
                  "{seconds:.1f} s, {digest}".format(**run), flush=True)
        if not held:
            print(f"    status {done.returncode}: {done.stderr[-1000:]}")
            for one in report.get("comparisons", []):
                print("    " + json.dumps([part for part in one["sections"] if "first" in part]))
        return report


def every_disturbance(events, seed, train):
    more = ["--duplicates", "2", "--late", "2", "--kill", "3", "--seed", str(seed)]
    return more + (["--train-at", str(events * 4 // 5)] if train else [])


def verify_apps(verified, args):
    for path in sorted(os.listdir(os.path.join(ROOT, "apps"))):
        app = os.path.join(ROOT, "apps", path, "app.yaml")
        if not os.path.exists(app):
            continue
        with tempfile.TemporaryDirectory() as folder, Postgres() as postgres:
            inputs = MADE[path](folder, args.events, random.Random(args.seed))
            store, shared = ["--store", postgres.url], ["--replicas", "infer=3"]
            for disturbed in [], every_disturbance(args.events, args.seed, path in kTrains):
                digests = set()
                for place in [], shared, store, [*store, *shared]:
                    report = verified.that(path, app, inputs, *disturbed, *place)
                    digests |= {run["digest"] for run in report.get("patterns", [])}
                verified.count(len(digests) == 1, f"{path}: one digest wherever it ran")


def verify_fraud(verified, args):
    app = os.path.join(ROOT, "apps", "fraud", "app.yaml")
    path = os.path.join(args.data, "fraud", "transactions_20180611_20180814.csv.gz")
    limit = ["--events", str(args.count)] if args.count else []
    count = args.count or 622_892
    report = verified.that("fraud", app, {"transaction": path}, *limit)
    if [run["results"] for run in report.get("patterns", [])] != [count] * len(
            verified.patterns.split(",")):
        print(f"FAILED  every one of {count} transactions has a result")
        verified.failed += 1
    verified.that("fraud", app, {"transaction": path}, *limit,
                  *every_disturbance(count, args.seed, True))
    verified.that("fraud", app, {"transaction": path}, *limit, "--replicas", "infer=3",
                  *every_disturbance(count, args.seed, True))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("apps", "fraud"))
    parser.add_argument("--data", default=os.environ.get("QUINTET_DATA", "../shared/data"))
    parser.add_argument("--events", type=int, default=20_000, help="of each made-up application")
    parser.add_argument("--count", type=int, default=0, help="first transactions; 0 means all")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    verified = Verified()
    (verify_apps if args.what == "apps" else verify_fraud)(verified, args)
    print(f"{verified.passed} passed, {verified.failed} failed")
    return 1 if verified.failed or not verified.passed else 0


if __name__ == "__main__":
    sys.exit(main())
