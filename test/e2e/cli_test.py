#!/usr/bin/env python3
"""Every command of `quintet` that needs no server, with good and with bad input: what it says,
where, and its status.

Results go to stdout, progress and complaints to stderr; 0 is ok, 1 the fault of the application or
its data, 2 of the command line or the machine. Ends with 'N passed, N failed'.
"""
import gzip
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli_check import APP, PROGRAM, ROOT, orders, perform, started, write  # noqa: E402
from surroundings import kPatience, until  # noqa: E402

COMMANDS = ("new check test diff backfill train run send results dead-letters verify models erase "
            "explain schema functions show doctor completion").split()


def check_help(c):
    c.run("--help", 0, r"First steps:.*quintet new", "")
    c.run("help", 0, r"^Subcommands:", "")
    c.run("help train", 0, r"Usage: quintet train .*FILE?|Usage: quintet train", "")
    c.run("--version", 0, r"^quintet \d+\.\d+\.\d+$", "")
    for command in COMMANDS:
        c.run(command + " --help", 0, r"^Examples?: .*quintet " + command, "")
    c.run("", 2, "", r"^error: say what to do\nhelp: quintet --help")
    c.run("chek app.yaml", 2, "", r"no command \"chek\"; did you mean check\?")
    c.run("check", 2, "", r"^error: app is required\nhelp: quintet check --help")
    c.run("check app.yaml --bogus", 2, "", r"^error: .*--bogus")
    c.run("--format xml check app.yaml", 2, "", r"^error: --format: xml")
    c.run("--format json chek", 2, r'^\{"error":"there is no command .*"code":"invalid"\}$')
    c.run("help nothing", 2, "", r"there is no command")


def check_check(c):
    c.run("check app.yaml", 0, r"^app.yaml: ok: 1 events and tables, 3 columns, 1 models$", "")
    c.run("check app.yaml --format json", 0, r'^\{"app":"shop","digest":"\w+","bad_lines":0\}$', "")
    c.run("check app.yaml --input orders.csv", 0, r"ok", r"orders.csv: 300 events, 0 bad lines")
    c.run("check --input order=orders.csv.gz app.yaml", 0, r"ok", r"300 events")
    c.run("check app.yaml --input order=bad.csv", 1, r"ok",
          r"^bad.csv:2: amount: -1.00 is below the minimum 0.00$")
    c.run("check app.yaml --input several.csv", 1, r"ok",
          r"^several.csv:4: a quote is not closed\nseveral.csv:5: amount: -1.00 is below(.|\n)*"
          r"^several.csv: 2 events, 2 bad lines")
    c.run("check nothing.yaml", 2, "", r"^error: nothing.yaml: No such file or directory$")
    c.run("check .", 2, "", r"^error: .: Is a directory$")
    c.run("check binary", 1, "", r"^error\[QNT-0002\]: this byte is not valid UTF-8\n --> binary:1")
    c.run("check wrong.yaml", 1,
          "", r"^error\[QNT-\d+\].*\n +--> wrong.yaml:27:22\n(.|\n)*did you mean `orders_7d`")
    c.run("check wrong.yaml --format json", 1, r'"code":"QNT-\d+"', "")
    c.run("check app.yaml --input order=nothing.csv", 2, None, r"^error: nothing.csv: No such file")
    c.run("check app.yaml --input order=.", 2, None, r"^error: \.: Is a directory")
    c.run("check app.yaml --input nobody=orders.csv", 2, None, r'no event or table "nobody"')
    c.run("check app.yaml --input order=other.csv", 1, None,
          r"^error: other.csv:1: id: the header lacks this column$")


