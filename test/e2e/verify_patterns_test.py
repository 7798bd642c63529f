#!/usr/bin/env python3
"""`quintet verify app.yaml`: one application under several patterns, equal under all disturbances,
and planted differences that are found.

Ends with 'N passed, N failed'.
"""
import json
import os
import signal
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from cli_check import perform, PROGRAM, started, write  # noqa: E402
from model_file_test import APP as BROUGHT, expected, fixture, other_model  # noqa: E402
from surroundings import until  # noqa: E402

TIMELESS = """quintet: 1
app: hits
pattern: monolithic
events: {hit: {fields: {key: string, size: int64}}}
features: {f: {of: hit, columns: {last: sum(size) over 3 events by key}}}
"""
TOLD = """quintet: 1
app: told
pattern: monolithic
events:
  deal: {id: id, time: at, fields: {id: string, at: timestamp}}
  claim: {id: id, time: at, fields: {id: string, at: timestamp, of: string, bad: bool}}
  visit: {id: id, fields: {id: string, paid: {type: bool, optional: true, use: label}}}
labels:
  fraud: {of: deal, value: any(bad) from claim over next 30d by of, otherwise: false, after: 2d}
  bought: {of: visit, value: paid, otherwise: false, after: 1d}
features: {f: {of: deal, columns: {weekday_of: weekday(at)}}}
"""
TWICE = "--patterns monolithic,monolithic"
SHA = r"[0-9a-f]{64}"


def verified(c, line, status=0):
    """The report of a verification of 300 orders, twice."""
    out = c.run(f"--format json -q verify app.yaml --input order=orders.csv {TWICE} {line}", status)
    report = json.loads(out or "{}")
    c.that(f"{line}: equal is {status == 0}", report.get("equal") is (status == 0), out[:3000])
    return report


def check_equal(c):
    c.run("verify app.yaml --input orders.csv " + TWICE, 0,
          rf"^pattern .*\n(monolithic +300 +0 +300 +0 +0 +0 +[\d.]+ +yes +{SHA}\n){{2}}"
          r"the answers are equal\n$", r"^monolithic: 300 events in")
    report = verified(c, "")
    one, other = report["patterns"]
    c.that("digests are equal", one["digest"] == other["digest"], report)
    again = verified(c, "")["patterns"][0]["digest"]
    c.that("and the same another time", again == one["digest"], again)
    less = verified(c, "--events 100")["patterns"][0]
    c.that("no more events than asked", less["events"] == 100 and less["digest"] != one["digest"])
    c.run("verify app.yaml --input orders.csv -q", 0, r"one pattern alone|answers are equal", "")


def check_disturbed(c):
    report = verified(c, "--duplicates 10 --late 10 --kill 3 --train-at 280 --seed 3 --keep all")
    for number, run in enumerate(report["patterns"], 1):
        c.that("events came twice", run["events"] > 310 and run["results"] == 300, run)
        with open(f"all/{number}-monolithic/log") as log:
            lives = log.read().count('"state is ready"')
        c.that("the process was killed three times", run["kills"] == 3 and lives == 4, run)
        c.that("the model was trained", run["models"] == 1 and run["promotions"] == 1, run)
    late = verified(c, "--late 20")["patterns"][0]["digest"]
    c.that("late events change answers", late != verified(c, "")["patterns"][0]["digest"])
    refused = verified(c, "--input order=bad.csv --kill 2")["patterns"][0]
    c.that("refused lines have letters", refused["refused"] == 1 == refused["letters"], refused)


def probabilities(dump):
    """{id of an event: (what its model said, and which version of it)}, and all promotions."""
    said, promotions = {}, []
    with open(dump) as file:
        for line in file:
            section, _, json_text = line.partition("\t")
            if section == "result":
                result = json.loads(json_text.partition("\t")[2])
                score = result["predictions"]["score"]
                said[result["id"]] = (score.get("probability"), score.get("version"))
            elif section == "promotions of score":
                promotions.append(json.loads(json_text.partition("\t")[2])["version"])
    return said, promotions


