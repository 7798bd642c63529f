#!/usr/bin/env python3
"""Every test/scenario/*.yaml under every pattern of this build: an application, events in, answers
out, through a real process and its door. test/scenario/README.md says how one is written.

All run on SQLite, and FEW of them with the log on a PostgreSQL server of our own and with three
replicas of infer, where it has any; with --full all run everywhere. Ends with 'N passed, N failed',
one for each scenario and place.
"""
import argparse
import contextlib
import glob
import http.client
import json
import os
import subprocess
import sys
import tempfile

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "e2e"))
from postgres import Postgres  # noqa: E402
from server import Server  # noqa: E402
from surroundings import until  # noqa: E402

# Between them: windows that restart, labels, what is erased, and models that take over.
STORES = ("sqlite", "postgres")
FEW = ("erase", "labels", "model_switch", "windows")
SHARED = 3  # replicas

PROGRAM = os.path.abspath(os.environ.get("QUINTET", "build/quintet"))


class Loader(yaml.BaseLoader):
    """Plain scalars that JSON knows are what they are there, all else is a text: as in files of
    `quintet test`."""


def construct_scalar(loader, node):
    if node.style is None:
        if node.value in ("", "~"):
            return None
        try:
            return json.loads(node.value)
        except ValueError:
            pass
    return node.value


Loader.add_constructor("tag:yaml.org,2002:str", construct_scalar)


def patterns():
    out = subprocess.run([PROGRAM, "--format", "json", "doctor"], capture_output=True, text=True)
    return next(one["value"] for one in json.loads(out.stdout)
                if one["name"] == "patterns").split(", ")


def same(expected, actual):
    """As JSON, or as numbers: 1 is 1.00."""
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(same, expected, actual))
    return expected == actual


class Where:
    """What a scenario runs on; answers must not show it."""
    schemas = 0

    def __init__(self, pattern, store, replicas):
        self.pattern, self.store, self.replicas = pattern, store, replicas

    def __str__(self):
        return (f"{self.pattern}, {self.store}" +
                (f", {self.replicas} replicas" if self.replicas > 1 else ""))

    def words(self, postgres):
        """For `quintet run`: of one scenario, whose schemas nobody else has."""
        words = ["--pattern", self.pattern]
        if self.store == "postgres":
            Where.schemas += 1
            words += ["--store", postgres.url, "--schema", f"scenario_{Where.schemas}"]
        return words + (["--replicas", f"infer={self.replicas}"] if self.replicas > 1 else [])

    def faults(self, data):
        """What it left there says where it ran."""
        kept = glob.glob(os.path.join(data, "**", "quintet.db"), recursive=True)
        found = "sqlite" if kept else "postgres"
        last = os.path.join(data, f"infer-{self.replicas}")
        return ([f"it ran on {found}"] if found != self.store else []) + (
            [f"there is no {last}"] if self.replicas > 1 and not os.path.isdir(last) else [])


def places(args):
    """(where, whether FEW scenarios are enough there), those that were asked for."""
    for pattern in args.pattern or patterns():
        for store in args.store or STORES:
            for replicas in args.replicas or (1, SHARED):
                if replicas > 1 and pattern == "monolithic":
                    continue  # it has one process
                few = store != "sqlite" or replicas > 1
                yield Where(pattern, store, replicas), few


