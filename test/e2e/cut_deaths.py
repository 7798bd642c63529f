#!/usr/bin/env python3
"""Kills the application while it removes its old log (S10), and checks what is left.

A log is made once whose beginning was removed before, and which has grown since under a form of
the application that keeps all. Each run copies it and starts the form that keeps a minute, which
removes most of it at its first look; meanwhile a client sends events. The process is killed before
a chosen step of its work with files (crash_points.cc), or at a random moment, up to three times in
a row. It must start again by itself and remove what an undisturbed run removes. Then: what was
acknowledged is there, once, with the answer that was given; events that the log kept have the
results they had; new events see all that was removed; results equal those of the undisturbed run;
and outcomes, state and snapshots are a fold of the log from its base (`quintet verify`).

    cut_deaths.py --points N     N of the steps of a cut, spread over all kinds; 0: every one
    cut_deaths.py --kills N      N kills at random moments
"""
import argparse
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from crash_points_test import LIBRARY, chosen  # noqa: E402
from server import GONE, Server  # noqa: E402
from surroundings import until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")
APP = os.path.join(HERE, "cut.yaml")
kFirst, kSecond = 2100, 1000  # payments before the first cut, and since
kTouches = 40
kQuiet = 1.0  # seconds without a step after which a cut has ended; too few only spare some points


def payment(number):
    return {"id": f"p{number}", "at": 1_700_000_000 + number, "card": f"c{number % 9}",
            "shop": f"s{number % 4}", "amount": f"{number % 70}.25"}


def touch(number):
    return {"id": f"t{number}", "card": f"c{number % 9}", "shop": f"s{number % 4}"}


def plain(result):
    """Without what hangs on when and where a record was written."""
    return {k: v for k, v in result.items() if k not in ("trace_id", "position", "time")}


def first_of(client):
    for line in client.get("/metrics")[2].decode().splitlines():
        if line.startswith("quintet_first_position "):
            return int(float(line.split()[1]))
    return 1


def send_all(client, kind, events):
    answers = list(client.post_lines(kind, events))
    if len(answers) != len(events) or any("error" in answer for answer in answers):
        raise AssertionError(f"{kind}: {len(answers)} answers, the last is {answers[-1:]}")
    return answers


class Made:
    """The log that every run begins with."""

    def __init__(self, folder):
        self.folder, self.data = folder, os.path.join(folder, "made")
        keeping = os.path.join(folder, "keeping.yaml")
        with open(APP) as source, open(keeping, "w") as target:
            target.writelines(line for line in source if not line.startswith("retain:"))
        self.serve(keeping, lambda client: self.pay(client, 0, kFirst))
        self.serve(APP, lambda client: until(lambda: first_of(client) > 1, "the first cut"))
        self.serve(keeping, lambda client: self.pay(client, kFirst, kSecond))
        self.first = self.serve(keeping, first_of)
        self.results = self.serve(keeping, lambda client: list(client.results(start=self.first)))

    def serve(self, app, work):
        server = Server(PROGRAM, app, self.data)
        server.start()
        try:
            done = work(server.connect())
        finally:
            status = server.stop()
        if status != 0:
            raise AssertionError(f"the log cannot be made: {status}: {server.tail()}")
        return done

    @staticmethod
    def pay(client, begin, count):
        for at in range(begin, begin + count, 100):
            send_all(client, "payment", [payment(n) for n in range(at, at + 100)])


class Run:
    """One copy of the log, and what came of it."""

    def __init__(self, made, name):
        self.made, self.data = made, os.path.join(made.folder, name)
        self.log = self.data + ".steps"
        shutil.copytree(made.data, self.data)
        self.server = Server(PROGRAM, APP, self.data)
        self.answers, self.touched, self.deaths, self.removed_at = {}, 0, 0, None
        self.within = 0  # of the deaths, so many were seen to fall into the cut

    def remove(self):
        for path in (self.data, self.log, self.data + ".log"):
            shutil.rmtree(path) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)

    def start(self, environment=None):
        before = dict(os.environ)
        os.environ.update(environment or {})
        try:
            self.server.start()
        finally:
            os.environ.clear()
            os.environ.update(before)

    def steps(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log) as file:
            return file.read().splitlines()

    def preload(self, at=0):
        more = {"CRASH_AT": str(at)} if at else {}
        return {"LD_PRELOAD": LIBRARY, "CRASH_DIR": os.path.realpath(self.data),
                "CRASH_LOG": self.log, **more}

    def touch(self, client):
        """The next event; again from the first without an answer."""
        event = touch(self.touched)
        status, answer = client.post_one("touch", event)
        if status == 200:
            answer.pop("trace_id", None)
            known = self.answers.setdefault(event["id"], answer)
            if known != answer:
                raise AssertionError(f"{event['id']} was answered {known}, then {answer}")
            self.touched += 1

    def go(self, until_quiet):
        """Sends touches until the cut is over. False if the process died."""
        try:
            client = self.server.connect()
            first, quiet, size = 1, time.monotonic(), len(self.steps())

            def over():
                nonlocal first, quiet, size
                if self.touched < kTouches // 2:
                    self.touch(client)
                first = first_of(client)
                if len(self.steps()) != size:
                    size, quiet = len(self.steps()), time.monotonic()
                over = first > self.made.first and self.touched >= kTouches // 2
                return over and (not until_quiet or time.monotonic() - quiet > kQuiet)

            until(over, "the cut")
            self.removed_at = first
            return True
        except GONE:
            return self.died()

    def died(self):
        self.server.kill()
        self.server.reap()
        self.deaths += 1
        return False

    def end(self):
        """All touches, and the results at the end."""
        client = self.server.connect()

        def all_sent():
            self.touch(client)
            return self.touched == kTouches

        until(all_sent, "an answer to each event")
        self.again = [(result, client.post_one("payment", payment(int(result["id"][1:]))))
                      for result in self.made.results[-20:] if result["event"] == "payment"]
        self.results = list(client.results(start=self.removed_at))
        status = self.server.stop()
        if status != 0:
            raise AssertionError(f"the end gave status {status}: {self.server.tail()}")

    def faults(self, usual):
        found = []
        if usual is not None and self.removed_at != usual.removed_at:
            found.append(f"the log begins at {self.removed_at}, not {usual.removed_at}")
        count = collections.Counter(result["id"] for result in self.results)
        if max(count.values()) > 1:
            found.append(f"doubled: {count.most_common(3)}")
        by_id = {result["id"]: {k: v for k, v in result.items() if k != "trace_id"}
                 for result in self.results}
        for name, answer in self.answers.items():
            if by_id.get(name) != answer:
                found.append(f"{name} was answered {answer}, its result is {by_id.get(name)}")
        for result in self.made.results:
            kept = by_id.get(result["id"])
            if result["position"] >= self.removed_at and (
                    kept is None or plain(kept) != plain(result)):
                found.append(f"{result} became {kept}")
        for result, (status, answer) in self.again:
            if status != 200 or plain(answer) != plain(result):
                found.append(f"{result['id']} was sent again: {status} {answer}")
        if usual is not None and list(map(plain, self.results)) != list(map(plain, usual.results)):
            found.append("the results are not those of the undisturbed run")
        return found + self.faults_of_log()

    def faults_of_log(self):
        done = subprocess.run([PROGRAM, "--format", "json", "verify", "--data", self.data],
                              capture_output=True, text=True)
        report = json.loads(done.stdout) if done.stdout.strip() else {}
        if done.returncode != 0 or not report.get("holds"):
            return [f"verify gave {done.returncode}: {done.stdout}{done.stderr[-500:]}"]
        if report["first"] != self.removed_at or report["results"] < len(self.results):
            return [f"verify speaks of another log: {done.stdout}"]
        with open(self.server.log_path) as log:
            return ["a sound cut was refused"] if "no log was removed" in log.read() else []


