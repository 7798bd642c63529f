#!/usr/bin/env python3
"""Writes the tables of docs/PERFORMANCE.md from what `make bench` left in BUILD/bench.

Between `<!-- figures NAME -->` and `<!-- end -->` stands the table of one bench; text around it is
written by hand. A bench that was not run says so. --check only compares.
"""
import argparse
import glob
import json
import os
import re
import sys

import judge

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = f"{ROOT}/docs/PERFORMANCE.md"
BLOCK = re.compile(r"<!-- figures (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def bound_of(goal):
    return f"≤ {goal['at_most']:g}" if "at_most" in goal else f"≥ {goal['at_least']:,g}"


def named(of, figure):
    return of.replace("floor", figure["floor"])


def cells(figure):
    """The values of one figure, then a line for each goal."""
    values = figure["values"]
    shown = [f"ours {judge.with_range(values['ours'])}"]
    shown += [f"{figure['floor'] if name == 'floor' else name} {judge.with_range(entry)}"
              for name, entry in values.items() if name != "ours"]
    goals = []
    for goal in figure["goals"]:
        if "measured" in goal:
            verdict = "met" if goal["met"] else "**missed**"
            goals.append(f"{named(goal['of'], figure)} {judge.with_range(goal['measured'])}, "
                         f"goal {bound_of(goal)}: {verdict}")
    if figure["refused"]:
        goals = [f"refused: {figure['refused']}"]
    elif figure["floor"] and not figure["goals"]:
        ratio = judge.spread(judge.values_of("ours/floor", figure["rounds"]))
        goals.append(f"ours/{figure['floor']} {judge.with_range(ratio)}")
    return [f"{figure['figure']}, {figure['unit']}", "<br>".join(shown), "<br>".join(goals)]


def table(record):
    machine = record["machine"]
    lines = [f"`{record['command']}`, commit {record['commit']}, {record['day']}, "
             f"{machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}; "
             f"load before {machine['load_before']:.1f}; {record['seconds']:.0f} s.", "",
             "| figure | median (least .. most) | ratio and goal |", "|---|---|---|"]
    lines += ["| " + " | ".join(cells(figure)) + " |" for figure in record["figures"]]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=f"{ROOT}/build")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    records = {}
    for path in glob.glob(f"{args.build}/bench/*.json"):
        with open(path, encoding="ascii") as file:
            records[os.path.basename(path).removesuffix(".json")] = json.load(file)

    def block(match):
        name = match[1]
        text = table(records[name]) if name in records else "Not measured."
        return f"<!-- figures {name} -->\n{text}\n<!-- end -->"

    with open(PAGE, encoding="utf-8") as file:
        before = file.read()
    after = BLOCK.sub(block, before)
    if args.check:
        return 0 if after == before else 1
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