class Scenario:
    def __init__(self, path, words, folder):
        with open(path) as file:
            self.parts = yaml.load(file, Loader)
        unknown = set(self.parts) - {"app", "given", "expect", "views", "letters"}
        if unknown or "given" not in self.parts:
            raise ValueError(f"{path}: app, given, expect, views and letters, not {unknown}")
        self.path, self.words, self.folder = path, words, folder
        self.server, self.client = None, None
        self.faults, self.values = [], 0
        self.names, self.count, self.found = {}, 0, {}  # how often an id was given; what became

    def perform(self):
        """What does not hold, in words."""
        try:
            self.start(self.parts.get("app"))
            for step in self.parts["given"]:
                if "do" in step:
                    self.do(step["do"])
                else:
                    self.give(step)
            self.compare()
        finally:
            if self.server is not None:
                self.server.kill()
                self.server.reap()
        if not self.values:
            self.faults.append("it expects nothing")
        return self.faults

    def start(self, app):
        if isinstance(app, str):
            with open(os.path.join(os.path.dirname(self.path), app)) as file:
                text = file.read()
        else:
            text = json.dumps(app, ensure_ascii=False)  # JSON is YAML
        self.app = yaml.load(text, Loader)
        file = os.path.join(self.folder, "app.yaml")
        with open(file, "w") as out:
            out.write(text)
        self.server = Server(PROGRAM, file, os.path.join(self.folder, "data"),
                             self.words)
        try:
            self.server.start()
        except KeyError as error:  # what it printed is no URL, but why
            out, _ = self.server.process.communicate()
            raise RuntimeError(f"it does not start: {out.decode()[:500]}") from error
        self.client = self.server.connect()

    def restart(self, app):
        self.client.close()
        status = self.server.stop()
        if status != 0:
            self.faults.append(f"it ended with status {status}: {self.server.tail()}")
        self.start(app)

    def ask(self, method, path, body=None, headers=None):
        """(status, answer as JSON)"""
        content = headers or ({"Content-Type": "application/json"} if body is not None else {})
        if not isinstance(body, (bytes, type(None))):
            body = json.dumps(body).encode()
        try:
            self.client.connection.request(method, path, body, content)
            response = self.client.connection.getresponse()
            text = response.read()
        except http.client.HTTPException as error:
            raise RuntimeError(f"{method} {path}: {error!r}: {self.server.tail()}") from error
        return response.status, json.loads(text)

    def must(self, method, path, body=None, headers=None):
        status, answer = self.ask(method, path, body, headers)
        if status // 100 != 2:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    def fields_of(self, kind):
        for section in ("events", "tables"):
            if kind in (self.app.get(section) or {}):
                return self.app[section][kind]
        raise ValueError(f"{self.path}: the application has no event or table {kind}")

    def give(self, step):
        (kind, event), = step.items()
        self.count += 1
        about = self.fields_of(kind)
        sent = {}
        for name, value in event.items():
            field = about["fields"].get(name)
            sent[field.get("from", name) if isinstance(field, dict) else name] = value
        field = about.get("id")
        name = str(event.get(field, self.count)) if field else str(self.count)
        self.names[name] = self.names.get(name, 0) + 1
        key = name if self.names[name] == 1 else f"{name}/{self.names[name]}"
        before = set(self.positions())
        status, answer = self.ask("POST", f"/v1/events?event={kind}", sent,
                                  {"Content-Type": "application/json",
                                   "Idempotency-Key": str(self.count)})
        if status >= 500:
            raise RuntimeError(f"{kind} {name}: {status} {answer}")
        if status >= 400:
            self.found[key] = ("refused", answer)
        else:
            repeated = answer["position"] in before
            self.found[key] = ("repeated" if repeated else "result", answer)

    def positions(self):
        return [answer["position"] for what, answer in self.found.values() if what == "result"]

    def do(self, what):
        """A step that is no event."""
        if what == "restart":
            return self.restart(self.parts.get("app"))
        (action, of), *more = what.items()
        more = dict(more)
        if action == "app":
            self.parts["app"] = of
            return self.restart(of)
        if action == "promote":
            path = f"/v1/models/{of}"
            made = self.must("POST", path + "/versions", json.dumps(more["model"]).encode(),
                             {"Content-Type": "application/octet-stream"})
            return self.must("POST", path + "/promote", {"version": made["version"]})
        if action == "rollback":
            return self.must("POST", f"/v1/models/{of}/rollback", {})
        if action == "replay":
            number = self.must("GET", "/v1/dead-letters")["dead_letters"][of - 1]["number"]
            answer = self.must("POST", f"/v1/dead-letters/{number}/replay", more.get("event"))
            self.found[answer["id"]] = ("result", answer)
            return None
        if action == "erase":
            return self.must("POST", "/v1/erase", {"value": of})
        raise ValueError(f"{self.path}: there is no step {action}")

    def at_rest(self):
        last = max(self.positions(), default=0)
        until(lambda: self.must("GET", "/v1/views")["position"] >= last, "all is in the views")

    def compare(self):
        self.at_rest()
        for name, expected in (self.parts.get("expect") or {}).items():
            self.compare_event(name, expected)
        for name, expected in (self.parts.get("views") or {}).items():
            lines = self.must("GET", f"/v1/views/{name}?limit=10000")["lines"]
            actual = [{**({"bucket": line["bucket"]} if "bucket" in line else {}), **line["by"],
                       **line["values"]} for line in lines]
            self.compare_lists(f"view {name}", expected, actual)
        if "letters" in self.parts:
            letters = self.must("GET", "/v1/dead-letters?all=true")["dead_letters"]
            self.compare_lists("letters", self.parts["letters"], letters)

    def compare_lists(self, what, expected, actual):
        """Named members of each, in order."""
        expected = expected or []
        if len(expected) != len(actual):
            self.faults.append(f"{what}: {len(expected)} lines expected, there are {actual}")
        self.values += 1
        for number, (line, found) in enumerate(zip(expected, actual), 1):
            for name, value in line.items():
                self.hold(f"{what}, line {number}, {name}", value, found.get(name))

    def hold(self, what, expected, actual):
        self.values += 1
        if not same(expected, actual):
            self.faults.append(f"{what}: expected {json.dumps(expected)}, got {json.dumps(actual)}")

    def compare_event(self, name, expected):
        if name not in self.found:
            raise ValueError(f"{self.path}: no given event has the id {name}")
        what, answer = self.found[name]
        if what == "refused" or isinstance(expected, str):
            if what == "result" and expected == "none":  # or not known yet, if one is away
                what = "none" if "waits_for" in answer else answer["status"]
            elif what == "result" and expected == "erased":
                what = self.must("GET", f"/v1/results/@{answer['position']}")["status"]
            return self.hold(name, expected, what)
        stands = self.must("GET", f"/v1/results/@{answer['position']}")
        for part in ("features", "predictions", "decisions", "status"):
            if self.pattern_answers() and answer.get(part) != stands.get(part):
                self.faults.append(f"{name}: the reply and what stands there differ in {part}: "
                                   f"{answer} | {stands}")
        flat = dict(stands, **stands.get("features", {}))
        for model, outputs in stands.get("predictions", {}).items():
            flat |= {f"{model}.{output}": value for output, value in outputs.items()}
            values = [value for output, value in outputs.items() if output != "version"]
            flat[model] = values[0]
        for decision, taken in stands.get("decisions", {}).items():
            flat |= {decision: taken["value"], decision + ".reason": taken.get("reason")}
        for label, known in (stands.get("labels") or {}).items():
            flat[label] = known["value"]
        for field, value in expected.items():
            if field not in flat:
                self.faults.append(f"{name}: there is no {field} among {sorted(flat)}")
            self.hold(f"{name}, {field}", value, flat.get(field))

    def pattern_answers(self):
        """What an erase, a new version or a later label changed stands there otherwise by right."""
        return all("do" not in step for step in self.parts["given"])