def check_new(c):
    c.run("new --from orders.csv made.yaml", 0, r"^made.yaml is written and checked$",
          r"looked at 300 lines of orders.csv: 5 columns\nnext: quintet run made.yaml")
    c.run("check made.yaml --input record=orders.csv", 0, r"made.yaml: ok", r"300 events, 0 bad")
    with open("app.schema.json") as file:
        c.that("the schema that the file's first line names lies beside it",
               json.load(file)["title"] == "Quintet application")
    c.run("new --from orders.csv made.yaml", 2, "", r"made.yaml is there already; --replace")
    c.run("new --from orders.csv made.yaml --replace --format json", 0,
          r'^\{"file":"made.yaml","app":"made"\}$', "")
    c.run("new --from orders.csv.gz -", 0, r"time: at(.|\n)*use: label")
    odd = c.run("new --from odd.csv -", 0, r'separator: ";"')
    c.that("a header with blanks, umlauts and quotes becomes names", all(
        word in odd for word in ('order_id: {type: int64, from: "Order Id"}', "personal?",
                                 "a date?", "a number?", "null in 1 of 2")), odd)
    c.run("new --from several.csv -", 0, r"amount: .*int64",
          r"^looked at 3 lines.*: 5 columns\nleft out 1 lines")
    write("odd.yaml", odd)
    c.run("check odd.yaml --input record=odd.csv", 0, r"ok", r"2 events, 0 bad lines")
    c.run("new --from latin.csv -", 0,
          None, r"left out 1 lines(.|\n)*every column is taken for text")
    c.run("new --from twice.csv -", 1, "", r"^error: twice.csv:1: the header names `a` twice$")
    c.run("new --from empty.csv -", 1, "", r"empty.csv is empty: a CSV file needs a header line")
    c.run("new --from binary -", 1, "", r"^error: binary:1: .*UTF-8")
    write("data.json", '{"a": 1,\n"b": [1, 2]}\n')
    c.run("new --from data.json -", 1, "", r"^error: data.json is JSON: a first file is made from")
    write("readme.md", "# Words\n" + "some text, and more, of it\n" * 9)
    c.run("new --from readme.md -", 1, "", r"readme.md is no CSV with a header line: 9 of 9 lines")
    write("wide.csv", ",".join(f"c{i}" for i in range(1500)) + "\n")
    c.run("new --from wide.csv -", 1, "", r"has 1500 columns, an event has at most 1024 fields")
    c.run("new --from nothing.csv x.yaml", 2, "", r"^error: nothing.csv: No such file")
    c.run("new --from . x.yaml", 2, "", r"Is a directory$")
    c.run("new --from orders.csv /nowhere/x.yaml", 2, "", r"cannot write /nowhere/x.yaml: No such")
    c.run("new --from orders.csv /dev/full --replace", 2,
          "", r"cannot write all of /dev/full: No sp")
    for template in ("blank", "fraud", "maintenance", "chargebacks"):
        c.run(f"new --template {template} {template}.yaml", 0, r"is written and checked")
    c.run("new --template none x.yaml", 2, "", r"there are blank, fraud, maintenance, chargebacks")


