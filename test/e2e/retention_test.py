#!/usr/bin/env python3
"""A running application removes its old log, and forgets nothing that an answer needs (S10).

Events are sent into an application that keeps eight seconds, and it, or one of its services, is
killed again and again, until log was removed often enough. `ever` counts every event of a card,
also those whose records are gone. A machine that stood still for seconds lets events grow too old
on their way: then nothing can be said, and the run begins anew.
"""
import collections
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import services_kill  # noqa: E402
from server import GONE, Server  # noqa: E402
from surroundings import kPatience, until  # noqa: E402

# Those that test/run.py runs it under.
PATTERNS = ("monolithic", "microservices")
PATTERN = os.environ.get("QUINTET_PATTERN", "monolithic")
APART = PATTERN != "monolithic"
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")
kBatch = 40
kKillEvery = 3.0
kStall = 5.0  # seconds on the way after which an event may be too old (retention.yaml: 8s)
kRuns = 5


class Stalled(Exception):
    pass


def metric(client, name):
    for line in client.get("/metrics")[2].decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    return None


def stamp(now):
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    return f"{whole}.{int(now % 1 * 1e6):06d}Z"


class Sender:
    def __init__(self, server):
        self.server, self.client, self.number = server, None, 0
        self.cards, self.faults = collections.Counter(), []

    def send(self):
        """A batch, until all of it is answered: `ever` must count each event once."""
        events, began = [], time.monotonic()
        for _ in range(kBatch):
            self.number += 1
            events.append({"id": f"e{self.number}", "at": stamp(time.time()),
                           "card": f"c{self.number % 7}", "shop": f"s{self.number % 3}",
                           "amount": f"{self.number % 90}.50"})
        for event in events:
            self.cards[event["card"]] += 1
            event["ever"] = self.cards[event["card"]]
        while True:
            try:
                if self.client is None:
                    self.client = self.server.connect()
                sent = [{k: v for k, v in e.items() if k != "ever"} for e in events]
                answers = list(self.client.post_lines("payment", sent))
                if len(answers) == len(events) and self.whole(events, answers):
                    break
            except GONE:
                pass
            self.client = None
            time.sleep(.05)
        if time.monotonic() - began > kStall and "too_old" in str(answers):
            raise Stalled
        for event, answer in zip(events, answers):
            got = answer.get("features", {}).get("ever")
            if got != event["ever"]:
                self.faults.append(f"{event['id']}: ever is {got}, not {event['ever']}: {answer}")


    def whole(self, events, answers):
        """Where a service is away an event may be admitted and its result be asked for later; or
        it has to be sent again."""
        for i, (event, answer) in enumerate(zip(events, answers)):
            if answer.get("status") == "accepted":
                status, _, body = self.client.get(f"/v1/results/payment:{event['id']}")
                if status != 200:
                    return False
                answers[i] = json.loads(body)
            elif answer.get("status") in (429, 503):
                return False
        return True


def quintet(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def run(folder, check):
    data = os.path.join(folder, "data")
    server = Server(PROGRAM, os.path.join(HERE, "retention.yaml"), data,
                    ["--pattern", PATTERN, *(["--replicas", "infer=2"] if APART else [])])
    server.start()
    sender, dice = Sender(server), random.Random(3)
    names = ["ingest", "infer", "infer-2", "results", "train"]
    end, kill = time.monotonic() + kPatience, time.monotonic() + kKillEvery
    firsts, kills = set(), 0
    while kills < 6 or len(firsts) < 4 or max(firsts) < 2000:
        if time.monotonic() > end:
            break
        try:
            sender.send()
        except Stalled:
            server.kill()
            server.reap()
            raise
        if time.monotonic() > kill:
            kill = time.monotonic() + kKillEvery * (.5 + dice.random())
            kills += 1
            one = names[kills % len(names)]
            if APART and dice.random() < .8:
                os.kill(services_kill.children(server.process.pid)[one], signal.SIGKILL)
                continue
            server.kill()
            server.reap()
            server.start()
            sender.client = None
        elif sender.client is not None:
            first = metric(sender.client, "quintet_first_position")
            firsts.update([first] if first else [])
        time.sleep(.05)
    client = server.connect()
    first = int(metric(client, "quintet_first_position"))
    check(not sender.faults, "\n".join(sender.faults[:3]))
    check(first > 1000, f"the log begins at {first}")
    check(len(firsts) > 2, f"it began at {sorted(firsts)} meanwhile")
    check(kills > 5, f"{kills} kills")
    status, _, body = client.get("/v1/results/@1")
    # Log may have been removed since `first` was read.
    check(status == 410 and any(int(number) >= first for number in re.findall(r"\d+", str(body))),
          f"{status} {body}")
    check(client.get("/v1/results/payment:e1")[0] in (400, 404), "an old id is still known")
    page = json.loads(client.get("/v1/results?limit=1")[2])
    check(page["results"][0]["position"] >= first, str(page)[:200])
    check(client.get("/v1/results?from=1")[0] == 410, "from=1 is not refused")
    status, answer = client.post_one("payment", {"id": "e1", "at": stamp(time.time() - 60),
                                                 "card": "c1", "shop": "s1", "amount": "1"})
    check(status == 410 and "too_old" in json.dumps(answer), f"{status} {answer}")
    check(metric(client, "quintet_ids") < sender.number, "every id is still known")
    # There is no such figure before the first look at the log.
    until(lambda: metric(client, "quintet_retention_differs") is not None, "a look at the log")
    check(metric(client, "quintet_retention_differs") == 0, "the base differed")
    check(server.stop() == 0, "it did not end well")
    with open(server.log_path) as log:
        check("log was removed" in log.read(), "the log does not say so")

    status, out, err = quintet("--format", "json", "verify", "--data", data)
    report = json.loads(out)
    check(status == 0 and report["holds"], out + err)
    check(report["first"] >= first and report["results"] > 0, out)
    status, out, err = quintet("results", "--data", data, "--limit", "1")
    check(status == 0 and out, err)
    status, out, err = quintet("results", "--data", data, "--from", "1")
    check(status != 0 and "begins at" in out + err, out + err)
    status, out, err = quintet("explain", os.path.join(HERE, "retention.yaml"),
                               f"e{sender.number}", "ever", "--data", data)
    check(status == 0 and str(max(sender.cards.values())) in out + err, out + err)


def main():
    passed = failed = 0

    def check(good, what):
        nonlocal passed, failed
        passed, failed = passed + bool(good), failed + (not good)
        if not good:
            print(what)

    for attempt in range(kRuns):
        with tempfile.TemporaryDirectory() as folder:
            try:
                run(folder, check)
                break
            except Stalled:
                print(f"run {attempt + 1}: the machine stood still")
    else:
        check(False, "it stood still in every run")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
