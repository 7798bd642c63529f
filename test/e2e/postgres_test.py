#!/usr/bin/env python3
"""Applications whose log is on PostgreSQL, with a real server that is ended in the middle.

The same events give the same answers as on SQLite, through crashes of the server and of the
program: nothing acknowledged is lost, nothing is there twice. Ends with 'N passed, N failed'.
"""
import itertools
import json
import os
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kill  # noqa: E402
import services_kill  # noqa: E402
from postgres import Postgres  # noqa: E402
from server import GONE, Server  # noqa: E402
from surroundings import free_port, kPatience, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")
APP = os.path.join(HERE, "kill.yaml")
SNAPSHOTS = ["--snapshot-every", "300"]
LINES, RATE = 1500, 500


def write_lines(folder):
    """Payments of one sender, some of them twice."""
    feed, path = kill.Feed(11, 0), os.path.join(folder, "payments.ndjson")
    kinds = (feed.at(index) for index in itertools.count())
    payments = (event for kind, event in kinds if kind == "payment")
    with open(path, "w") as file:
        for event in itertools.islice(payments, LINES):
            file.write(json.dumps(event) + "\n")
    return path


def send(server, path, *more):
    """In an ordered session, which keeps its order through failures."""
    return subprocess.Popen([PROGRAM, "-q", "send", f"http://{server.address}", "--session", "one",
                             "--input", "payment=" + path, *more], stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True)


def finished(sender):
    _, said = sender.communicate(timeout=kPatience)
    assert sender.returncode == 0, said


def undisturbed_on_sqlite(folder, path):
    server = Server(PROGRAM, APP, os.path.join(folder, "sqlite"))
    server.start()
    finished(send(server, path))
    results = list(server.connect().results())
    assert server.stop() == 0, server.tail()
    return results


def session_reaches(server, line):
    def looks():
        try:
            status, _, body = server.connect().get("/v1/sessions/one")
        except GONE:
            return False
        return status == 200 and json.loads(body)["last"] >= line
    until(looks, f"line {line} is durable")


def check_results(folder, name, server):
    """They equal those of a run on SQLite that nobody disturbed, and a fold of their own log."""
    results = list(server.connect().results())
    assert server.stop() == 0, server.tail()
    args = kill.arguments(["--program", PROGRAM])
    found = kill.faults_of_log(args, os.path.join(folder, name), len(results))
    assert found == [], found
    undisturbed = undisturbed_on_sqlite(folder, os.path.join(folder, "payments.ndjson"))
    for one, other in zip(results, undisturbed):
        assert kill.normal(one) == kill.normal(other), (one, other)
    assert kill.digest(results) == kill.digest(undisturbed), (len(results), len(undisturbed))


def a_monolith_loses_and_doubles_nothing(folder, postgres):
    path, data = write_lines(folder), os.path.join(folder, "monolith")
    server = Server(PROGRAM, APP, data, ["--store", postgres.url, *SNAPSHOTS])
    server.command[server.command.index("--port") + 1] = str(free_port())
    server.start()
    sender = send(server, path, "--rate", str(RATE))
    session_reaches(server, 200)
    postgres.crash()
    session_reaches(server, 500)
    # Both at once: the server recovers, then the program begins anew.
    server.kill()
    server.reap()
    postgres.crash()
    server.start()
    session_reaches(server, 800)
    finished(sender)
    check_results(folder, "monolith", server)
    # The directory knows where its log is.
    server.command = [PROGRAM, "--format", "json", "run", APP, "--data", data, "--port", "0"]
    server.start()
    assert len(list(server.connect().results())) > 1000
    assert server.stop() == 0, server.tail()


def services_have_a_schema_each_and_lose_nothing(folder, postgres):
    path = write_lines(folder)
    server = Server(PROGRAM, APP, os.path.join(folder, "services"),
                    ["--pattern", "microservices", "--store", postgres.url, *SNAPSHOTS])
    server.start()
    sender = send(server, path, "--rate", str(RATE))
    session_reaches(server, 200)
    postgres.crash()
    session_reaches(server, 500)
    os.kill(services_kill.children(server.process.pid)["ingest"], 9)
    session_reaches(server, 800)
    finished(sender)
    schemas = postgres.sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'quintet_kill_%' "
                           "ORDER BY 1").stdout.split()
    names = ("infer", "ingest", "results", "train")
    assert schemas == [f"quintet_kill_{name}" for name in names], schemas
    last = list(server.connect().results())[-1]["position"]
    check_results(folder, "services", server)
    assert last >= LINES * 9 // 10, last


def refused(folder, name, url, *extra):
    """What a start that must fail says."""
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "5"}
    done = subprocess.run([PROGRAM, "run", APP, "--port", "0", "--data", os.path.join(folder, name),
                           "--store", url, *extra], capture_output=True, text=True, env=environment)
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert "s3cret" not in done.stderr + done.stdout, done.stderr
    return done.stderr


def doctor(folder, *words):
    """What it finds, by name."""
    done = subprocess.run([PROGRAM, "--format", "json", "doctor", "--data", folder, *words],
                          capture_output=True, text=True)
    return {finding["name"]: finding for finding in json.loads(done.stdout)}


def what_is_wrong_is_said(folder, postgres):
    nowhere = postgres.url.replace("/postgres?", "/nowhere?")
    assert 'database "nowhere" does not exist' in refused(folder, "a", nowhere)
    assert "Connection refused" in refused(folder, "a", "postgres://me:s3cret@127.0.0.1:1/db")
    assert "postgres://USER@HOST" in refused(folder, "a", "mysql://me@host/db")
    assert "postgres://USER@HOST" in refused(folder, "a", "postgres://me:s3cret/x@host/db")
    examined = doctor(folder, "--store", postgres.url)
    assert examined["store on PostgreSQL"]["state"] == "good", examined
    server = Server(PROGRAM, APP, os.path.join(folder, "b"), ["--store", postgres.url])
    server.start()
    try:
        # Another directory: its vault would be another, too.
        said = refused(folder, "c", postgres.url)
        assert "is open in quintet" in said, said
        said = refused(folder, "b", postgres.url)
        assert "process" in said, said
    finally:
        assert server.stop() == 0, server.tail()
    said = refused(folder, "c", postgres.url)
    assert "its vault is gone" in said, said
    said = refused(folder, "b", postgres.url + "&application_name=x")
    assert "lies at" in said, said
    postgres.sql("ALTER SYSTEM SET fsync = off")
    postgres.crash()
    assert "fsync = off" in refused(folder, "b", postgres.url)
    # The directory names the server.
    examined = doctor(os.path.join(folder, "b"))["store on PostgreSQL"]
    assert examined["state"] == "bad" and "fsync" in examined["value"], examined


def with_postgres(test):
    def run(folder):
        with Postgres() as postgres:
            test(folder, postgres)
    run.__name__ = test.__name__
    return run


TESTS = [a_monolith_loses_and_doubles_nothing, services_have_a_schema_each_and_lose_nothing,
         what_is_wrong_is_said]


def main():
    failed = 0
    for test in TESTS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                with_postgres(test)(folder)
            except Exception:  # any fault of one is told, and the others run
                failed += 1
                print(f"FAILED: {test.__name__}")
                traceback.print_exc(file=sys.stdout)
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
