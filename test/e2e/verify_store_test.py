#!/usr/bin/env python3
"""`quintet verify app.yaml` on a PostgreSQL server and with several replicas of infer: the answers
are those on SQLite, each pattern has a schema of its own, and none is left.

Ends with 'N passed, N failed'.
"""
import glob
import json
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli_check import perform, started, write  # noqa: E402
from postgres import Postgres  # noqa: E402
from surroundings import kPatience, until  # noqa: E402

SERVICES = ("infer", "infer_2", "infer_3", "ingest", "results", "train")
DISTURBED = "--duplicates 5 --late 5 --kill 2 --train-at 250 --seed 7"


def rows(postgres, sql):
    done = postgres.sql(sql)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def schemas(postgres):
    return sorted(rows(postgres, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'quintet%'"))


def verified(c, line):
    """The digests of all its runs."""
    out = c.run(f"--format json -q verify app.yaml --input order=orders.csv {line}", 0)
    report = json.loads(out or "{}")
    c.that(f"{line}: equal", report.get("equal") is True, out[:3000])
    c.that(f"{line}: both patterns", [run["pattern"] for run in report.get("patterns", [])] ==
           ["monolithic", "microservices"], out[:3000])
    return report, [run["digest"] for run in report.get("patterns", [])]


def check_equal(c, postgres):
    """Whatever keeps the log and however many fold it, the digest is that of all others."""
    for disturbed in ("", DISTURBED):
        _, digests = verified(c, disturbed)
        store = f"--store {postgres.url}"
        for number, line in enumerate(("--replicas infer=3", store, f"{store} --replicas infer=3")):
            keep = f"kept{number}{bool(disturbed)}"
            report, found = verified(c, f"{line} {disturbed} --keep {keep}")
            c.that(f"{line} {disturbed}: as on SQLite", found == digests, (found, digests))
            shared = "replicas" in line
            there = os.path.isdir(f"{keep}/2-microservices/data/infer-3")
            c.that(f"{line}: replicas", shared == there)
            said = (report.get("infer_replicas"), report.get("store"))
            c.that(f"{line}: the report says so", said == (3 if shared else None, postgres.url
                                                           if "--store" in line else "sqlite"))


def check_schemas(c, postgres):
    """With --keep they are left, and the directories know them; without it none is."""
    before = schemas(postgres)
    verified(c, f"--store {postgres.url} --replicas infer=3 --keep known")
    new = sorted(set(schemas(postgres)) - set(before))
    one = next((name for name in new if name.endswith("_1")), "none")
    two = [f"{one[:-2]}_2_{service}" for service in SERVICES]
    c.that("each pattern has schemas of its own", new == sorted([one, *two]), new)
    for name in (one, two[3], two[4]):
        part = "outcomes" if name.endswith("results") else "log"
        last = rows(postgres, f"SELECT max(last) FROM {name}.{part}")
        c.that(f"the {part} is in {name}", int(last[0]) >= 300, last)
    c.that("no log is on SQLite", not glob.glob("known/*/data/**/quintet.db", recursive=True))
    c.run("verify --data known/1-monolithic/data -q", 0, r"equals a fold of the log")
    c.run("verify --data known/2-microservices/data -q", 0, r"equals a fold of the log")
    before = schemas(postgres)
    verified(c, f"--store {postgres.url}")
    c.that("none is left", schemas(postgres) == before, schemas(postgres))


def check_interrupts(c, postgres):
    before = schemas(postgres)
    write("many.ndjson", "".join(json.dumps({"id": f"m{i}", "at": "2024-02-01T00:00:00Z",
                                             "customer": "c", "amount": 1}) + "\n"
                                 for i in range(200_000)))
    for number in (signal.SIGINT, signal.SIGTERM):
        with started(f"verify app.yaml --input order=many.ndjson -q --store {postgres.url} "
                     "--patterns microservices") as process:
            until(lambda: set(schemas(postgres)) - set(before), "a schema is made")
            process.send_signal(number)
            c.that(f"{number.name} ends it", process.wait(kPatience) == -number)
        c.that(f"no schema is left after {number.name}", schemas(postgres) == before)


def check_usage(c, postgres):
    line = "verify app.yaml --input orders.csv"
    c.run(f"{line} --store mysql://me@host/db", 2, "", r"^error: --store: .*postgres://USER@HOST")
    c.run(f"{line} --store postgres://me:s3cret@127.0.0.1:1/db", 2, "",
          r"^error: --store: (?!.*s3cret).*Connection refused")
    c.run(f"{line} --store", 2, "", r"--store")
    postgres.sql("CREATE ROLE humble LOGIN")
    humble = postgres.url.replace("quintet@", "humble@")
    c.run(f"{line} --store {humble}", 2, "", r"^error: --store: each pattern gets a schema of its "
          r"own, and this role may make none at postgres://humble@")
    for wrong in ("infer=0", "infer=33", "infer=x", "infer", "train=2", "3"):
        c.run(f"{line} --replicas {wrong}", 2, "", rf"^error: --replicas {wrong}: write infer=N")
    c.run(f"{line} --replicas infer=2 --patterns monolithic", 2, "",
          r"^error: --replicas: infer is a service of its own in none of the patterns")
    c.run("run app.yaml --schema mine --port 0 --data x", 2, "", r"^error: --schema: .*--store is")
    for wrong in ("Mine", "1st", "pg_mine", "a-b", "a" * 51):
        c.run(f"run app.yaml --store {postgres.url} --schema {wrong} --port 0 --data x", 2, "",
              rf"^error: --schema {wrong}: write at most 50 small letters")
    c.run(f"service infer --store {postgres.url} --application shop --schema A --listen unix:x "
          "--peer ingest=unix:y --peer train=unix:z", 2, "", r"error: --schema A: write at most")
    c.that("nothing was made", not os.path.exists("x") and not os.path.exists(".quintet"))


def main():
    with Postgres() as postgres:
        perform([lambda c, part=part: part(c, postgres)
                 for part in (check_equal, check_schemas, check_interrupts, check_usage)])


if __name__ == "__main__":
    main()
