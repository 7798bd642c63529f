#!/usr/bin/env python3
"""Kills the application before chosen steps of its work with files, and checks what is left.

A run takes the same way each time: first start, one event, a batch, a refused event and its replay,
an end and a second start under a changed application. A first run counts its steps (writes, syncs,
truncations, removals, by file; crash_points.cc); then it is run again and killed before one of
them, started again without that, and ends its way. Acknowledged events keep their results,
positions are dense, no id is doubled, and the results equal those of the undisturbed run.

    crash_points_test.py [--points N]     N of the steps, spread over all kinds; 0: every one
"""
import argparse
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import GONE, Server  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")
LIBRARY = os.path.join(os.path.dirname(os.path.abspath(PROGRAM)), "libcrash_points.so")


def payment(number):
    return {"id": f"e{number}", "at": 1_700_000_000 + number, "card": f"c{number % 3}",
            "shop": f"s{number % 2}", "amount": f"{number % 50}.25"}


class Way:
    """The steps of a client, each until it is acknowledged; `done` counts them."""

    def __init__(self, folder, first, second):
        self.data, self.apps = os.path.join(folder, "data"), (first, second)
        self.answers, self.stage, self.server, self.starts = {}, 0, None, 0

    def start(self, app, environment):
        """CRASH_AT holds for the start with the number CRASH_START; each start has its log."""
        self.server = Server(PROGRAM, app, self.data)
        self.starts += 1
        before, mine = dict(os.environ), dict(environment)
        if mine.pop("CRASH_START", None) != str(self.starts):
            mine.pop("CRASH_AT", None)
        if "CRASH_LOG" in mine:
            mine["CRASH_LOG"] += f".{self.starts}"
        os.environ.update(mine)
        try:
            self.server.start()
        finally:
            os.environ.clear()
            os.environ.update(before)

    def go(self, environment):
        """True when the way was gone to its end; False if the application died."""
        try:
            while self.stage < 7:
                self.step(environment)
                self.stage += 1
            return True
        except (RuntimeError, *GONE):
            if self.server is not None:
                self.server.kill()
                self.server.reap()
                self.server = None
            return False

    def step(self, environment):
        if self.server is None:
            self.start(self.apps[0 if self.stage < 6 else 1], environment)
        client = self.server.connect()
        if self.stage == 1:
            self.post(client, payment(0))
        elif self.stage == 2:
            answers = list(client.post_lines("payment", map(payment, range(1, 40))))
            for answer, event in zip(answers, map(payment, range(1, 40))):
                self.take(event, 200 if "error" not in answer else 503, answer)
            if len(answers) != 39:
                raise RuntimeError("the stream of answers ended early")
        elif self.stage == 3:
            status, _ = client.post_one("payment", {"id": "bad"})
            if status != 400:
                raise RuntimeError(f"a bad event gave {status}")
        elif self.stage == 4:
            status, _, body = client.get("/v1/dead-letters")
            letters = json.loads(body)["dead_letters"]
            if status != 200 or not letters:
                raise AssertionError(f"the dead letter is lost: {status} {body}")
        elif self.stage == 5:
            status, self.server = self.server.stop(), None
            if status != 0:
                self.stage += 1  # it is down, if not as it should be
                raise RuntimeError(f"it ended with {status}")
        elif self.stage == 6:
            self.post(client, payment(40))

    def post(self, client, event):
        self.take(event, *client.post_one("payment", event))

    def take(self, event, status, answer):
        if status != 200:
            raise RuntimeError(f"{event['id']} gave {status}")
        answer.pop("trace_id", None)
        known = self.answers.setdefault(event["id"], answer)
        assert known == answer, f"{event['id']} was answered {known}, then {answer}"

    def end(self):
        """The results; whether it died while it gave them, or at its end."""
        try:
            found = list(self.server.connect().results())
        except (RuntimeError, *GONE):
            found = None
            self.server.kill()
        died = self.server.stop() != 0
        if died:
            self.start(self.apps[1], {})
            found = list(self.server.connect().results())
            if self.server.stop() != 0:
                raise AssertionError("it died again without being killed")
        return [{k: v for k, v in result.items() if k != "trace_id"} for result in found], died


