#!/usr/bin/env python3
"""Kills a running application at random moments, and checks that nothing acknowledged is lost.

Each of --writers feeders sends its own numbered events in order, as single posts and as NDJSON, and
after a kill begins again at the first event without an answer. At the end: each acknowledged event
has one result, equal to what was acknowledged; no event has two; positions are dense; and outcomes,
state and snapshots equal a fold of the run's own log from its beginning (`quintet verify`). With
one writer the results equal those of an undisturbed run of the same events too; between several
writers the order, and with it the low time, is what the log says.
"""
import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import GONE, Server  # noqa: E402

kLargestBatch = 400
HERE = os.path.dirname(os.path.abspath(__file__))


def never():
    return False


class Feed:
    """The events of one writer, made on demand and the same for the same seed."""

    def __init__(self, seed, writer):
        self.random, self.writer = random.Random(seed * 1000 + writer), writer
        self.events, self.now = [], 1_700_000_000

    def at(self, index):
        while len(self.events) <= index:
            self.events.append(self.make(len(self.events)))
        return self.events[index]

    def make(self, index):
        pick = self.random
        self.now += pick.randrange(4)
        late = pick.randrange(600) if pick.random() < 0.05 else 0
        chance = pick.random()
        if chance < 0.03 and index > 50:
            return self.events[index - pick.randrange(1, 50)]  # the client sends it twice
        raw = {"id": f"w{self.writer}-{index}", "at": self.now - late}
        if chance < 0.13:
            target = max(0, index + pick.randrange(-200, 10))
            return "report", {**raw, "payment_id": f"w{self.writer}-{target}",
                              "fraud": pick.random() < 0.5}
        return "payment", {**raw, "card": f"w{self.writer}-c{pick.randrange(20)}",
                           "shop": f"w{self.writer}-s{pick.randrange(8)}",
                           "amount": f"{pick.randrange(100, 20000) / 100:.2f}",
                           "bad": pick.random() < 0.2}


class Writer:
    """Sends a feed; `acknowledged` is how far it got, `answers` the result of each event."""

    def __init__(self, seed, number):
        self.feed, self.acknowledged = Feed(seed, number), 0
        self.answers, self.faults = {}, []
        self.last = None  # send no event from this one on
        self.shape = random.Random(seed * 77 + number)

    def send(self, server, stopped=never):
        """Sends until `stopped()`, until the last event, or until the server is gone."""
        try:
            client = server.connect()
            while not stopped() and self.acknowledged != self.last:
                self.request(client)
            client.close()
        except GONE:
            if stopped is never:  # nobody kills it now
                raise

    def request(self, client):
        kind, event = self.feed.at(self.acknowledged)
        if self.shape.random() < 0.3:
            status, answer = client.post_one(kind, event)
            if status == 200:
                self.take(kind, event, answer)
            elif status not in (202, 429, 503):
                self.fault(event, answer)
            return
        size = self.shape.choice((1, 5, 50, kLargestBatch))
        if self.last:
            size = min(size, self.last - self.acknowledged)
        batch = []
        while len(batch) < size:
            other, event = self.feed.at(self.acknowledged + len(batch))
            if other != kind:
                break
            batch.append(event)
        answers = client.post_lines(kind, batch)
        for answer, event in zip(answers, batch):
            if "error" in answer:
                if answer["error"].get("code") not in ("unavailable", "exhausted", "saturated"):
                    self.fault(event, answer)
                break
            if answer.get("status") == "accepted":  # its result is not there yet
                break
            self.take(kind, event, answer)
        for _ in answers:  # the connection is used again
            pass

    def take(self, kind, event, answer):
        key, known = (kind, event["id"]), None
        answer.pop("trace_id", None)
        known = self.answers.setdefault(key, answer)
        if known != answer:
            self.fault(event, f"answered {known}, then {answer}")
        self.acknowledged += 1

    def fault(self, event, what):
        self.faults.append(f"{event['id']}: {what}")
        self.acknowledged += 1


def run_killed(args, folder):
    """The writers, the results at the end, and seconds of each start."""
    server = Server(args.program, args.app, os.path.join(folder, "killed"), args.extra)
    writers = [Writer(args.seed, number) for number in range(args.writers)]
    dice, starts, kills = random.Random(args.seed), [], 0
    while kills < args.kills:
        starts.append(server.start())
        dead = threading.Event()
        feeders = [threading.Thread(target=writer.send, args=(server, dead.is_set))
                   for writer in writers]
        for feeder in feeders:
            feeder.start()
        # Early kills meet the recovery, later ones full groups under way.
        time.sleep(dice.choice((0.01, 0.1, 0.4, 1.0)) * dice.random() + 0.001)
        server.kill()
        dead.set()
        server.reap()
        for feeder in feeders:
            feeder.join()
        kills += 1
        if args.verbose:
            print(f"kill {kills}: {sum(w.acknowledged for w in writers)} acknowledged", flush=True)
    starts.append(server.start())
    for writer in writers:
        # Beyond all that may have been admitted without an answer, and far enough for snapshots,
        # however slow the machine was.
        writer.last = max(writer.acknowledged + kLargestBatch, 2 * args.snapshot_every)
        writer.send(server)
    results = list(server.connect().results())
    status = server.stop()
    if status != 0:
        writers[0].faults.append(f"the last stop gave status {status}: {server.tail()}")
    writers[0].faults += faults_of_log(args, os.path.join(folder, "killed"), len(results))
    return writers, results, starts


