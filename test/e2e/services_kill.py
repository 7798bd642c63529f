#!/usr/bin/env python3
"""Kills the services of a running application, one at a time, at random moments under load.

Each writer sends numbered events as single posts and as NDJSON, from the first without an answer on
after each error. The supervisor starts again what died. At the end each acknowledged event has one
result, equal to what was acknowledged; no event has two; outcomes and snapshots of all services
equal a fold of the run's own log (`quintet verify`); and, with one writer, all results equal those
of a monolith that nobody disturbed. Beside the load results are read: while anything but gateway
and results is away that must not fail.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kill  # noqa: E402
from server import GONE, Server  # noqa: E402
from surroundings import kPatience  # noqa: E402

SERVICES = ("gateway", "ingest", "infer", "results", "train")


def children(parent):
    """{service: process id} of a supervisor."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as file:
                status, ppid = file.read().rsplit(")", 1)[1].split()[:2]
            with open(f"/proc/{entry}/cmdline") as file:
                words = file.read().split("\0")
        except OSError:
            continue
        if int(ppid) == parent and status != "Z" and "service" in words:
            name = words[words.index("service") + 1]
            if "--replica" in words:
                name += "-" + words[words.index("--replica") + 1]
            found[name] = int(entry)
    return found


class Load(threading.Thread):
    """Sends until it is told to end; a broken connection is made anew."""

    def __init__(self, server, writer):
        super().__init__()
        self.server, self.writer, self.over = server, writer, False

    def run(self):
        while not self.over:
            try:
                self.writer.send(self.server, lambda: self.over)
            except RuntimeError as why:  # a whole request was refused
                if not str(why).startswith(("429", "503")):
                    self.writer.faults.append(str(why))
                    return
            time.sleep(0.01)


class Reader(threading.Thread):
    """Reads a result again and again; what failed, by what was away then."""

    def __init__(self, server):
        super().__init__()
        self.server, self.over, self.away = server, False, None
        self.reads, self.failed = 0, {}

    def run(self):
        while not self.over:
            away = self.away
            try:
                client = self.server.connect()
                while not self.over:
                    away = self.away
                    status, _, _ = client.get("/v1/results/@3")
                    self.reads += 1
                    if status not in (200, 404):
                        self.count(away)
                    time.sleep(0.005)
                client.close()
            except GONE:
                self.count(away)
                time.sleep(0.01)

    def count(self, away):
        for name in {away, self.away}:
            self.failed[name] = self.failed.get(name, 0) + 1


class Scaler(threading.Thread):
    """Another number of replicas of infer, one after the other: what cannot be done since somebody
    died is said, and taken back."""

    def __init__(self, program, data, seed):
        super().__init__()
        self.program, self.data, self.dice = program, data, random.Random(seed)
        self.over, self.done, self.refused, self.faults = False, 0, 0, []

    def run(self):
        while not self.over:
            count = self.dice.randint(1, 4)
            said = subprocess.run([self.program, "--format", "json", "scale", self.data,
                                   f"infer={count}"], capture_output=True, text=True,
                                  timeout=kPatience)
            if said.returncode == 0:
                self.done += 1
            elif any(word in said.stdout for word in ("before it was ready", "does not answer")):
                self.refused += 1
            else:
                self.faults.append(f"infer={count}: {said.returncode} {said.stdout} {said.stderr}")
            time.sleep(self.dice.random() * 0.2)


# One path a service; results and infer have something to say once an event came.
PROBES = ("/v1/dead-letters", "/v1/results/@3", "/v1/features/payment?card=x", "/v1/train")


def ready_again(server, name, killed, may_go):
    """Waits until the service lives anew and all of them answer; seconds since the kill. Where the
    number of replicas changes, one may be gone for good."""
    started = time.monotonic()
    while time.monotonic() - started < kPatience:
        try:
            client = server.connect()
            lives = children(server.process.pid).get(name) not in (None, killed)
            gone = may_go and name.startswith("infer-")
            if (lives or gone) and all(client.get(path)[0] in (200, 404) for path in PROBES):
                return time.monotonic() - started
            client.close()
        except GONE:
            pass
        time.sleep(0.005)
    raise RuntimeError(f"{name} does not come back: {server.tail()}")