def check_test_and_diff(c):
    c.run("test app.yaml", 2, "", r"^error: there are no tests; put them into tests/\*.yaml")
    os.mkdir("tests")
    write("tests/first.yaml",
          "given:\n  - order: {id: a, at: 2024-01-01T10:00:00Z, customer: x, amount: 5}\n"
          "expect:\n  \"a\": {orders_7d: 3}\n")
    c.run("test app.yaml", 1, r"^tests/first.yaml:4: a: orders_7d\n  expected 3\n  got      0$", "")
    c.run("test app.yaml --format json", 1, r'"mismatches":\[\{"line":4,"id":"a"', "")
    c.run("test app.yaml --update", 0, None, r"tests/first.yaml is updated: 1 values differed")
    c.run("test app.yaml tests/first.yaml", 0,
          r"^tests/first.yaml: ok: 1 events, 1 values, 0 differ$")
    write("tests/again.yaml",
          "given:\n  - order: {id: a, at: 2024-01-01T10:00:00Z, customer: x, amount: 5}\n"
          "  - order: {id: a, at: 2024-01-01T10:00:00Z, customer: x, amount: 6}\n"
          "expect:\n  a: refused\n  a/2: {orders_7d: 0}\n")
    c.run("test app.yaml tests/again.yaml", 1,
          r"a: outcome\n  expected refused\n  got      a result(.|\n)*"
          r"a/2: outcome\n  expected a result\n  got      refused: ", "")
    c.run("test app.yaml tests/again.yaml --update", 0, None, r"again.yaml is updated: 2 values")
    c.run("test app.yaml tests/again.yaml", 0, r"again.yaml: ok: 2 events, \d values, 0 differ")
    os.remove("tests/again.yaml")
    c.run("test app.yaml tests/nothing.yaml", 2, None, r"nothing.yaml: No such file")
    write("tests/broken.yaml", "events: [")
    c.run("test app.yaml tests/broken.yaml", 1, None, r"tests/broken.yaml")
    write("next.yaml", APP.replace("count() over 7d", "count() over 14d"))
    c.run("diff app.yaml app.yaml", 0, r"^3 columns unchanged$", "")
    c.run("diff app.yaml next.yaml --kept 9d", 0,
          r"orders_7d: changed(.|\n)*score: must be trained")
    c.run("diff app.yaml next.yaml --format json", 0, r"^\{.*orders_7d.*\}$", "")
    c.run("diff app.yaml nothing.yaml", 2, "", r"No such file")
    c.run("diff app.yaml wrong.yaml", 1, "", r"^error\[QNT-")
    c.run("diff app.yaml next.yaml --kept soon", 2, "", r'--kept: "soon" is no duration')