def check_promoted(c):
    """Model files from elsewhere, each in force behind just so many events under every pattern;
    what they say is what XGBoost itself said of these rows."""
    rows = list(expected())
    write("brought.yaml", BROUGHT.replace("file: models/own.ubj", "train: {label: bad_sale}"))
    write("sales.ndjson", "".join(json.dumps(dict(rows[i % len(rows)][0], id=f"s{i}")) + "\n"
                                  for i in range(90)))
    for name, model in (("one.ubj", fixture("binary.ubj")), ("two.json", other_model())):
        with open(name, "wb") as file:
            file.write(model)
    found = {}
    for more, models in (("", "@30 @60"), ("--kill 2 --seed 5", "@30 @60"), ("", "@29 @60")):
        first, second = models.split()
        line = (f"verify brought.yaml --input sale=sales.ndjson --promote score=two.json{second} "
                f"--promote score=one.ubj{first} -q --patterns monolithic,microservices {more}")
        keep = f"promoted{len(found)}"
        c.run(f"{line} --keep {keep}", 0, r"^the answers are equal$")
        first, second = int(first[1:]), int(second[1:])
        for pattern in ("1-monolithic", "2-microservices"):
            said, promotions = probabilities(f"{keep}/{pattern}/dump")
            found[keep] = said
            c.that(f"{more} {models} {pattern}: two promotions in the order of their events",
                   promotions == [1, 2], promotions)
            versions = [said.get(f"s{i}", (None, None))[1] for i in range(90)]
            c.that(f"{more} {models} {pattern}: in force behind so many events", versions ==
                   [None] * first + [1] * (second - first) + [2] * (90 - second), versions)
            c.that(f"{more} {models} {pattern}: as XGBoost says", all(
                said[f"s{i}"][0] == rows[i % len(rows)][1] for i in range(first, second)), said)
    c.that("kills change nothing", found["promoted0"] == found["promoted1"])
    c.that("a promotion one event earlier does", found["promoted0"] != found["promoted2"])
    c.run("verify brought.yaml --input sale=sales.ndjson --promote score=orders.csv@3 -q", 1, "",
          r"^error: .*model score: ")


def check_labels(c):
    """Labels told early, late, more than once or never, of events with and without a time."""
    write("told.yaml", TOLD)
    deals = [{"id": f"d{i}", "at": f"2024-01-{1 + i // 10:02d}T10:00:00Z"} for i in range(60)]
    claims = [{"id": f"k{i}", "at": "2024-01-08T00:00:00Z", "of": f"d{i}", "bad": i % 2 == 0}
              for i in range(20, 50, 3)]
    claims += [{"id": f"again{i}", "at": "2024-01-09T00:00:00Z", "of": f"d{i}", "bad": True}
               for i in range(20, 50, 6)]
    visits = [{"id": f"v{i}", **({"paid": True} if i % 3 == 0 else {})} for i in range(12)]
    for name, events in (("deals", deals), ("claims", claims), ("visits", visits)):
        write(name + ".ndjson", "".join(json.dumps(event) + "\n" for event in events))
    line = ("verify told.yaml --input deal=deals.ndjson --input claim=claims.ndjson --input "
            "visit=visits.ndjson -q --patterns monolithic,microservices")
    for number, more in enumerate(("", "--duplicates 5 --late 10 --kill 2 --seed 9")):
        c.run(f"{line} {more} --keep told{number}", 0, r"^the answers are equal$")
        with open(f"told{number}/2-microservices/dump") as file:
            results = [json.loads(line.split("\t")[2]) for line in file
                       if line.startswith("result\t")]
        labels = {result["id"]: result["labels"] for result in results if "labels" in result}
        c.that("what has labels has them", sorted(labels) ==
               sorted(one["id"] for one in deals + visits), labels.keys())
        last = labels["d47"]["fraud"]
        c.that("what was told is there with its place and time", last.pop("position") > 0 and
               last == {"value": False, "source": "report", "at": "2024-01-08T00:00:00Z"}, last)
        c.that("the last one counts", all(labels[f"d{i}"]["fraud"]["value"] is True
                                          for i in range(20, 50, 6)), labels)
        c.that("of what was not told the time from which it is false", labels["d0"]["fraud"] == {
            "value": None, "source": "unknown", "until": "2024-01-03T10:00:00Z"}, labels["d0"])
        c.that("times of admission are left out",
               set(labels["v3"]["bought"]) == {"value", "source", "position"} and
               set(labels["v1"]["bought"]) == {"value", "source"}, (labels["v1"], labels["v3"]))