def run_killed(args, folder):
    server = Server(args.program, args.app, os.path.join(folder, "killed"),
                    [*args.extra, "--pattern", "microservices", "--replicas",
                     f"infer={args.replicas}"])
    services = [*SERVICES, *(f"infer-{number}" for number in range(2, args.replicas + 1))]
    server.start()
    writers = [kill.Writer(args.seed, number) for number in range(args.writers)]
    loads, reader = [Load(server, writer) for writer in writers], Reader(server)
    scaler = Scaler(args.program, os.path.join(folder, "killed"), args.seed)
    scalers = [scaler] if args.scale else []
    for thread in (*loads, reader, *scalers):
        thread.start()
    dice, times = random.Random(args.seed), []
    try:
        for number in range(args.kills):
            time.sleep(dice.choice((0.05, 0.2, 0.6)) * dice.random())
            if args.scale:
                services = sorted(children(server.process.pid))
            name = args.service or services[number % len(services)]
            process = children(server.process.pid).get(name)
            if process is None and args.scale:
                continue
            if process is None:
                raise RuntimeError(f"{name} does not run: {server.tail()}")
            reader.away = name
            os.kill(process, 9)
            times.append(ready_again(server, name, process, args.scale))
            reader.away = None
            if args.verbose:
                print(f"kill {number + 1}, {name}, {times[-1] * 1000:.0f} ms: "
                      f"{sum(writer.acknowledged for writer in writers)} acknowledged", flush=True)
    finally:
        for thread in (*loads, reader, *scalers):
            thread.over = True
        for thread in (*loads, reader, *scalers):
            thread.join()
    for writer in writers:
        # Far enough for snapshots too, however slow the machine was.
        writer.last = max(writer.acknowledged + kill.kLargestBatch, 2 * args.snapshot_every)
        while writer.acknowledged < writer.last:
            writer.send(server, lambda: False)
    results = list(server.connect().results())
    status = server.stop()
    if status != 0:
        writers[0].faults.append(f"the stop gave status {status}: {server.tail()}")
    for name in set(reader.failed) - {None, "gateway", "results"}:
        writers[0].faults.append(f"{reader.failed[name]} reads failed while {name} was away")
    writers[0].faults += scaler.faults
    if args.scale:
        print(f"    another number of replicas {scaler.done} times, {scaler.refused} not, as one"
              " died before it was ready")
        if not scaler.done:
            writers[0].faults.append("the number of replicas never changed")
    writers[0].faults += kill.faults_of_log(args, os.path.join(folder, "killed"), len(results))
    return writers, results, times, reader


def run(args):
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        writers, results, times, reader = run_killed(args, folder)
        alone = args.writers == 1
        undisturbed = kill.run_undisturbed(args, folder, writers) if alone else []
        found = kill.faults_of(writers, results, undisturbed)
        times.sort()
        whose = f" of {args.service}" if args.service else ""
        print(f"seed {args.seed}, {args.kills} kills{whose}, {args.writers} writers:"
              f" {len(results)} results, "
              f"{sum(len(writer.answers) for writer in writers)} acknowledged;"
              f" all answer again after {times[len(times) // 2] * 1000:.0f} ms"
              f" (most {times[-1] * 1000:.0f});"
              f" {reader.reads} reads, failed by what was away: {reader.failed};"
              f" {len(found)} faults; {time.monotonic() - started:.0f} s;"
              f" digest {kill.digest(results)[:16]}")
        for fault in found[:10]:
            print("    " + fault[:1500])
        if found and args.keep:
            os.system(f"cp -r '{folder}' '{args.keep}'")
        return not found


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--service")
    parser.add_argument("--replicas", type=int, default=1, help="of infer")
    parser.add_argument("--scale", action="store_true",
                        help="infer has another number of replicas all the time")
    own, rest = parser.parse_known_args(given)
    args = kill.arguments(rest)
    args.service, args.replicas, args.scale = own.service, own.replicas, own.scale
    return args


def main():
    good = run(arguments())
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