def check_backfill_and_train(c):
    c.run("backfill app.yaml --input order=orders.csv --output rows.csv", 0,
          r"^300 events: 300 written, 0 repeated, 0 refused, 0 bad lines\ndigest of the outcomes: ",
          r"^backfill: 300 events in")
    with open("rows.csv") as file:
        rows = file.read()
    c.that("rows have a header and a line an event", rows.count("\n") == 301 and rows.startswith(
        "event,id,position,orders_7d,usual,risk,score.probability,verdict\norder,o0,3,0,,0,,fine"))
    c.that("no part is left", not os.path.exists("rows.csv.part"))
    header, lines = orders(300).split("\n", 1)
    write("long.csv", header + "\n" + lines * 2000)
    with started("backfill app.yaml --input order=long.csv --output never.csv") as process:
        until(lambda: os.path.exists("never.csv.part") or process.poll() is not None, "a part")
        process.send_signal(signal.SIGINT)
        c.that("Ctrl-C ends it", process.wait(kPatience) == -signal.SIGINT)
    os.remove("long.csv")
    c.that("what was interrupted is not taken for the whole", not os.path.exists("never.csv"))
    out = c.run("backfill app.yaml --input order=orders.csv --output - -q", 0)
    c.that("stdout gets the same rows", out == rows)
    c.run("backfill app.yaml --input orders.csv --output rows.csv.gz -q", 0)
    with gzip.open("rows.csv.gz", "rt") as file:
        c.that("a .gz gets the same rows", file.read() == rows)
    out = c.run("backfill app.yaml --input orders.csv --format json", 0, r"^\{.*\}$")
    c.that("as JSON", json.loads(out)["written"] == 300)
    c.run("backfill app.yaml --input orders.csv --input order=bad.csv", 1, r"1 bad lines",
          r"^bad.csv:2: refused: amount: -1.00 is below")
    c.run("backfill app.yaml --input several.csv --output - -q", 1, r"^order,q3,",
          r"^several.csv:4: refused: a quote is not closed$")
    c.run("backfill app.yaml --input orders.csv --output rows.parquet", 2, "",
          r"--output: rows.parquet: .* must end in .csv")
    c.run("backfill app.yaml --input orders.csv --output /dev/full", 2, None, r"No space left")
    c.run("backfill app.yaml --input orders.csv --output /nowhere/x.csv", 2,
          "", r"/nowhere/x.csv: No")
    c.run("backfill app.yaml --input orders.csv --from soon", 2,
          "", r"^error: --from: .* no(t a)? time")
    c.run("backfill app.yaml --input orders.csv --model score=binary", 2, "",
          r"--model: model score: binary: the model file is neither JSON nor UBJ")
    c.run("backfill app.yaml --input orders.csv --model nobody=x", 2, "", r"--model nobody=x")
    c.run("train app.yaml --input order=orders.csv", 0, r"^auc +\d\.\d+ +0.500000$(.|\n)*score.ubj",
          r"round 10 of 10")
    c.that("a model has its cards", all(map(os.path.exists, (
        "score.ubj", "score.card.md", "score.card.json"))) and not os.path.exists(
            "score.ubj.training"))
    c.run("train app.yaml --input orders.csv --format json -q --output m.ubj", 0,
          r'^\{"model":"m.ubj","events":300', "")
    c.run("backfill app.yaml --input orders.csv --model score=score.ubj --output - -q", 0,
          r"^order,o299,303,.*,0\.\d+,fine$")
    c.run("train app.yaml --input orders.csv --set rounds=5 --set max_depth=2 --store store", 0,
          r"^version 1 of score is registered and in force: auc ")
    c.run("train app.yaml --input orders.csv --set rounds=5 --set max_depth=2 --store store", 0,
          r"^version 2 of score is registered and not in force: ")
    c.run("train app.yaml --input orders.csv --set dept=2", 2,
          "", r"--set: there is no parameter \"dept")
    c.run("train app.yaml --input orders.csv --set max_dept=2", 2, "", r"did you mean max_depth\?")
    c.run("train app.yaml --input orders.csv --set rounds=many", 2,
          "", r"rounds: expected a number")
    c.run("train app.yaml --input orders.csv --set rounds", 2, "", r"--set: write NAME=VALUE")
    c.run("train app.yaml --input orders.csv --model nobody", 2, "", r"no model nobody")
    c.run("train app.yaml --input orders.csv --as-of soon", 2, "", r"^error: --as-of: ")
    c.run("train app.yaml --input orders.csv --output /nowhere/x", 2,
          "", r"cannot write /nowhere/x")
    c.run("train app.yaml --input orders.csv --store /proc/x", 2, "", r"^error: /proc/x")
    c.run("train app.yaml --input two.csv", 1, None, r"^error: ")


def check_stored(c):
    """What a directory tells when nothing runs on it; `store` is left by the training."""
    c.run("models store", 0, r"^score +1 in force .* auc \d\.\d{4}(.|\n)*^score +2  ", "")
    c.run("models store show score", 0, r"version 1 in force after position \d+: auc ", "")
    c.run("models store show score 2", 0, r"rows learned from(.|\n)*^inputs amount orders_7d")
    c.run("models store promote score 2", 0,
          r"^score: version 2 is in force after position \d+ \(by")
    c.run("models store rollback score", 0,
          r"^score: version 1 is in force after position \d+ \(roll")
    c.run("models store promote score 0", 0, r"^score: no version is in force")
    c.run("models store promote score 1 --format json", 0, r'^\{"model":"score","in_force":1', "")
    c.run("models store --format json", 0, r'^\{"models":\[\{"model":"score"', "")
    c.run("models store promote score 9", 2, "", r"^error: model score has no version 9$")
    c.run("models store promote score", 2, "", r"^error: version: say which version$")
    c.run("models store promote score x", 2, "", r"^error: version")
    c.run("models store promote", 2, "", r"say which model")
    c.run("models store promote nobody 1", 2, "", r'no model "nobody"')
    c.run("models store burn", 2, "", r"burn")
    for command in ("models nowhere", "results --data nowhere", "dead-letters --data nowhere"):
        c.run(command, 2, "", r"^error: there is no log in nowhere$")
    c.that("asking makes no directory", not os.path.exists("nowhere"))
    c.run("results --data store --limit 2", 0, r'^\{"event":"order","id":"o0","position":3', "")
    c.run("results --data store o7", 0, r'"id":"o7"', "")
    c.run("results --data store @5", 0, r'"position":5', "")
    c.run("results --data store --digest", 0, r"^\w{64}  300 results$", "")
    c.run("results --data store --digest --format json", 0,
          r'^\{"results":300,"digest":"\w{64}"\}$')
    c.run("results --data store nobody", 2, "", r"no result of nobody")
    c.run("results --data store --decision verdict:block", 0, "",
          r"^there are no such results\nthe application decides: verdict:look verdict:fine$")
    c.run("results --data store --decision verdict", 2, "", r"--decision: write NAME:VALUE")
    c.run("results", 2, "", r"say where: either a URL or --data DIR")
    c.run("dead-letters --data store", 0, "", r"there are no dead letters")
    c.run("dead-letters --data store show 1", 2, "", r"no dead letter 1")
    c.run("dead-letters --data store show", 2, "", r"by its number")
    c.run("dead-letters --data store replay 1", 1, "", r"needs the running application")
    c.run("dead-letters --data store burn 1", 2, "", r'"burn" is neither')