def perform(path, where, postgres):
    """Tells what came of it; True if it holds."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            faults = Scenario(path, where.words(postgres), folder).perform()
            faults += where.faults(os.path.join(folder, "data"))
        except (RuntimeError, ValueError, AssertionError, OSError) as error:
            faults = [str(error)]
    print(f"{'FAILED' if faults else 'ok':6}  {where}: {name_of(path)}", flush=True)
    for fault in faults:
        print("    " + fault)
    return not faults


def name_of(path):
    return os.path.splitext(os.path.basename(path))[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="default: all of test/scenario")
    parser.add_argument("--pattern", action="append", help="default: all of this build")
    parser.add_argument("--store", action="append", choices=STORES, help="default: both")
    parser.add_argument("--replicas", action="append", type=int, help="of infer; default: 1 and 3")
    parser.add_argument("--full", action="store_true", help="all files everywhere, not some")
    args = parser.parse_args()
    files = args.files or sorted(glob.glob(os.path.join(HERE, "scenario", "*.yaml")))
    wanted = [(where, path) for where, few in places(args) for path in files
              if args.full or args.files or not few or name_of(path) in FEW]
    with contextlib.ExitStack() as ends:
        on_server = any(where.store == "postgres" for where, _ in wanted)
        postgres = ends.enter_context(Postgres()) if on_server else None
        held = [perform(path, where, postgres) for where, path in wanted]
    print(f"{held.count(True)} passed, {held.count(False)} failed")
    return 0 if held and all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
