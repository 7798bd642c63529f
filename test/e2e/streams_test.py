#!/usr/bin/env python3
"""Streams of results under load: a slow reader, and as many as there may be.

Ends with 'N passed, N failed'.
"""
import json
import os
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server, Stream  # noqa: E402
from surroundings import until  # noqa: E402

# Those that test/run.py runs it under.
PATTERNS = ("monolithic", "microservices")
PROGRAM = os.environ.get("QUINTET", "build/quintet")
APP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "door.yaml")


def open_streams(client):
    lines = client.get("/metrics")[2].decode().splitlines()
    line = next(line for line in lines if line.startswith("quintet_result_streams "))
    return int(line.split()[1])


def a_slow_stream_holds_up_nobody_and_loses_nothing(server, client):
    with Stream(server, "/v1/results/stream?event=payment") as slow:
        slow.take_head()
        count = 8000  # more than sockets and the server hold for a client
        events = [{"id": f"s{n}" + "." * 450, "at": "2024-01-01T00:00:00Z", "card": "c0",
                   "amount": "1.00", "shop": "slow"} for n in range(count)]
        with Stream(server, "/v1/results/stream?event=payment") as quick:
            quick.take_head()
            answers = list(client.post_lines("payment", events))
            assert "error" not in answers[0], answers[0]
            seen = [json.loads(data)["position"] for _, data in quick.take(count)]
        assert seen == [answer["position"] for answer in answers]
        assert [int(number) for number, _ in slow.take(count)] == seen


def streams_have_a_limit(server, client):
    until(lambda: open_streams(client) == 0, "those of others are gone")
    streams = [Stream(server, "/v1/results/stream") for _ in range(100)]
    try:
        status, _, body = client.get("/v1/results/stream")
        assert status == 429 and b"100 streams" in body, (status, body)
    finally:
        for stream in streams:
            stream.close()
    until(lambda: open_streams(client) == 0, "the server has seen them go")
    with Stream(server, "/v1/results/stream?from=1") as one:
        one.take(1)


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as directory:
        server = Server(PROGRAM, APP, os.path.join(directory, "data"))
        server.start()
        try:
            for check in (a_slow_stream_holds_up_nobody_and_loses_nothing, streams_have_a_limit):
                try:
                    check(server, server.connect())
                    passed += 1
                except Exception:  # noqa: BLE001  each failure is reported, the others still run
                    failed += 1
                    traceback.print_exc()
        finally:
            server.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
