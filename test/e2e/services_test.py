#!/usr/bin/env python3
"""The microservices pattern as real processes: a gateway and four services under a supervisor.

The same events give the same answers as in a monolith, also through kills of each service; what
does not need a dead service goes on; a restart finds everything. Ends with 'N passed, N failed'.
"""
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kill  # noqa: E402
import services_kill  # noqa: E402
from server import Client, Server  # noqa: E402
from surroundings import ended, free_port, run_each, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")
APP = os.path.join(HERE, "kill.yaml")


def started(folder, name, *more):
    server = Server(PROGRAM, APP, os.path.join(folder, name), ["--pattern", "microservices", *more])
    server.start()
    return server


def send(server, count, seed=5):
    writer = kill.Writer(seed, 0)
    writer.last = count
    while writer.acknowledged < count:
        writer.send(server)
    return writer


def get(server, path):
    status, _, body = server.connect().get(path)
    return status, body


def the_answers_are_those_of_a_monolith(folder):
    server = started(folder, "equal")
    try:
        writer = send(server, 300)
        results = list(server.connect().results())
    finally:
        assert server.stop() == 0, server.tail()
    args = kill.arguments(["--program", PROGRAM, "--seed", "5"])
    assert kill.faults_of([writer], results, kill.run_undisturbed(args, folder, [writer])) == []


def a_restart_finds_everything(folder):
    server = started(folder, "again")
    send(server, 200)
    before = list(server.connect().results())
    assert server.stop() == 0, server.tail()
    server.start()
    try:
        assert list(server.connect().results()) == before
        send(server, 250)
    finally:
        assert server.stop() == 0, server.tail()


def services_end_with_a_supervisor_that_was_killed(folder):
    server = started(folder, "orphans")
    send(server, 50)
    before = list(server.connect().results())
    server.kill()
    server.reap()
    server.start()  # waits for those that still end
    try:
        assert list(server.connect().results()) == before
    finally:
        assert server.stop() == 0, server.tail()


def results_are_read_while_infer_is_away(folder):
    server = started(folder, "degrade")
    try:
        send(server, 50)
        for name in ("infer", "train"):
            for _ in range(5):
                old = services_kill.children(server.process.pid)[name]
                os.kill(old, 9)
                assert get(server, "/v1/results/@3")[0] == 200
                assert get(server, "/v1/results?limit=5")[0] == 200
                until(lambda: services_kill.children(server.process.pid).get(name, old) != old,
                      name + " lives anew")
        send(server, 80)
    finally:
        assert server.stop() == 0, server.tail()


def trains_copy_of_the_log_goes_on_after_kills(folder):
    """Each life of train writes in an epoch of its own, the log that it copies in ingest's."""
    server = started(folder, "copy")

    def copied():
        path = os.path.join(server.directory_of("train"), "quintet.db")
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return database.execute("SELECT max(last) FROM log").fetchone()[0]
        finally:
            database.close()

    try:
        for count in (50, 100, 150):
            send(server, count)
            old = services_kill.children(server.process.pid)["train"]
            os.kill(old, 9)
            until(lambda old=old: services_kill.children(server.process.pid).get("train", old)
                  != old, "train lives anew")
        last = max(result["position"] for result in server.connect().results())
        until(lambda: copied() >= last, "train has all of the log")
    finally:
        assert server.stop() == 0, server.tail()


def events_are_accepted_while_results_is_away(folder):
    server = started(folder, "accepted")
    try:
        send(server, 50)
        process = services_kill.children(server.process.pid)["results"]
        os.kill(process, 19)  # stopped: it neither answers nor ends
        client = server.connect()
        client.connection.request(
            "POST", "/v1/events?event=payment",
            json.dumps({"id": "later", "at": 1_700_000_500, "card": "c", "shop": "s",
                        "amount": "1.00", "bad": False}),
            {"Content-Type": "application/json", "Prefer": "wait=1"})
        answer = client.connection.getresponse()
        body = json.loads(answer.read())
        assert answer.status == 202, (answer.status, body)
        os.kill(process, 18)
        until(lambda: get(server, "/v1/results/later?event=payment")[0] == 200, "its result")
    finally:
        assert server.stop() == 0, server.tail()


def every_service_may_be_killed(_):
    assert services_kill.run(services_kill.arguments(["--program", PROGRAM, "--kills", "10",
                                                      "--seed", "7"]))


def replicas_share_the_shards(folder):
    """Three of infer, one application: the answers of a monolith, also with another count later."""
    args = kill.arguments(["--program", PROGRAM, "--seed", "5"])
    server = started(folder, "shared", "--replicas", "infer=3")
    try:
        assert {"infer", "infer-2", "infer-3"} <= set(services_kill.children(server.process.pid))
        writer = send(server, 300)
        results = list(server.connect().results())
        assert get(server, "/v1/features/payment?card=w0-c1&shop=w0-s1")[0] == 200
    finally:
        assert server.stop() == 0, server.tail()
    undisturbed = kill.run_undisturbed(args, folder, [writer])
    assert kill.faults_of([writer], results, undisturbed) == []
    for count, events in ((2, 400), (1, 500), (3, 600)):
        shutil.rmtree(os.path.join(folder, "undisturbed"))
        again = started(folder, "shared", "--replicas", f"infer={count}")
        try:
            writer = send(again, events)
            results = list(again.connect().results())
        finally:
            assert again.stop() == 0, again.tail()
        assert kill.faults_of([writer], results, kill.run_undisturbed(args, folder, [writer])) == []
    assert kill.faults_of_log(args, os.path.join(folder, "shared"), len(results)) == []