def undisturbed(made):
    """A run that nothing happens to, and the steps of its cut."""
    run = Run(made, "undisturbed")
    run.start(run.preload())
    before = len(run.steps())
    if not run.go(until_quiet=True):
        raise AssertionError(f"it died by itself: {run.server.tail()}")
    steps = [(1, number, line) for number, line in enumerate(run.steps(), 1) if number > before]
    run.end()
    faults = run.faults(None)
    if faults or len(steps) < 20 or run.removed_at < made.first + kSecond // 2:
        raise AssertionError(f"undisturbed: {len(steps)} steps, {run.removed_at}, {faults[:3]}")
    return run, steps


def faults_after(deed, run, usual, *arguments):
    """Kills it, starts it for the last time, and gives what is wrong."""
    try:
        deed(run, *arguments)
        run.start()
        if not run.go(until_quiet=False):
            return ["it died without being killed: " + run.server.tail()]
        run.end()
        return run.faults(usual)
    except (AssertionError, RuntimeError, *GONE) as error:
        if run.server.process is not None:
            run.server.kill()
        return [f"{type(error).__name__}: {error}"]


def at_a_step(run, number):
    try:
        run.start(run.preload(number))
    except (RuntimeError, ValueError):
        run.died()  # before it was ready
        return
    if run.go(until_quiet=True):
        # Its steps were fewer: the kill meets the end, or nothing.
        run.deaths += run.server.stop() != 0


def at_random(run, cut_steps, dice):
    """Now and then at any moment, else a while after the first steps of the cut."""
    for _ in range(dice.choice((1, 1, 2, 3))):
        anywhere, delay = dice.random() < .2, dice.random()
        run.start(run.preload())
        client, before = run.server.connect(), None
        end = time.monotonic() + 2 * delay
        while time.monotonic() < end:
            if run.touched < kTouches // 2:
                run.touch(client)
            elif before is None:
                before = len(run.steps())
                end += 2 * (not anywhere)
            elif not anywhere and len(run.steps()) > before:
                end = time.monotonic() + delay * dice.choice((.01, .1, .5))
                anywhere = True
            time.sleep(.002)
        run.within += before is not None and 0 < len(run.steps()) - before < cut_steps
        run.died()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if not os.path.exists(LIBRARY):
        sys.exit(f"{LIBRARY} is not built: ninja crash_points")
    passed = failed = deaths = within = 0
    with tempfile.TemporaryDirectory() as folder:
        made = Made(folder)
        usual, steps = undisturbed(made)
        dice = random.Random(args.seed)
        points = [] if args.points is None else chosen(steps, args.points)
        deeds = [(f"before step {number}, {what}", at_a_step, (number,))
                 for _, number, what in points]
        deeds += [("at a random moment", at_random, (len(steps), dice))] * args.kills
        for what, deed, arguments in deeds:
            run = Run(made, "run")
            faults = faults_after(deed, run, usual, *arguments)
            deaths, within = deaths + run.deaths, within + run.within
            passed, failed = passed + (not faults), failed + bool(faults)
            for fault in faults[:3]:
                print(f"    killed {what}: {fault[:800]}", flush=True)
            run.remove()
    print(f"{len(steps)} steps of a cut, of {len({what for _, _, what in steps})} kinds; "
          f"{passed + failed} tried, {deaths} deaths" +
          (f", {within} of the random ones within a cut" if args.kills else ""))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or deaths == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