def write_second(first, to):
    with open(first) as source, open(to, "w") as target:
        target.write(source.read().replace("      n_5m:", "      n_9m: count() over 9m by card\n"
                                           "      n_5m:"))


def gone(folder, environment):
    """A way that is gone to its end, whatever happens, and how often the application died."""
    first, second = os.path.join(HERE, "kill.yaml"), os.path.join(folder, "second.yaml")
    write_second(first, second)
    way, deaths = Way(folder, first, second), 0
    while not way.go(environment if deaths == 0 else {}):
        deaths += 1
        if deaths > 3:
            raise AssertionError("it died again without being killed")
    return way, deaths


def faults_of(way, results, usual):
    faults = []
    ids = [result["id"] for result in results]
    if len(set(ids)) != len(ids):
        faults.append("an id is doubled")
    by_id = {result["id"]: result for result in results}
    for name, answer in way.answers.items():
        if by_id.get(name) != answer:
            faults.append(f"{name} was acknowledged as {answer}, its result is {by_id.get(name)}")
    # A crash between the two starts may leave control records of its own, never other answers.
    plain = [{k: v for k, v in result.items() if k != "position"} for result in results]
    expected = [{k: v for k, v in result.items() if k != "position"} for result in usual]
    if plain != expected:
        pair = next(((a, b) for a, b in zip(plain, expected) if a != b), "their number")
        faults.append(f"the results are not those of the undisturbed run: {pair}")
    return faults


def chosen(steps, points):
    """So many, of both starts and of every kind in turn."""
    if points == 0:
        return steps
    by_kind = {}
    for step in steps:
        by_kind.setdefault((step[2], step[0]), []).append(step)
    picked = []
    for turn in range(len(steps)):
        picked += [of_kind[turn] for of_kind in by_kind.values() if turn < len(of_kind)]
    if points < len(by_kind):
        return sorted(picked[:len(by_kind)][::len(by_kind) // points + 1])
    return sorted(picked[:points])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=40)
    args = parser.parse_args()
    if not os.path.exists(LIBRARY):
        sys.exit(f"{LIBRARY} is not built: ninja crash_points")
    preload = {"LD_PRELOAD": LIBRARY}
    with tempfile.TemporaryDirectory() as folder:
        way, deaths = gone(folder, {**preload, "CRASH_DIR": way_data(folder),
                                    "CRASH_LOG": os.path.join(folder, "steps.txt")})
        usual, _ = way.end()
        steps = []  # (start, number in it, what)
        for start in range(1, way.starts + 1):
            with open(os.path.join(folder, f"steps.txt.{start}")) as file:
                steps += [(start, number, line) for number, line in
                          enumerate(file.read().splitlines(), 1)]
        if deaths or len(usual) != 41 or len(steps) < 20:
            sys.exit(f"the undisturbed run: {deaths} deaths, {len(usual)} results, {steps[-3:]}")
    passed = failed = died = 0
    for start, number, what in chosen(steps, args.points):
        with tempfile.TemporaryDirectory() as folder:
            try:
                way, deaths = gone(folder, {**preload, "CRASH_DIR": way_data(folder),
                                            "CRASH_AT": str(number),
                                            "CRASH_START": str(start)})
                results, at_the_end = way.end()
                died += deaths + at_the_end
                faults = faults_of(way, results, usual)
            except AssertionError as error:
                faults = [str(error)]
        passed, failed = passed + (not faults), failed + bool(faults)
        for fault in faults[:3]:
            print(f"    killed in start {start} before step {number}, {what}: {fault[:600]}")
    print(f"{len(steps)} steps in {steps[-1][0]} starts, of {len({what for _, _, what in steps})} "
          f"kinds; {passed + failed} tried, {died} deaths")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or died == 0 else 0


def way_data(folder):
    return os.path.join(os.path.realpath(folder), "data")


if __name__ == "__main__":
    sys.exit(main())