def faults_of_log(args, data, results):
    """Whether what was recorded equals a fold of the log."""
    done = subprocess.run([args.program, "--format", "json", "verify", "--data", data],
                          capture_output=True, text=True)
    if not done.stdout.strip():
        return [f"verify gave status {done.returncode}: {done.stderr[-500:]}"]
    report = json.loads(done.stdout)
    found = list(report.get("faults", [report.get("error")]))
    if not found and (done.returncode != 0 or report["results"] != results
                      or report["snapshots"] == 0):
        found.append(f"verify gave {done.stdout}, the door {results} results")
    return found


def run_undisturbed(args, folder, writers):
    server = Server(args.program, args.app, os.path.join(folder, "undisturbed"), args.extra)
    server.start()
    others = [Writer(args.seed, number) for number in range(args.writers)]
    for other, writer in zip(others, writers):
        other.last = writer.last
        other.send(server)
        writer.faults += other.faults
    results = list(server.connect().results())
    server.stop()
    return results


def normal(result):
    return json.dumps({key: value for key, value in result.items() if key != "trace_id"},
                      sort_keys=True)


def digest(results):
    return hashlib.sha256("\n".join(map(normal, results)).encode()).hexdigest()


def faults_of(writers, results, undisturbed):
    """What is wrong, in words."""
    found = [fault for writer in writers for fault in writer.faults]
    by_id, positions = {}, [result["position"] for result in results]
    for result in results:
        key = (result["event"], result["id"])
        if key in by_id:
            found.append(f"{key} has two results")
        by_id[key] = result
    if positions != sorted(set(positions)):
        found.append("positions are doubled or out of order")
    if positions and positions != list(range(positions[0], positions[0] + len(positions))):
        found.append("positions have gaps")
    for writer in writers:
        for key, answer in writer.answers.items():
            if key not in by_id:
                found.append(f"{key} was acknowledged and is lost")
            elif normal(by_id[key]) != normal(answer):
                found.append(f"{key} was acknowledged as {answer}, its result is {by_id[key]}")
    if len(writers) > 1:
        return found
    known = {(result["event"], result["id"]): result for result in undisturbed}
    for key, result in by_id.items():
        other = known.get(key)
        if other is not None and normal(result) != normal(other):
            found.append(f"{key}: undisturbed {normal(other)}, killed {normal(result)}")
            break
    if digest(results) != digest(undisturbed):
        found.append(f"digests differ: {len(results)} results, undisturbed {len(undisturbed)}")
    return found


def run(args):
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        writers, results, starts = run_killed(args, folder)
        undisturbed = run_undisturbed(args, folder, writers) if args.writers == 1 else []
        found = faults_of(writers, results, undisturbed)
        starts.sort()
        print(f"seed {args.seed}, {args.kills} kills, {args.writers} writers: "
              f"{len(results)} results, {sum(len(w.answers) for w in writers)} acknowledged;"
              f" ready again after {starts[len(starts) // 2] * 1000:.0f} ms"
              f" (most {starts[-1] * 1000:.0f}); {len(found)} faults;"
              f" {time.monotonic() - started:.0f} s; digest {digest(results)[:16]}")
        for fault in found[:10]:
            print("    " + fault[:1500])
        if found and args.keep:
            os.system(f"cp -r '{folder}' '{args.keep}'")
        return not found


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=os.environ.get("QUINTET", "build/quintet"))
    parser.add_argument("--app", default=os.path.join(HERE, "kill.yaml"))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writers", type=int, default=1)
    parser.add_argument("--pattern", help="run under this pattern")
    parser.add_argument("--snapshot-every", type=int, default=700, help="positions")
    parser.add_argument("--keep", help="copy the data of a run with faults here")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args(given)
    args.extra = ["--snapshot-every", str(args.snapshot_every)]
    args.extra += ["--pattern", args.pattern] if args.pattern else []
    return args


if __name__ == "__main__":
    good = run(arguments())
    print(f"{int(good)} passed, {int(not good)} failed")
    sys.exit(0 if good else 1)
