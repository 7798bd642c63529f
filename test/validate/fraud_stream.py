#!/usr/bin/env python3
"""The real transactions streamed into a running application give a backfill's rows, bit for bit.

Every transaction goes through the door as CSV (--count first ones; 0 means all), then all results
are read back and each feature, score and decision is compared with the row of the backfill.
"""
import argparse
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from server import Server  # noqa: E402

kShown = 10
kChunkLines = 20_000


def sample(args, folder):
    """A file with the first --count transactions; the whole one for 0."""
    whole = os.path.join(args.data, "fraud", "transactions_20180611_20180814.csv.gz")
    if not args.count:
        return whole
    path = os.path.join(folder, "transactions.csv")
    with gzip.open(whole, "rt") as given, open(path, "w") as out:
        for number, line in enumerate(given):
            if number > args.count:
                break
            out.write(line)
    return path


def stream(server, path):
    """Posts the file as CSV in chunks of one connection; how many events were answered."""
    client, answered = server.connect(), 0
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    with opened as file:
        header, chunk = next(file), []
        for line in file:
            chunk.append(line)
            if len(chunk) == kChunkLines:
                answered += post(client, header, chunk)
                chunk = []
        return answered + (post(client, header, chunk) if chunk else 0)


def post(client, header, chunk):
    client.connection.request("POST", "/v1/events?event=transaction",
                              (header + "".join(chunk)).encode(),
                              {"Content-Type": "text/csv", "Prefer": "return=minimal"})
    response, answered = client.connection.getresponse(), 0
    while line := response.readline():
        answer = json.loads(line, parse_float=str)
        if "error" in answer:
            raise RuntimeError(answer)
        answered += 1
    return answered


def flat(result):
    """{column: text as in a row of a backfill}."""
    cells = dict(result.get("features", {}))
    for name, outputs in result.get("predictions", {}).items():
        cells |= {f"{name}.{output}": value for output, value in outputs.items()
                  if output != "version"}
    for name, decision in result.get("decisions", {}).items():
        cells[name] = decision["value"]
    return cells


def same(value, text):
    if value is None:
        return text == ""
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, (int, float)):
        return text != "" and float(text) == float(value)
    return text == value


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--app", default="apps/fraud/app.yaml")
    parser.add_argument("--data", default=os.environ.get("QUINTET_DATA", "../shared/data"))
    parser.add_argument("--program", default=os.environ.get("QUINTET", "build/quintet"))
    parser.add_argument("--count", type=int, default=0)
    args = parser.parse_args()
    wrong, cells, shown = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        path, rows = sample(args, folder), os.path.join(folder, "rows.csv")
        subprocess.run([args.program, "--quiet", "backfill", args.app, "--input",
                        "transaction=" + path, "--output", rows], check=True)
        server = Server(args.program, args.app, os.path.join(folder, "data"))
        server.start()
        started = time.monotonic()
        answered = stream(server, path)
        seconds = time.monotonic() - started
        print(f"{answered} events in {seconds:.0f} s, {answered / seconds:.0f} a second")
        with open(rows, newline="") as file:
            for row, result in zip(csv.DictReader(file), server.connect().results(), strict=True):
                ours = flat(result)
                if (row["id"], row["position"]) != (result["id"], str(result["position"])):
                    shown.append(f"row {row['id']} at {row['position']} stands where the result"
                                 f" {result['id']} at {result['position']} does")
                    wrong += 1
                    break
                for name, value in ours.items():
                    cells += 1
                    if not same(value, row[name]):
                        wrong += 1
                        shown.append(f"{row['id']}, {name}: backfill {row[name]}, served {value}")
        server.stop()
    for line in shown[:kShown]:
        print(line)
    print(f"{cells} cells compared, {wrong} differ")
    print(f"{int(not wrong)} passed, {int(bool(wrong))} failed")
    return 1 if wrong or not cells else 0


if __name__ == "__main__":
    sys.exit(main())
