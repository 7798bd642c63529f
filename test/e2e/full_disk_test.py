#!/usr/bin/env python3
"""A disk that takes nothing for a while, and then does again.

The limit on the size of files stands in for the full disk: at zero no write succeeds. What was
acknowledged before stays, nothing is acknowledged meanwhile, the process says that it is not ready,
and streams that were open all the time go on.
"""
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server  # noqa: E402
from surroundings import kPatience  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")


def event(number):
    return {"id": f"e{number}", "at": 1_700_000_000 + number, "card": f"c{number}", "shop": "s1",
            "amount": "2.50"}


class Stream:
    """One request that stays open: a line in, its answer out."""

    def __init__(self, server, content, header=""):
        self.connection = server.connect().connection
        self.connection.putrequest("POST", "/v1/events?event=payment")
        self.connection.putheader("Content-Type", content)
        self.connection.putheader("Transfer-Encoding", "chunked")
        self.connection.endheaders()
        self.csv = content == "text/csv"
        self.response = None
        if header:
            self.send(header)

    def send(self, line):
        data = (line + "\n").encode()
        self.connection.send(b"%x\r\n%s\r\n" % (len(data), data))

    def ask(self, one):
        self.send(",".join(one.values()) if self.csv else json.dumps(one))
        if self.response is None:
            self.response = self.connection.getresponse()
        return json.loads(self.response.readline())


def refuse_writes(server, yes):
    limit = 0 if yes else resource.RLIM_INFINITY
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def run(folder):
    data = os.path.join(folder, "data")
    server = Server(PROGRAM, os.path.join(HERE, "door.yaml"), data)
    server.start()
    acknowledged = {}
    number = 0

    def ask(stream):
        nonlocal number
        number += 1
        one = {name: str(value) for name, value in event(number).items()}
        answer = stream.ask(one)
        if "position" in answer:
            acknowledged[one["id"]] = answer["position"]
        return answer

    try:
        streams = [Stream(server, "application/x-ndjson"),
                   Stream(server, "text/csv", "id,at,card,shop,amount")]
        client = server.connect()
        for stream in streams:
            assert "position" in ask(stream)
        refuse_writes(server, True)
        for _ in range(3):
            for stream in streams:
                answer = ask(stream)
                assert answer["error"]["code"] == "unavailable", answer
            # A dead letter needs the disk too, and the vault before it.
            status, _ = client.post_one("payment", {"id": ""})
            assert status == 503, status
        # What fails again and again is not ready.
        began = time.monotonic()
        while server.connect().get("/readyz")[0] != 503:
            client.post_one("payment", {"id": ""})
            assert time.monotonic() - began < kPatience, "always ready though nothing is kept"
        assert server.connect().get("/livez")[0] == 200
        refuse_writes(server, False)
        for stream in streams:
            began = time.monotonic()
            while "position" not in ask(stream):
                assert time.monotonic() - began < kPatience, "it does not recover"
                time.sleep(0.05)
        assert client.post_one("payment", {"id": ""})[0] == 400
        assert client.get("/readyz")[0] == 200
        found = {one["id"]: one["position"] for one in client.results()}
        lost = {id: position for id, position in acknowledged.items() if found.get(id) != position}
        assert not lost, lost
        assert server.stop() == 0
    finally:
        server.kill()
    done = subprocess.run([PROGRAM, "verify", "--data", data], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    lose_files(data, server)


def lose_files(data, server):
    """A file of the directory that is gone is not begun anew in silence."""
    for name, said in (("vault.db", "vault is gone"), ("quintet.db", "put back the quintet.db")):
        away = os.path.join(data, name + ".away")
        os.rename(os.path.join(data, name), away)
        done = subprocess.run(server.command, capture_output=True, text=True, timeout=kPatience)
        assert done.returncode != 0 and said in done.stdout + done.stderr, (name, done)
        os.replace(away, os.path.join(data, name))
    server.start()
    assert server.stop() == 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        run(scratch)
    print("1 passed, 0 failed")