def check_explain(c):
    c.run("explain QNT-0101", 0, r"^QNT-0101: An unknown key", "")
    c.run("explain QNT-0101 --format json", 0, r'^\{"text":"QNT-0101', "")
    c.run("explain QNT-9999", 2, "", r"no code QNT-9999")
    c.run("explain app.yaml", 2, "", r"^error: write: quintet explain app.yaml EVENT_ID COLUMN")
    files = c.run("explain app.yaml o200 usual --input order=orders.csv", 0,
                  r"^mean\(amount\) over 7d, order by customer = ", "")
    stored = c.run("explain app.yaml o200 usual --data store", 0, r"^order o200 @203, ", "")
    c.that("a log and the files tell the same", files == stored, files + stored)
    own = c.run("explain app.yaml o200 usual --data store --at 203", 0, None, "")
    c.that("an event is not in its own history", own == stored, own)
    c.run("explain app.yaml o200 usual --data store --at 250", 0,
          r"^as it would be after position 250$")
    c.run("explain app.yaml o200 risk --data store --limit 3", 0,
          r"^mean\(return\) over 7d delayed 1d(.|\n)*(^  in .*\n){3}")
    c.run("explain app.yaml o200 usual --data store --format json", 0,
          r'^\{"event":"order".*"inside":true')
    c.run("explain app.yaml o200 nobody --data store", 2, "", r'no column "nobody"')
    c.run("explain app.yaml nobody usual --data store", 2, "", r"no event with the id nobody")
    c.run("explain app.yaml o200 usual --data nowhere", 2, "", r"no log in nowhere")
    c.run("explain app.yaml o200 usual --data store --at 99999", 2, "", r"the log ends at position")
    c.run("explain app.yaml o200 usual --input order=nothing.csv", 2, "", r"No such file")


