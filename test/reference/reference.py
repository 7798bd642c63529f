#!/usr/bin/env python3
"""reference.py app.yaml --input EVENT=FILE [--input ...]: one JSON line a row, on stdout.

Files are NDJSON or CSV, plain or .gz. Several are merged by (time, order given, line): each stays
in its own order, and of the lines that stand first the one with the smallest time is next.
"""
import argparse
import csv
import gzip
import heapq
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from application import Application, Refused  # noqa: E402
from expression import Dec, Span, Time  # noqa: E402
from replay import Replay  # noqa: E402


def read(path):
    """(place, raw event) of each line."""
    name = os.path.basename(path)
    opened = gzip.open(path, "rt", newline="") if path.endswith(".gz") else open(path, newline="")
    with opened as file:
        if ".csv" in name:
            for number, row in enumerate(csv.DictReader(file), 2):
                yield f"{name}:{number}", {key: value for key, value in row.items() if value != ""}
        else:
            for number, line in enumerate(file, 1):
                # Numbers stay text: a decimal never passes through a double.
                yield f"{name}:{number}", json.loads(line, parse_float=str)


def merged(app, inputs, refuse):
    """(event type, place, fields) of all inputs in the log's order; `refuse` gets bad lines."""
    def keyed(order, event, path):
        for place, raw in read(path):
            try:
                fields = app.admit(event, raw)
            except (Refused, ValueError, KeyError) as error:
                refuse(place, error)
                continue
            # A row of a table has no time of its own: it comes before all that has.
            time = fields[app.times[event]] if app.times.get(event) else -2**63
            yield time, order, event, place, fields

    streams = [keyed(order, event, path) for order, (event, path) in enumerate(inputs)]
    heads = []
    for stream in streams:
        push(heads, stream)
    while heads:
        _, _, (_, _, event, place, fields), stream = heapq.heappop(heads)
        push(heads, stream)
        yield event, place, fields


def push(heads, stream):
    item = next(stream, None)
    if item:
        heapq.heappush(heads, (item[0], item[1], item, stream))


def replay(app_path, inputs, first_position=3):
    """Yields first the Replay itself, then (entry, row) of every admitted event."""
    app = Application(app_path)
    state = Replay(app, first_position)
    yield state, None
    for event, place, fields in merged(app, inputs, state.refuse):
        admitted = state.offer(event, fields, place)
        if admitted:
            yield admitted


def plain(value):
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Dec):
        return {"mantissa": value.mantissa, "scale": value.scale}
    if isinstance(value, (Time, Span)):
        return int(value)
    return value


def parse_inputs(texts):
    return [tuple(text.split("=", 1)) for text in texts]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app")
    parser.add_argument("--input", action="append", required=True, metavar="EVENT=FILE")
    args = parser.parse_args()
    rows = replay(args.app, parse_inputs(args.input))
    state, _ = next(rows)
    for entry, row in rows:
        print(json.dumps({"event": entry.event, "id": entry.id, "position": entry.position,
                          **{name: plain(value) for name, value in row.items()}}))
    print(f"{state.position} positions, {state.refused} refused, {state.repeated} repeated,"
          f" {state.conflicts} conflicts", file=sys.stderr)


if __name__ == "__main__":
    main()