def every_replica_may_be_killed(_):
    assert services_kill.run(services_kill.arguments(["--program", PROGRAM, "--kills", "7",
                                                      "--seed", "9", "--replicas", "3"]))


def every_service_may_be_killed_while_shards_move(_):
    assert services_kill.run(services_kill.arguments(["--program", PROGRAM, "--kills", "8",
                                                      "--seed", "13", "--scale"]))


def quintet(*words):
    done = subprocess.run([PROGRAM, "--format", "json", *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def what_services_keep_is_read_and_verified(folder):
    """The directories of a stopped application; what is not of one log is found."""
    digests = {}
    for name, count, seed in (("one", 300, 5), ("other", 200, 6)):
        server = started(folder, name)
        send(server, count, seed)
        results = list(server.connect().results())
        digests[name] = kill.digest(results)
        assert server.stop() == 0, server.tail()
        data = os.path.join(folder, name)
        status, said, why = quintet("verify", "--data", data)
        report = json.loads(said)
        assert status == 0 and report["results"] == len(results), (said, why)
        assert report["snapshots"] > 256, said  # infer's shards, and ingest's and results' parts
        read = quintet("results", "--data", data, "--limit", "9999")[1].splitlines()
        assert kill.digest([json.loads(line) for line in read]) == digests[name]
        assert quintet("dead-letters", "--data", data)[0] == 0
    for name, words in (("infer", "another key sealed them"), ("results", "its log ends at")):
        one, other = (os.path.join(folder, where, name) for where in ("one", "other"))
        os.rename(one, one + ".kept")
        shutil.copytree(other, one)
        status, said, _ = quintet("verify", "--data", os.path.join(folder, "one"))
        assert status == 1 and words in said, (name, said[:500])
        shutil.rmtree(one)
        os.rename(one + ".kept", one)
    assert quintet("verify", "--data", os.path.join(folder, "one"))[0] == 0


def certificates(folder):
    """An authority, and one certificate for all services of this machine."""
    made = os.path.join(folder, "tls")
    os.makedirs(made)

    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=made, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "key.pem",
            "-out", "request.pem")
    with open(os.path.join(made, "names"), "w") as file:
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "cert.pem")
    return made


def free_addresses(count):
    """So many different ones of this machine."""
    port, found = free_port(), []
    while len(found) < count:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                found.append(f"localhost:{port}")
            except OSError:
                pass
        port += 1
    return found


def services_started_alone_meet_over_tls(folder):
    """As containers would be: five commands, TCP, mutual TLS."""
    made = certificates(folder)
    at = dict(zip(("ingest", "infer", "results", "train"), free_addresses(4)))
    knows = {"ingest": (), "infer": ("ingest",), "results": ("ingest", "infer"),
             "train": ("ingest",), "gateway": tuple(at)}
    processes = []
    try:
        for name, peers in knows.items():
            words = ["--certificates", made]
            for peer in peers:
                words += ["--peer", f"{peer}={at[peer]}"]
            if name == "gateway":
                words += ["--port", "0"]
            else:
                words += ["--listen", at[name], "--data", os.path.join(folder, name)]
            if name == "ingest":
                words += ["--app", APP]
            with open(os.path.join(folder, name + ".log"), "wb") as log:
                processes.append(subprocess.Popen(
                    [PROGRAM, "--format", "json", "service", name, *words], stdout=subprocess.PIPE,
                    stderr=log))
        line = processes[-1].stdout.readline()
        client = Client(urllib.parse.urlsplit(json.loads(line)["at"]).netloc)
        event = {"id": "a", "at": 1_700_000_000, "card": "c", "shop": "s", "amount": "1.00",
                 "bad": False}
        status, answer = client.post_one("payment", event)
        assert status == 200 and answer["status"] == "result", (status, answer)
    finally:
        for process in reversed(processes):
            process.terminate()
        statuses = [process.wait(300) for process in processes]
        for process in processes:
            process.stdout.close()
    assert statuses == [0] * 5, statuses


def the_directory_of_a_monolith_is_refused(folder):
    data = os.path.join(folder, "monolith")
    server = Server(PROGRAM, APP, data)
    server.start()
    assert server.stop() == 0
    other = Server(PROGRAM, APP, data, ["--pattern", "microservices"])
    try:
        other.start()
    except (RuntimeError, KeyError):
        assert other.process.wait() == 2
        return
    other.stop()
    raise AssertionError("it started on the log of a monolith")


def main():
    return ended(*run_each((the_answers_are_those_of_a_monolith, a_restart_finds_everything,
                            services_end_with_a_supervisor_that_was_killed,
                            results_are_read_while_infer_is_away,
                            trains_copy_of_the_log_goes_on_after_kills,
                            events_are_accepted_while_results_is_away,
                            every_service_may_be_killed, replicas_share_the_shards,
                            every_replica_may_be_killed,
                            every_service_may_be_killed_while_shards_move,
                            what_services_keep_is_read_and_verified,
                            services_started_alone_meet_over_tls,
                            the_directory_of_a_monolith_is_refused)))


if __name__ == "__main__":
    sys.exit(main())
