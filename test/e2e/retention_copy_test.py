#!/usr/bin/env python3
"""Train learns from a copy of a log whose beginning goes (S10): as long as it follows, and where it
was away for so long that what it wants next is gone. Ends with 'N passed, N failed'.
"""
import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import services_kill  # noqa: E402
from server import Server  # noqa: E402
from surroundings import ended, run_each, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")
APP = os.path.join(HERE, "retention_copy.yaml")


class Application:
    def __init__(self, folder):
        self.data = os.path.join(folder, "data")
        self.server = Server(PROGRAM, APP, self.data, ["--pattern", "microservices"])
        self.server.start()
        self.client = self.server.connect()
        self.dice, self.sent = random.Random(5), 0

    def first(self):
        for line in self.client.get("/metrics")[2].decode().splitlines():
            if line.startswith("quintet_first_position "):
                return int(float(line.split()[1]))
        return 1

    def feed_until(self, reached, what):
        """Events of now, until old ones went."""
        def sent():
            events = []
            for _ in range(50):
                self.sent += 1
                amount = self.dice.random()
                now = time.time()
                events.append({"id": f"e{self.sent}", "card": f"c{self.sent % 9}",
                               "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) +
                               f".{int(now % 1 * 1e6):06d}Z",
                               "amount": amount, "fraud": amount > .8})
            for answer in self.client.post_lines("payment", events):
                assert "position" in answer or "too_old" in json.dumps(answer), answer
            return reached()
        until(sent, what)

    def train(self):
        """The newest training, when it has ended."""
        before = len(self.ended())
        self.client.connection.request("POST", "/v1/train", json.dumps({"model": "score"}),
                                       {"Content-Type": "application/json"})
        response = self.client.connection.getresponse()
        body = response.read()
        assert response.status == 202, (response.status, body)
        until(lambda: len(self.ended()) > before, "the training ends")
        return self.ended()[-1]

    def ended(self):
        status, _, body = self.client.get("/v1/train")
        assert status == 200, body
        return [run for run in json.loads(body)["runs"] if run["state"] in ("done", "failed")]

    def log_lines(self, message):
        return [json.loads(line) for line in self.server.tail(1 << 20).splitlines()
                if f'"{message}"' in line]


def it_learns_from_what_is_there(folder):
    application = Application(folder)
    try:
        application.feed_until(lambda: application.first() > 500, "old log went")
        run = application.train()
        assert run["state"] == "done", run
        first = application.first()
        services_kill_train(application)
        application.feed_until(lambda: application.first() > first + 500, "more of it went")
        assert application.train()["state"] == "done"
    finally:
        status = application.server.stop()
    assert status == 0, application.server.tail()
    assert holds(application.data)


def services_kill_train(application):
    running = services_kill.children(application.server.process.pid)["train"]
    os.kill(running, signal.SIGKILL)
    until(lambda: services_kill.children(application.server.process.pid).get(
        "train", running) != running, "it is started again")


def a_copy_that_fell_behind_begins_at_the_base(folder):
    application = Application(folder)
    stopped = None
    try:
        application.feed_until(lambda: application.first() > 1, "old log went")
        stopped = services_kill.children(application.server.process.pid)["train"]
        os.kill(stopped, signal.SIGSTOP)
        last = application.sent
        # Much more than what is on its way to it.
        application.feed_until(lambda: application.first() > last + 1200, "what it wants went")
        os.kill(stopped, signal.SIGCONT)
        os.kill(stopped, signal.SIGKILL)
        stopped = None
        until(lambda: application.log_lines("the copy of the log begins at its base"),
              "the copy begins anew")
        assert application.train()["state"] == "done"
    finally:
        if stopped:
            os.kill(stopped, signal.SIGCONT)
        status = application.server.stop()
    assert status == 0, application.server.tail()
    assert holds(application.data)


def holds(data):
    """Each copy is that of ingest's log, and what was stored is what it folds to."""
    done = subprocess.run([PROGRAM, "--format", "json", "verify", "--data", data],
                          capture_output=True, text=True)
    print(f"        {done.stdout.strip()[:160]}")
    return done.returncode == 0 and json.loads(done.stdout)["holds"]


def main():
    return ended(*run_each((it_learns_from_what_is_there,
                            a_copy_that_fell_behind_begins_at_the_base)))


if __name__ == "__main__":
    sys.exit(main())
