#!/usr/bin/env python3
"""`quintet backfill` of the fraud application with its 100-tree model, to a digest and to CSV, in
events a second of CPU time (user and system, one core), beside SHA-256 over the same file, which
shows whether the machine kept its pace. The digests of all runs must be equal before a time counts.
"""
import hashlib
import json
import os
import time

import fraud

ROUNDS = 7
HASHED = 24  # times a file, so that the floor takes long enough to be timed


def floor(bytes_of_file, events):
    begin = time.process_time()
    for _ in range(HASHED):
        hashlib.sha256(bytes_of_file).digest()
    return events * HASHED / (time.process_time() - begin)


def backfill(arguments, seen, output=""):
    """Events a second of CPU time."""
    printed, seconds = fraud.run("-q", "--format", "json", "backfill", fraud.APP, *arguments,
                                 *(["--output", output] if output else []))
    report = json.loads(printed)
    assert report["refused"] == report["bad_lines"] == 0, report
    seen.setdefault("digest", report["digest"])
    assert seen["digest"] == report["digest"], "the digest of the outcomes differs between runs"
    if output:
        with open(output, "rb") as file:
            rows = hashlib.sha256(file.read()).hexdigest()
        seen.setdefault("rows", rows)
        assert seen["rows"] == rows, "the rows differ between runs"
    return report["events"] / seconds


def main():
    os.sched_setaffinity(0, {0})
    path, model = fraud.transactions(), fraud.model()
    with open(path, "rb") as file:
        data = file.read()
    events = data.count(b"\n") - 1
    arguments = ["--input", f"transaction={path}", "--model", f"score={model}"]
    rows, seen, to_digest, to_csv = f"{fraud.SCRATCH}/rows.csv", {}, [], []
    backfill(arguments, seen)
    for _ in range(ROUNDS):
        first = floor(data, events)
        digest = [backfill(arguments, seen)]
        csv = [backfill(arguments, seen, rows), backfill(arguments, seen, rows)]
        digest.append(backfill(arguments, seen))
        last = floor(data, events)
        to_digest.append({"floor": [first, last], "ours": digest, "peers": {}})
        to_csv.append({"floor": [first, last], "ours": csv, "peers": {}})
    unit, name = "events/s of CPU", "SHA-256 of the file"
    fraud.show("backfill to a digest", unit, name, [{"of": "ours", "at_least": 400_000}], to_digest)
    fraud.show("backfill to CSV", unit, name, [{"of": "ours", "at_least": 200_000}], to_csv)
    os.remove(rows)


if __name__ == "__main__":
    main()
