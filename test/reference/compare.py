#!/usr/bin/env python3
"""compare.py app.yaml rows.csv --input EVENT=FILE ...: rows of `quintet backfill` against the
reference, field by field: numbers by value, doubles by bits, lists item by item."""
import argparse
import csv
import json
import os
import re
import sys
from fractions import Fraction

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reference  # noqa: E402
from expression import Dec, Span, Time, UNITS  # noqa: E402

kShown = 20


def differences(app_path, rows_path, inputs, first_position=3):
    """(compared cells, [message]) of the two; the messages name row, column and both values."""
    found, cells = [], 0
    rows = reference.replay(app_path, inputs, first_position)
    state, _ = next(rows)
    with open(rows_path, newline="") as file:
        expected = with_rows(state.app)
        lines = (line for line in csv.DictReader(file) if line["event"] in expected)
        for entry, row in rows:
            if not row:
                continue
            line = next(lines, None)
            if line is None:
                found.append(f"the rows end before position {entry.position}")
                break
            place = f"{entry.event} {entry.id} at {entry.position}"
            if (line["event"], line["id"], line["position"]) != (
                    entry.event, str(entry.id), str(entry.position)):
                found.append(f"{place}: the rows have {line['event']} {line['id']} at"
                             f" {line['position']} here")
                break
            for column, value in row.items():
                cells += 1
                if not equal(value, line[column]):
                    found.append(f"{place}, {column}: {line[column]!r}, the reference has"
                                 f" {shown(value)}")
            if len(found) > 500:
                break
        else:
            if next(lines, None) is not None:
                found.append("there are more rows than the reference has")
    return cells, found


def with_rows(app):
    return {event for event in app.events if app.columns[event] or app.decisions[event]}


def equal(value, text):
    if value is None:
        return text == ""
    if isinstance(value, list):
        items = json.loads(text, parse_float=str) if text else None
        return items is not None and len(items) == len(value) and all(
            equal(item, spelt(other)) for item, other in zip(value, items))
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if text == "":
        return value == ""
    if isinstance(value, str):
        return text == value
    if isinstance(value, Time):
        return micros(text) == value
    if isinstance(value, Span):
        return signed_duration(text) == value
    try:
        if isinstance(value, float):
            return float(text) == value
        exact = Fraction(value.mantissa, 10**value.scale) if isinstance(value, Dec) else value
        return Fraction(text) == exact
    except ValueError:
        return False


def spelt(item):
    if item is None:
        return ""
    return str(item).lower() if isinstance(item, bool) else str(item)


def micros(text):
    match = re.fullmatch(r"(-?\d+)-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?Z?", text)
    if not match:
        return None
    from expression import first_day
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    leap = first_day(year + 1) - first_day(year) == 366
    lengths = (31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    days = first_day(year) + sum(lengths[:month - 1]) + day - 1
    seconds = days * 86400 + hour * 3600 + minute * 60 + second
    return seconds * 10**6 + int((match[7] or "").ljust(6, "0"))


def signed_duration(text):
    parts = re.findall(r"(\d+)(us|ms|[smhdw])", text)
    total = sum(int(n) * UNITS[unit] for n, unit in parts)
    return -total if text.startswith("-") else total


def shown(value):
    if isinstance(value, Dec):
        return f"{value.mantissa}e-{value.scale}"
    return repr(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app")
    parser.add_argument("rows")
    parser.add_argument("--input", action="append", required=True, metavar="EVENT=FILE")
    parser.add_argument("--first-position", type=int, default=3)
    args = parser.parse_args()
    cells, found = differences(args.app, args.rows, reference.parse_inputs(args.input),
                               args.first_position)
    for message in found[:kShown]:
        print(message)
    if len(found) > kShown:
        print(f"... and {len(found) - kShown} more")
    print(f"{cells} cells compared, {len(found)} differ")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
