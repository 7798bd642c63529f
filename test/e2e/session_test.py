#!/usr/bin/env python3
"""One sender's order holds through kills, of the application and of the sender (S1.6).

`quintet send` streams lines in an order that ids tell; meanwhile the application is killed again
and again, and the sender itself once. At the end the results, by position, have the ids in that
order.
"""
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server  # noqa: E402
from surroundings import free_port, until  # noqa: E402

# Those that test/run.py runs it under.
PATTERNS = ("monolithic", "microservices")
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")
kLines = 12000
kKills = 8


def write_lines(path):
    """The events of one sender; some lines are refused, some come twice."""
    pick, ids = random.Random(5), []
    with open(path, "w") as file:
        for number in range(kLines):
            if pick.random() < 0.01:
                file.write('{"id":"bad"}\n')
                continue
            again = ids and pick.random() < 0.01
            name = pick.choice(ids) if again else f"e{number}"
            ids += [] if again else [name]
            index = int(name[1:])
            file.write(json.dumps({"id": name, "at": 1_700_000_000 + index, "card": f"c{index % 7}",
                                   "shop": f"s{index % 3}", "amount": f"{index % 90}.50"}) + "\n")
    return ids


def send(url, path, session, rate):
    return subprocess.Popen([PROGRAM, "--format", "json", "-q", "send", url, "--input",
                             "payment=" + path, "--session", session, "--rate", str(rate)],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def last_of(server):
    return json.loads(server.connect().get("/v1/sessions/one")[2])["last"]


def run(folder):
    path = os.path.join(folder, "events.ndjson")
    ids = write_lines(path)
    server = Server(PROGRAM, os.path.join(HERE, "kill.yaml"), os.path.join(folder, "data"))
    port = free_port()
    server.command[server.command.index("--port") + 1] = str(port)
    url, dice = f"http://127.0.0.1:{port}", random.Random(7)
    server.start()
    sender = send(url, path, "one", 4000)
    for kill in range(kKills):
        time.sleep(0.1 + 0.2 * dice.random())
        if kill == kKills // 2:
            until(lambda: last_of(server) > 0, "the first sender was heard")
            os.kill(sender.pid, signal.SIGKILL)
            sender.wait()
            before = last_of(server)
            sender = send(url, path, "one", 4000)
            # It must have found the application before that is killed again.
            until(lambda: sender.poll() is not None or last_of(server) != before,
                  "the second sender is heard")
        server.kill()
        server.reap()
        server.start()
    report = json.loads(sender.communicate()[0])
    results = [result["id"] for result in server.connect().results()]
    faults = []
    if results != ids:
        at = next((i for i, pair in enumerate(zip(results, ids)) if pair[0] != pair[1]),
                  min(len(results), len(ids)))
        faults.append(f"{len(results)} results, {len(ids)} events; they part at {at}: "
                      f"{results[at:at + 3]} and {ids[at:at + 3]}")
    if report["skipped"] == 0:
        faults.append("the second sender began at the first line")
    status, _, body = server.connect().get("/v1/sessions/one")
    if status != 200 or json.loads(body)["last"] != kLines:
        faults.append(f"the session ends at {body[:200]}")
    status, _, body = server.connect().get("/v1/sessions/unheard")
    if status != 200 or json.loads(body)["last"] != 0:
        faults.append(f"an unknown session gave {body[:200]}")
    server.stop()
    print(f"{kKills} kills, {len(results)} results, skipped {report['skipped']}, "
          f"reconnects {report['reconnects']}")
    return faults


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as where:
        found = run(where)
    for fault in found:
        print("    " + fault)
    print(f"{int(not found)} passed, {int(bool(found))} failed")
    sys.exit(1 if found else 0)