def check_descriptions(c):
    schema = json.loads(c.run("schema", 0, None, ""))
    with open(os.path.join(ROOT, "api/app.schema.json")) as file:
        c.that("api/app.schema.json is what `schema` prints", json.load(file) == schema)
    page = c.run("functions markdown", 0, None, "")
    with open(os.path.join(ROOT, "docs/reference/functions.md")) as file:
        c.that("docs/reference/functions.md is what `functions` prints", file.read() == page)
    c.run("functions", 0, r"^round\((.|\n)*^mean\(x\) over WINDOW by KEY -> double$", "")
    c.run("functions round", 0, r"round\(2.5\) is 3", "")
    c.run("functions mean", 0, r"^mean\(x\) -> double, an aggregate", "")
    c.run("functions men", 2, "", r"did you mean mean\?")
    c.that("functions as JSON", len(json.loads(c.run("functions --format json", 0, None, ""))) > 40)
    c.run("show", 0, r"^flowchart", "")
    c.run("explain --pattern microservices", 0, r"^flowchart(.|\n)*subgraph gateway", "")
    c.run("explain --pattern nobody", 2, "", r'no pattern "nobody"; it has monolithic')
    c.run("explain QNT-0101 --pattern monolithic", 2, "", r"a pattern is explained without")
    c.run("explain", 2, "", r"write a code as QNT-0101")
    c.run("show --pattern nobody", 2, "", r'no pattern "nobody"; it has monolithic')
    # A busy disk is a finding too, so the status is what the findings say.
    for form, bad in (("text", r"^BAD "), ("json", r'"state":"bad"')):
        done = subprocess.run([PROGRAM, "doctor", "--format", form], capture_output=True, text=True,
                              check=False)
        found = re.search(bad, done.stdout, re.M) is not None
        c.that("doctor as " + form, done.returncode == (2 if found else 0) and done.stderr == "" and
               "durable write" in done.stdout, done.stdout)
    c.run("doctor --data /proc/nowhere", 2, r"^BAD +durable write +impossible$")
    c.run("completion csh", 2, "", r"csh")


# What a shell offers after a line: the last word is what is being typed.
def completed(line):
    words = " ".join("'" + word + "'" for word in line)
    script = (f'eval "$("{PROGRAM}" completion bash)"; COMP_WORDS=({words}); '
              f"COMP_CWORD={len(line) - 1}; _quintet; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 and not done.stderr else [done.stderr]


def check_completion(c):
    for line, least in ((["quintet", ""], {*COMMANDS, "help"}),
                        (["quintet", "mod"], {"models"}),
                        (["quintet", "--format", ""], {"text", "json"}),
                        (["quintet", "--format", "json", "dia"], set()),
                        (["quintet", "train", "--"], {"--input", "--set", "--store", "--format"}),
                        (["quintet", "-q", "models", "x", ""], {"list", "show", "promote"}),
                        (["quintet", "new", "--template", ""], {"blank", "fraud"}),
                        (["quintet", "train", "--input", ""], set()),
                        (["quintet", "completion", "z"], {"zsh"})):
        found = set(completed(line))
        c.that(f"completion of {line}", found >= least and (least or not found), str(found))
    for shell in ("zsh", "fish"):
        text = c.run("completion " + shell, 0, None, "")
        c.that(f"{shell} knows every command and --input",
               all(command in text for command in COMMANDS) and "input" in text)
        if shell == "fish":
            c.that("flags take no value", "-l quiet\n" in text and "-l app -r" in text, text)
        if shutil.which(shell):
            done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True,
                                  check=False)
            c.that(f"{shell} reads its completion", done.returncode == 0, done.stderr)


def check_color(c):
    """Colour on a terminal only, and not with NO_COLOR."""
    try:
        for end in os.openpty():
            os.close(end)
    except OSError as error:
        print(f"colour is not checked: this system gives no terminal ({error})")
        return
    script, program = shutil.which("script"), shlex.quote(PROGRAM)
    for variable, wanted in (("", True), ("1", False)):
        environment = dict(os.environ, NO_COLOR=variable, TERM="xterm")
        done = subprocess.run([script, "-qec", f"{program} check wrong.yaml", "/dev/null"],
                              capture_output=True, text=True, env=environment, check=False,
                              stdin=subprocess.DEVNULL)
        c.that(f"colour with NO_COLOR={variable!r}", ("\x1b[" in done.stdout) == wanted,
               done.stdout)
    done = subprocess.run([script, "-qec", f"{program} backfill app.yaml --input orders.csv",
                           "/dev/null"], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    c.that("a bar on a terminal", "[##############################] 100 %" in done.stdout,
           done.stdout)


if __name__ == "__main__":
    perform([check_help, check_check, check_new, check_test_and_diff, check_backfill_and_train,
             check_stored, check_explain, check_descriptions, check_completion, check_color])
