#!/usr/bin/env python3
"""The real transactions while infer has another number of replicas, again and again.

All transactions (--count first ones; 0 means all) are streamed into the microservices pattern while
`quintet scale` goes from one number to the other, and a client beside it reads; then the digest of
all results is that of a monolith. No request may fail. Tells how long each change took and the
longest answer to a read meanwhile.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from fraud_stream import sample, stream  # noqa: E402
from server import Server  # noqa: E402

ROOT = os.path.join(HERE, "..", "..")
APP = os.path.join(ROOT, "apps", "fraud", "app.yaml")
PROGRAM = os.path.abspath(os.environ.get("QUINTET", "build/quintet"))
NUMBERS = (3, 2, 4, 1)


class Asker(threading.Thread):
    """Reads results all the time; the longest answer of late, and what failed."""

    def __init__(self, server):
        super().__init__()
        self.server, self.over = server, False
        self.asked, self.longest, self.failed = 0, 0.0, []

    def run(self):
        client = self.server.connect()
        while not self.over:
            began = time.monotonic()
            status, _, body = client.get("/v1/results?limit=1")
            self.longest = max(self.longest, time.monotonic() - began)
            self.asked += 1
            if status != 200:
                self.failed.append((status, body[:200]))
            time.sleep(.01)


def scale(data, count):
    began = time.monotonic()
    said = subprocess.run([PROGRAM, "--format", "json", "scale", data, f"infer={count}"],
                          capture_output=True, text=True)
    if said.returncode:
        raise RuntimeError(f"infer={count}: {said.stdout} {said.stderr}")
    return time.monotonic() - began


def digest(server):
    said = subprocess.run([PROGRAM, "--format", "json", "results", "http://" + server.address,
                           "--digest"], capture_output=True, text=True, check=True)
    return json.loads(said.stdout)


def run_scaled(path, folder):
    data = os.path.join(folder, "services")
    server = Server(PROGRAM, APP, data, ["--pattern", "microservices"])
    server.start()
    asker, answered, failures = Asker(server), [], []

    def send():
        try:
            answered.append(stream(server, path))
        except Exception as why:  # it is told below
            failures.append(repr(why))

    sender = threading.Thread(target=send)
    try:
        asker.start()
        sender.start()
        for turn in range(100):
            count = NUMBERS[turn % len(NUMBERS)]
            time.sleep(1)
            if not sender.is_alive() and turn >= len(NUMBERS):
                break
            asker.longest, moves = 0.0, turn + 1
            seconds = scale(data, count)
            print(f"infer={count} after {seconds:.2f} s, longest answer to a read "
                  f"{asker.longest * 1000:.0f} ms", flush=True)
        sender.join()
        asker.over = True
        asker.join()
        found = digest(server)
    finally:
        asker.over = True
        status = server.stop()
    failures += [str(one) for one in asker.failed[:3]]
    if status:
        failures.append(f"the stop gave {status}: {server.tail()}")
    return answered, found, failures, moves, asker.asked


def run_monolith(path, folder):
    server = Server(PROGRAM, APP, os.path.join(folder, "monolith"))
    server.start()
    try:
        stream(server, path)
        return digest(server)
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.environ.get("QUINTET_DATA", "../shared/data"))
    parser.add_argument("--count", type=int, default=0, help="first transactions; 0 means all")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = sample(args, folder)
        answered, found, failures, moves, reads = run_scaled(path, folder)
        wanted = run_monolith(path, folder)
    if found != wanted:
        failures.append(f"digests differ: {found} {wanted}")
    print(f"{answered} transactions, {moves} numbers of replicas, {reads} reads; {wanted}")
    for failure in failures:
        print("FAILED  " + failure[:500])
    print(f"{int(not failures)} passed, {int(bool(failures))} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