def check_accepted(c):
    """Events that were answered before they had their outcome are compared by what came of them."""
    os.environ["QUINTET"] = PROGRAM
    write("slow.sh", f'#!/bin/sh\nexec {sys.executable} {HERE}/slow_infer.py "$@"\n')
    os.chmod("slow.sh", 0o755)
    c.run("verify app.yaml --input orders.csv -q --patterns monolithic,microservices --keep slow "
          "--program microservices=./slow.sh", 0, r"are equal", "")
    with open("slow/2-microservices/answers-1") as file:
        said = [line for line in file if '"accepted"' in line]
    c.that("some were accepted only", said)


def check_usage(c):
    write("hits.ndjson", '{"key":"a","size":1}\n{"key":"a","size":2}\n{"key":"a","size":2}\n')
    c.run("verify", 2, "", r"say which application, or --data")
    c.run("verify app.yaml", 2, "", r"--input is required")
    c.run("verify app.yaml --input nobody=orders.csv", 2, "", r"no event or table")
    c.run("verify app.yaml --input orders.csv --patterns none", 2, "", r'no pattern "none"; it has')
    c.run("verify app.yaml --input orders.csv --promote score", 2, "", r"MODEL=FILE@EVENTS")
    c.run("verify app.yaml --input orders.csv --promote nobody=x@3", 2, "", r'no model "nobody"')
    c.run("verify app.yaml --input orders.csv --promote score=nothing.ubj@3", 2, "",
          r"^error: --promote score=nothing.ubj@3: nothing.ubj: No such file")
    c.run("verify --help", 0, r"--promote MODEL=FILE@EVENTS(.|\n)*"
          r"--promote score=one.ubj@20000 --promote score=two.ubj@60000$", "")
    c.run("verify app.yaml --input orders.csv --program x=y", 2, "", r"write PATTERN=PATH")
    c.run("verify app.yaml --input orders.csv --report x.pdf", 2, "", r"must end in .html or .json")
    c.run("verify app.yaml --input orders.csv --late 101", 2, "", r"--late")
    c.run("verify app.yaml --input nothing.csv -q", 2, "", r"No such file")
    c.run("verify wrong.yaml --input orders.csv", 1, "", r"^error\[QNT-")
    c.run("verify app.yaml --input orders.csv --keep kept -q " + TWICE, 0)
    c.that("what is kept is kept", {"dump", "log", "data"} <= set(os.listdir("kept/1-monolithic")))
    c.run("verify app.yaml --input orders.csv --keep kept", 2, "", r"kept is not empty")
    write("ends.sh", "#!/bin/sh\necho it does not want to >&2\nexit 3\n")
    os.chmod("ends.sh", 0o755)
    c.run("verify app.yaml --input orders.csv --program monolithic=./ends.sh", 2, "",
          r"pattern monolithic: it ended before it was ready:\nit does not want to")
    write("timeless.yaml", TIMELESS)
    c.run("verify timeless.yaml --input hit=hits.ndjson -q " + TWICE, 0, r"are equal", "")
    write("timeless.yaml", TIMELESS + "views: {v: {of: hit, by: [key], every: 1h, aggregate: "
          "{hits: count()}}}\n")
    c.run("verify timeless.yaml --input hit=hits.ndjson", 1, "", r"hit has no `time:`.* view v ")


def children(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
        return [int(number) for number in file.read().split()]


def gone(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def check_interrupts(c):
    """Whatever ends the command ends the application that it runs, and takes its files away."""
    write("many.ndjson", "".join(json.dumps({"id": f"m{i}", "at": "2024-02-01T00:00:00Z",
                                             "customer": "c", "amount": 1}) + "\n"
                                 for i in range(200_000)))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["TMPDIR"] = folder
            with started("verify app.yaml --input order=many.ndjson -q " + TWICE) as process:
                child, = until(lambda p=process: children(p), "the application is started")
                process.send_signal(number)
                c.that(f"{number.name} ends it", process.wait(60) == -number)
            del os.environ["TMPDIR"]
            until(lambda pid=child: gone(pid), "the application is gone")
            c.that(f"nothing is left after {number.name}",
                   number == signal.SIGKILL or not os.listdir(folder), os.listdir(folder))


if __name__ == "__main__":
    perform([check_equal, check_disturbed, check_promoted, check_labels, check_accepted,
             check_usage, check_interrupts])
