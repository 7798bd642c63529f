#!/usr/bin/env python3
"""All services are started anew one after the other, under load: SIGUSR2 to the supervisor.

No request fails, no connection is refused, the answers are those of a monolith; a program that was
replaced on the disk is the one that runs then. Ends with 'N passed, N failed'.
"""
import http.client
import json
import os
import shutil
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kill  # noqa: E402
import services_kill  # noqa: E402
from server import GONE, Server  # noqa: E402
from surroundings import ended, kPatience, run_each, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(os.environ.get("QUINTET", "build/quintet"))
APP = os.path.join(HERE, "kill.yaml")
FEED = kill.Feed(5, 0)


class Client(threading.Thread):
    """Asks one thing after the other over one connection, which it makes anew when told that it is
    closed; what is not answered as it should be is a failure."""

    def __init__(self, server, make):
        super().__init__()
        self.server, self.make, self.over = server, make, False
        self.answered, self.failures = 0, []

    def run(self):
        connection = None
        while not self.over:
            connection = connection or http.client.HTTPConnection(self.server.address,
                                                                  timeout=kPatience)
            method, path, body = self.make(self.answered)
            try:
                connection.request(method, path, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                said = answer.read()
                if answer.status not in (200, 202):  # 202: it is in the log, its result comes
                    self.failures.append(f"{method} {path}: {answer.status} {said[:300]}")
                self.answered += 1
                if answer.getheader("Connection") == "close":
                    connection.close()
                    connection = None
            except GONE as why:
                self.failures.append(f"{method} {path}: {why!r}")
                connection.close()
                connection = None
            time.sleep(0.002)


def event(number):
    kind, fields = FEED.at(number)
    return "POST", "/v1/events?event=" + kind, json.dumps(fields)


def restart(server):
    """Waits until all processes are others than before."""
    before = services_kill.children(server.process.pid)
    server.process.send_signal(signal.SIGUSR2)
    until(lambda: not set(before.values()) & set(services_kill.children(
        server.process.pid).values()) and len(services_kill.children(server.process.pid)) == 5,
          "all are new")
    until(lambda: server.tail().count("all processes are new"), "and ready")
    return before


def under_load_no_request_fails(folder):
    server = Server(PROGRAM, APP, os.path.join(folder, "data"),
                    ["--pattern", "microservices", "--snapshot-every", "700"])
    server.start()
    try:
        writer = Client(server, event)
        readers = [Client(server, lambda _: ("GET", "/v1/results?limit=3", None)),
                   Client(server, lambda _: ("GET", "/v1/features/payment?card=w0-c1&shop=w0-s1",
                                             None)),
                   Client(server, lambda _: ("POST", "/v2/repository/index", "{}")),
                   Client(server, lambda _: ("GET", "/v1/dead-letters?limit=1", None)),
                   Client(server, lambda _: ("GET", "/v1/train", None)),
                   Client(server, lambda _: ("GET", "/livez", None))]
        writer.start()
        until(lambda: writer.answered > 100, "the load runs")
        for reader in readers:
            reader.start()
        for _ in range(2):
            restart(server)
            done = writer.answered
            until(lambda: writer.answered > done + 100, "the load goes on")
        for client in (writer, *readers):
            client.over = True
        for client in (writer, *readers):
            client.join()
        for client in (writer, *readers):
            assert client.answered > 100 and client.failures == [], \
                (client.answered, client.failures[:3])
        results = list(server.connect().results())
    finally:
        status = server.stop()
    assert status == 0, server.tail()
    args = kill.arguments(["--program", PROGRAM])
    assert kill.faults_of_log(args, os.path.join(folder, "data"), len(results)) == []
    undisturbed = the_monolith(folder, writer.answered)
    assert kill.digest(results) == kill.digest(undisturbed), (len(results), len(undisturbed))
    print(f"        {writer.answered} events and "
          f"{sum(reader.answered for reader in readers)} reads, none failed")


def the_monolith(folder, count):
    server = Server(PROGRAM, APP, os.path.join(folder, "monolith"))
    server.start()
    try:
        client = server.connect()
        for i in range(count):
            status, answer = client.post_one(*FEED.at(i))
            assert status == 200, answer
        return list(server.connect().results())
    finally:
        assert server.stop() == 0, server.tail()


def a_program_that_was_replaced_is_the_one_that_runs(folder):
    beside = os.path.join(folder, "bin")
    os.mkdir(beside)
    for name in ("quintet", "quintet-train"):
        shutil.copy(os.path.join(os.path.dirname(PROGRAM), name), beside)
    program = os.path.join(beside, "quintet")
    server = Server(program, APP, os.path.join(folder, "data"), ["--pattern", "microservices"])
    server.start()
    try:
        status, answer = server.connect().post_one(*FEED.at(0))
        assert status == 200, answer
        shutil.copy(program, program + ".new")
        os.rename(program + ".new", program)
        restart(server)
        for name, process in services_kill.children(server.process.pid).items():
            assert os.stat(f"/proc/{process}/exe").st_ino == os.stat(program).st_ino, name
        assert os.stat(f"/proc/{server.process.pid}/exe").st_ino != os.stat(program).st_ino
        assert server.connect().get("/v1/results/@3")[0] in (200, 404)
    finally:
        assert server.stop() == 0, server.tail()


def main():
    return ended(*run_each((under_load_no_request_fails,
                            a_program_that_was_replaced_is_the_one_that_runs)))


if __name__ == "__main__":
    sys.exit(main())
