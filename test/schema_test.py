#!/usr/bin/env python3
"""The JSON Schema of application files and `quintet check` agree on structure: both take the
examples, both refuse files with a wrong key, kind or word, and what only a reader of expressions
can see is refused by `check` alone. The validator is jsonschema, written by others.

Ends with 'N passed, N failed'.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile

import jsonschema
import yaml

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
QUINTET = os.environ.get("QUINTET", os.path.join(ROOT, "build", "quintet"))

HEAD = """quintet: 1
app: t
events:
  e:
    id: id
    fields: {id: string, k: string, m: int64, bad: {type: bool, use: label, optional: true}}
labels:
  was_bad: {of: e, value: bad}
features:
  f: {of: e, columns: {c: m + 1}}
"""
MODEL = HEAD + "models:\n  score: {of: e, type: xgboost, inputs: [c], %s}\n"
TRAIN = MODEL % "train: {label: was_bad, %s}"


def event(text):
    return f"quintet: 1\napp: t\nevents:\n  e: {{{text}}}\n"


def field(text):
    return event(f"fields: {{k: {text}}}")


# Wrong in structure, with the code that `check` gives.
BROKEN = [
    ("QNT-0101", HEAD + "timezome: UTC\n"),
    ("QNT-0102", "app: t\nevents:\n  e: {fields: {k: string}}\n"),
    ("QNT-0102", "quintet: 1\napp: t\n"),
    ("QNT-0102", "quintet: 1\nevents:\n  e: {fields: {k: string}}\n"),
    ("QNT-0102", event("id: k")),
    ("QNT-0103", event("fields: [k]")),
    ("QNT-0103", event("id: [k], fields: {k: string}")),
    ("QNT-0101", event("ident: k, fields: {k: string}")),
    ("QNT-0101", field("{type: string, optionl: true}")),
    ("QNT-0102", field("{optional: true}")),
    ("QNT-0103", field("{type: string, optional: 1}")),
    ("QNT-0108", field("{type: string, use: lable}")),
    ("QNT-0108", field("{type: string, privacy: encrypt}")),
    ("QNT-0103", field("{type: string, levels: {a: b}}")),
    ("QNT-0103", field("{type: int64, minimum: [1]}")),
    ("QNT-0108", event("fields: {k: string}, input: {unknown: keep}")),
    ("QNT-0101", event("fields: {k: string}, input: {seperator: ;}")),
    ("QNT-0104", event("fields: {K: string}")),
    ("QNT-0105", field("string").replace("k:", "'no':")),
    ("QNT-0103", HEAD + "late: soon\n"),
    ("QNT-0103", HEAD + "sets: {days: 1d}\n"),
    ("QNT-0103", HEAD + "constants: {x: [1]}\n"),
    ("QNT-0108", HEAD + "pattern: monolit\n"),
    ("QNT-0103", HEAD + "tables: [t]\n"),
    ("QNT-0102", HEAD + "tables: {t: {fields: {k: string}}}\n"),
    ("QNT-0101", HEAD + "decisions: {d: {of: e, cases: [{whem: m > 1, then: a}]}}\n"),
    ("QNT-0102", HEAD + "decisions: {d: {of: e, cases: [{when: m > 1}]}}\n"),
    ("QNT-0103", HEAD + "decisions: {d: {of: e, cases: {then: a}}}\n"),
    ("QNT-0102", HEAD + "views: {v: {of: e}}\n"),
    ("QNT-0103", HEAD + "views: {v: {of: e, aggregate: [count()]}}\n"),
    ("QNT-0103", HEAD + "views: {v: {of: e, every: often, aggregate: {x: count()}}}\n"),
    ("QNT-0108", MODEL.replace("xgboost", "xgbost") % "file: a.json"),
    ("QNT-0103", MODEL.replace("[c]", "{a: b}") % "file: a.json"),
    ("QNT-0101", MODEL % "file: a.json, fil: b"),
    ("QNT-0109", TRAIN % "rounds: many"),
    ("QNT-0101", TRAIN % "max_dept: 4"),
    ("QNT-0502", TRAIN % "max_depth: x"),
    ("QNT-0502", TRAIN % "eta: [0.1, 0.2]"),
    ("QNT-0502", TRAIN % "tree_method: gpu_hist"),
    ("QNT-0102", MODEL % "train: {rounds: 5}"),
    ("QNT-0101", MODEL % "file: a.json, promote: {when: auc >= current, wen: x}"),
    ("QNT-0106", HEAD + "schedules: {}\n"),
    ("QNT-0106", event("fields: {k: string}, emit: gap 30m")),
    ("QNT-0106", TRAIN % "weight: m"),
    ("QNT-0106", MODEL % "file: a.json, canary: {share: 0.1}"),
]
# Right in structure; what is wrong stands in a name or an expression.
MEANING = [
    ("QNT-0404", HEAD.replace("c: m + 1", "c: c + 1")),
    ("QNT-0310", HEAD.replace("c: m + 1", "c: n_m + 1")),
    ("QNT-0201", HEAD + "views: {v: {of: q, aggregate: {x: count()}}}\n"),
    ("QNT-0505", MODEL % "where: m > 1"),
    ("QNT-0205", field("{type: int64, minimum: 5, maximum: 1}")),
    ("QNT-0205", field("{type: string, levels: []}")),
    ("QNT-0109", HEAD + "retain: 0d\n"),
    ("QNT-0502", TRAIN % "subsample: 7"),
    ("QNT-0502", TRAIN % "l2: 1"),
    ("QNT-0105", field("{type: string, levels: [yes, 'no']}")),
    ("QNT-0105", HEAD + "decisions: {d: {of: e, cases: [{then: no}]}}\n"),
    ("QNT-0105", HEAD.replace("app: t", "app: on")),
]
GOOD = [HEAD, field("{type: string, levels: ['yes', 'no']}"),
        TRAIN % "rounds: 5, max_depth: 3", MODEL % "file: a.json",
        HEAD + "late: 2h\nahead: 0s\ntimezone: '+02:00'\nconstants: {x: 1.5, w: a, z: true}\n"]


def check(text):
    """The codes of the errors that `quintet check` gives; none if it takes the file."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([QUINTET, "check", "--format", "json", file.name],
                              capture_output=True, text=True)
    found = [json.loads(line) for line in done.stdout.splitlines() if '"code"' in line]
    # The file was taken; the model file that it names is not there.
    if [one["code"] for one in found] == ["QNT-0513"] and done.returncode == 2:
        return []
    codes = [one["code"] for one in found if one["severity"] == "error"]
    assert (done.returncode == 0) == (not codes), done.stdout + done.stderr
    return codes


def main():
    with open(os.path.join(ROOT, "api", "app.schema.json")) as file:
        schema = json.load(file)
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema)
    passed = failed = 0

    def expect(good, what, text):
        nonlocal passed, failed
        passed, failed = passed + good, failed + (not good)
        if not good:
            print(f"{what}\n{text}")

    for path in sorted(glob.glob(os.path.join(ROOT, "apps", "*", "app.yaml"))):
        with open(path) as file:
            GOOD.append(file.read())
    for text in GOOD:
        found = [error.message for error in validator.iter_errors(yaml.safe_load(text))]
        expect(not found and not check(text), f"should be taken: {found} {check(text)}", text)
    for code, text in BROKEN:
        codes = check(text)
        expect(code in codes, f"check should give {code}, gave {codes}:", text)
        expect(not validator.is_valid(yaml.safe_load(text)), f"the schema takes ({code}):", text)
    for code, text in MEANING:
        codes = check(text)
        expect(codes == [code], f"check should give {code} alone, gave {codes}:", text)
        expect(validator.is_valid(yaml.safe_load(text)), f"the schema refuses ({code}):", text)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
