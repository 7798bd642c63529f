#!/usr/bin/env python3
"""Another number of replicas of infer while the application runs under load: quintet scale.

No request fails and the answers are those of a monolith; so are they where a replica answers no
more and others take its shards. What dies while shards move: services_kill.py --scale. Ends with
'N passed, N failed'.
"""
import json
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kill  # noqa: E402
import services_kill  # noqa: E402
from restart_test import FEED, Client, event, the_monolith  # noqa: E402
from server import Server  # noqa: E402
from surroundings import ended, kPatience, run_each, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(os.environ.get("QUINTET", "build/quintet"))
APP = os.path.join(HERE, "kill.yaml")


def command(*words):
    done = subprocess.run([PROGRAM, "--format", "json", *words], capture_output=True, text=True,
                          timeout=kPatience)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def scale(folder, count):
    status, said, errors = command("scale", os.path.join(folder, "data"), f"infer={count}")
    assert status == 0, (status, said, errors)
    return said


def start(folder, *more):
    server = Server(PROGRAM, APP, os.path.join(folder, "data"),
                    ["--pattern", "microservices", "--snapshot-every", "700", *more])
    server.start()
    return server


def under_load_no_request_fails(folder):
    server = start(folder)
    try:
        writer = Client(server, event)
        reader = Client(server, lambda _: ("GET", "/v1/results?limit=3", None))
        writer.start()
        until(lambda: writer.answered > 100, "the load runs")
        reader.start()
        for count in (3, 2, 4, 1):
            said = scale(folder, count)
            print(f"        infer={count} after {said['seconds']:.2f} s")
            assert said["replicas"] == count
            infers = [name for name in services_kill.children(server.process.pid)
                      if name.startswith("infer")]
            assert len(infers) == count, infers
            done = writer.answered
            until(lambda: writer.answered > done + 100, "the load goes on")
        for client in (writer, reader):
            client.over = True
            client.join()
        for client in (writer, reader):
            assert client.answered > 100 and client.failures == [], \
                (client.answered, client.failures[:3])
        undisturbed = the_monolith(folder, writer.answered)
        until(lambda: len(list(server.connect().results())) >= len(undisturbed), "all results")
        results = list(server.connect().results())
    finally:
        status = server.stop()
    assert status == 0, server.tail()
    args = kill.arguments(["--program", PROGRAM])
    assert kill.faults_of_log(args, os.path.join(folder, "data"), len(results)) == []
    assert kill.digest(results) == kill.digest(undisturbed), (len(results), len(undisturbed))
    print(f"        {writer.answered} events and {reader.answered} reads, none failed")


def others_take_the_shards_of_one_that_answers_no_more(folder):
    server = start(folder, "--replicas", "infer=3")
    stopped = None
    try:
        client = server.connect()
        for number in range(60):
            assert client.post_one(*FEED.at(number))[0] == 200
        stopped = services_kill.children(server.process.pid)["infer-2"]
        os.kill(stopped, signal.SIGSTOP)
        # What it holds waits at first.
        status, answer = client.post_one(*FEED.at(60))
        assert status in (200, 202), (status, answer)
        until(lambda: moved_to(server, "infer infer-3"), "others hold its shards")
        # The gateway asks for the table once a second: until then it says 202 where one is away.
        until(lambda: missing(client) == [], "the gateway knows it")
        for number in range(61, 120):
            status, answer = client.post_one(*FEED.at(number))
            assert status == 200, (status, answer)
        os.kill(stopped, signal.SIGCONT)
        until(lambda: moved_to(server, "infer infer-2 infer-3"), "it has its share again")
        until(lambda: missing(client) == [], "the gateway knows it")
        for number in range(120, 180):
            assert client.post_one(*FEED.at(number))[0] == 200
        undisturbed = the_monolith(folder, 180)
        results = list(server.connect().results())
        assert kill.digest(results) == kill.digest(undisturbed), (len(results), len(undisturbed))
    finally:
        if stopped:
            os.kill(stopped, signal.SIGCONT)
        status = server.stop()
    assert status == 0, server.tail()


def moved_to(server, replicas):
    moves = [line for line in server.tail(1 << 20).splitlines() if '"shards move"' in line]
    return moves and json.loads(moves[-1])["replicas"] == replicas


def any_replica_answers_for_infer(folder):
    server = start(folder, "--replicas", "infer=2")
    stopped = None
    try:
        client = server.connect()
        assert client.post_one(*FEED.at(0))[0] == 200
        scale(folder, 3)
        until(lambda: 'service="infer-3"' in client.get("/metrics")[2].decode(),
              "the metrics of all of them are on the page")
        stopped = services_kill.children(server.process.pid)["infer"]
        os.kill(stopped, signal.SIGSTOP)
        until(lambda: missing(client) == ["infer"], "its absence is told")
        for path in ("/v2", "/v2/health/live", "/v2/health/ready"):
            status, _, body = client.get(path)
            assert status == 200, (path, status, body)
        status, answer = client.post_one(*FEED.at(1))
        assert status == 200 or (status, answer["waits_for"]) == (202, "infer"), (status, answer)
        until(lambda: missing(client) == [], "others hold all shards")
        status, _, body = client.get("/v1/features/payment?card=w0-c1&shop=w0-s1")
        assert status == 200, (status, body)
    finally:
        if stopped:
            os.kill(stopped, signal.SIGCONT)
        status = server.stop()
    assert status == 0, server.tail()


def missing(client):
    _, _, body = client.get("/readyz")
    return [one["service"] for one in json.loads(body).get("missing", [])]


def the_number_is_kept_and_may_be_given_anew(folder):
    server = start(folder)
    try:
        assert server.connect().post_one(*FEED.at(0))[0] == 200
        assert scale(folder, 3)["before"] == 1
        before = services_kill.children(server.process.pid)
        status, said, errors = command("restart", os.path.join(folder, "data"))
        assert status == 0 and said["seconds"] > 0, (status, said, errors)
        after = services_kill.children(server.process.pid)
        assert set(before) == set(after) and not set(before.values()) & set(after.values())
        assert server.connect().post_one(*FEED.at(1))[0] == 200
    finally:
        assert server.stop() == 0, server.tail()
    for more, count in ([], 3), (["--replicas", "infer=2"], 2), ([], 2):
        server = start(folder, *more)
        try:
            names = services_kill.children(server.process.pid)
            assert sum(name.startswith("infer") for name in names) == count, (more, names)
            number = 2 + len(list(server.connect().results()))
            assert server.connect().post_one(*FEED.at(number))[0] == 200
        finally:
            assert server.stop() == 0, server.tail()


def what_cannot_be_done_is_said(folder):
    data = os.path.join(folder, "data")
    for words, wanted in (
            (("scale", data, "infer=2"), "no application of several processes runs in"),
            (("restart", data), "no application of several processes runs in"),
            (("scale", data, "infer=0"), "write infer=N, N from 1 to 32"),
            (("scale", data, "train=2"), "write infer=N, N from 1 to 32"),
            (("scale", "http://127.0.0.1:1", "infer=2"), "not its URL")):
        status, said, errors = command(*words)
        told = json.dumps(said) + errors
        assert status != 0 and wanted in told, (words, status, told)
    server = start(folder)
    assert server.stop() == 0
    assert not os.path.exists(os.path.join(data, "control"))


def main():
    return ended(*run_each((under_load_no_request_fails,
                            others_take_the_shards_of_one_that_answers_no_more,
                            any_replica_answers_for_infer,
                            the_number_is_kept_and_may_be_given_anew,
                            what_cannot_be_done_is_said)))


if __name__ == "__main__":
    sys.exit(main())
