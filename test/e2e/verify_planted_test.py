#!/usr/bin/env python3
"""`quintet verify app.yaml` finds what a pattern answers otherwise: a door that tells one lie
(planted_door.py) stands for the second of two runs, and the report has to name the position and
the field of it, and nothing else.

Ends with 'N passed, N failed'.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from cli_check import APP, perform, PROGRAM, write  # noqa: E402

VIEW = "views: {by_customer: {of: order, by: [customer], aggregate: {orders: count()}}}\n"
REPORTS = """  claim:
    id: claim_id
    time: filed
    fields: {claim_id: string, filed: timestamp, sale: string, bad: bool}
labels:
  told: {of: order, value: any(bad) from claim over next 30d by sale, otherwise: false, after: 1d}
"""
# Orders follow each other behind the records of the application.
kBefore = 2


def position(number):
    return str(kBefore + 1 + number)


def report_of(c, plant, more="", app=APP + VIEW):
    write(plant, f'#!/bin/sh\nexec {sys.executable} {HERE}/planted_door.py {plant} "$@"\n')
    os.chmod(plant, 0o755)
    write("lies.yaml", app)
    os.environ["QUINTET"] = PROGRAM  # for the door
    line = (f"--format json -q verify lies.yaml --input order=orders.csv --input order=bad.csv "
            f"--patterns monolithic,monolithic --program monolithic=./{plant} {more}")
    return json.loads(c.run(line, 1) or "{}")


def differences(report):
    """[(section, different, only_a, only_b, key of the first, its id, {field: (a, b)})]"""
    return [(one["section"], one["different"], one["only_a"], one["only_b"], one["first"]["key"],
             one["first"].get("id"),
             {part["field"]: (part["a"], part["b"]) for part in one["first"]["fields"]})
            for one in report["comparisons"][0]["sections"] if "first" in one]


def planted(c, plant, expected, replies=0, more="", app=APP + VIEW):
    """`expected`: section, counts, key, id and the names of the fields, of the one difference."""
    report = report_of(c, plant, more, app)
    found = [(*one[:-1], list(one[-1])) for one in differences(report)]
    c.that(f"{plant} is found and nothing else", found == [expected], f"{found} {expected}")
    honest, liar = report["patterns"]
    c.that(f"{plant}: the digests differ", honest["digest"] != liar["digest"])
    c.that(f"{plant}: it is the second that differs", honest["equal"] and not liar["equal"])
    c.that(f"{plant}: replies that differ", honest["replies_differ"] == 0 and
           liar["replies_differ"] == replies, liar)
    return report


def check_results(c):
    report = planted(c, "last_digit", ("result", 1, 0, 0, position(150), "o150",
                                       ["features.usual"]), 1)
    (*_, fields), = differences(report)
    a, b = fields["features.usual"]
    c.that("a float's last digit is shown", a != b and a[:-1] == b[:-1], (a, b))
    first = report["patterns"][1]["first_reply"]
    c.that("and the reply was another", str(first["position"]) == position(150) and
           first["fields"][0]["field"] == "features.usual", first)
    (*_, fields), = differences(planted(c, "window_edge", (
        "result", 1, 0, 0, position(151), "o151", ["features.orders_7d"]), 1))
    a, b = fields["features.orders_7d"]
    c.that("a window holds one event more", int(b) == int(a) + 1, (a, b))
    planted(c, "other_reason", ("result", 1, 0, 0, position(152), "o152",
                                ["decisions.verdict.reason"]), 1)
    planted(c, "lost_event", ("result", 0, 1, 0, position(153), "o153", [""]))


def check_labels(c):
    """What is told of an event later changes no reply, and is compared all the same."""
    (*_, fields), = differences(planted(c, "other_label", (
        "result", 1, 0, 0, position(154), "o154", ["labels.return.value"])))
    c.that("the value is shown", fields["labels.return.value"] == ("false", "true"), fields)
    app = APP.replace("labels:\n", REPORTS)
    write("claims.csv", "claim_id,filed,sale,bad\nk1,2024-01-05T12:00:00Z,o155,true\n"
          "k2,2024-01-06T12:00:00Z,o156,true\n")
    # Behind them come the claims, of which the first is that of o155.
    claims = "--input claim=claims.csv"
    (*_, fields), = differences(planted(c, "other_report", (
        "result", 1, 0, 0, position(155), "o155", ["labels.told.position"]), 0, claims, app))
    a, b = fields["labels.told.position"]
    c.that("a report one position later", int(b) == int(a) + 1, (a, b))
    (*_, fields), = differences(planted(c, "lost_report", (
        "result", 1, 0, 0, position(156), "o156",
        [f"labels.told.{name}" for name in ("at", "position", "source", "until", "value")]), 0,
        claims, app))
    c.that("where it came from and when", fields["labels.told.source"] ==
           ('"report"', '"unknown"') and fields["labels.told.value"] == ("true", "null") and
           fields["labels.told.at"] == ('"2024-01-06T12:00:00Z"', "(absent)"), fields)


def check_letters_and_views(c):
    (*_, fields), = differences(planted(c, "doubled_letter", ("letter", 0, 0, 1, "2", None, [""])))
    c.that("what stands once is shown", fields[""][0] == "(absent)" and "b0" in fields[""][1])
    planted(c, "view_line", ("view by_customer", 1, 0, 0, '{"by":{"customer":"c1"}}', None,
                             ["orders"]))


def check_models(c):
    train = "--train-at 280"
    planted(c, "early_model", ("result", 1, 0, 0, position(278), "o278",
                               ["predictions.score.probability", "predictions.score.version"]),
            1, train)
    report = report_of(c, "early_promotion", train)
    found, = differences(report)
    c.that("a promotion one position early stands on both sides alone",
           found[:4] == ("promotions of score", 0, 1, 1), found)
    planted(c, "model_digest", ("model score", 1, 0, 0, "1", None, ["digest"]), 0, train)


def check_text(c):
    """What people read says the same."""
    write("last_digit", f'#!/bin/sh\nexec {sys.executable} {HERE}/planted_door.py last_digit "$@"')
    c.run("verify lies.yaml --input order=orders.csv --patterns monolithic,monolithic -q --report "
          "found.html --program monolithic=./last_digit", 1,
          rf'\n  result: 1 differ of 300 \| 300; the first: {position(150)} '
          rf'{{"id":"o150","position":{position(150)}}}\n    features.usual: \S+ \| \S+\n'
          r"the answers differ\n$", "")
    with open("found.html") as file:
        page = file.read()
    c.that("the page shows it too", "The answers differ." in page and "features.usual" in page)
    c.run("verify lies.yaml --input order=orders.csv --report equal.json -q --patterns "
          "monolithic,monolithic", 0, r"are equal")
    with open("equal.json") as file:
        c.that("the report is JSON", json.load(file)["equal"] is True)


if __name__ == "__main__":
    perform([check_results, check_labels, check_letters_and_views, check_models, check_text])
