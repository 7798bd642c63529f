"""Traces as a backend of others shows them: Jaeger (deps/jaeger) gets what `quintet run` sends, and
its query API must show one whole trace an event, with the spans of all services below each other.
"""
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))
from services_test import free_addresses  # noqa: E402
from surroundings import kPatience, run_each, until  # noqa: E402
from traces_test import CALLER, MONOLITH, Running, SERVICES, event, post  # noqa: E402

EVENTS = 50
STARTS = 5  # somebody else may take a port between our look and its use
# All that it would listen on at fixed ports; the last three are UDP.
LISTENS = ("admin.http.host-port", "collector.grpc-server.host-port",
           "collector.http-server.host-port", "collector.otlp.grpc.host-port",
           "collector.otlp.http.host-port", "http-server.host-port", "query.grpc-server.host-port",
           "query.http-server.host-port", "processor.jaeger-binary.server-host-port",
           "processor.jaeger-compact.server-host-port", "processor.zipkin-compact.server-host-port")
REPLICAS = {**SERVICES, "infer-2": ("quintet-infer", "ingest"),
            "infer-3": ("quintet-infer", "ingest")}


def get(address, path):
    """(status, answer)"""
    client = http.client.HTTPConnection(address, timeout=kPatience)
    try:
        client.request("GET", path)
        answer = client.getresponse()
        return answer.status, answer.read()
    finally:
        client.close()


class Jaeger:
    """In memory, on ports of its own, ended with the test."""

    def __init__(self, program):
        for _ in range(STARTS):
            self.at = dict(zip(LISTENS, free_addresses(len(LISTENS))))
            command = [program, "--log-level=error", "--collector.otlp.enabled=true"]
            command += [f"--{name}={address}" for name, address in self.at.items()]
            self.process = subprocess.Popen(
                command, env={**os.environ, "SPAN_STORAGE_TYPE": "memory"},
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if until(lambda: self.process.poll() is not None or self.ready(), "Jaeger is ready"):
                if self.process.poll() is None:
                    return
        raise RuntimeError(f"Jaeger ended with status {self.process.returncode}")

    def ready(self):
        try:
            return get(self.at["admin.http.host-port"], "/")[0] == 200
        except OSError:
            return False

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(kPatience)

    @property
    def url(self):
        return "http://" + self.at["collector.otlp.http.host-port"]

    def ask(self, path):
        """What it finds; nothing where it finds none."""
        status, body = get(self.at["query.http-server.host-port"], path)
        assert status in (200, 404), (path, status, body)
        return json.loads(body)["data"] or []

    def trace(self, number):
        """The spans of one trace, each with its service."""
        return [{**span, "service": one["processes"][span["processID"]]["serviceName"]}
                for one in self.ask("/api/traces/" + number) for span in one["spans"]]


def parent_of(span):
    parents = [one["spanID"] for one in span["references"] if one["refType"] == "CHILD_OF"]
    assert len(parents) == len(span["references"]) <= 1, span
    return parents[0] if parents else None


def harmless(warning):
    """Of a root whose parent never came, since this client sends no spans; and of a child that
    begins after its parent ended, as infer does once ingest has made its event durable."""
    return warning.startswith(("invalid parent span IDs=" + CALLER,
                               "clock skew adjustment disabled"))


def check_tree(spans, expected, root):
    """They are those expected, each below its own parent, and none begins before the request."""
    named = {span["operationName"]: span for span in spans}
    assert sorted(named) == sorted(expected) and len(named) == len(spans), spans
    for name, (service, parent) in expected.items():
        span = named[name]
        assert span["service"] == service, (name, span)
        assert parent_of(span) == (named[parent]["spanID"] if parent else root), (name, spans)
        tags = {tag["key"]: tag["value"] for tag in span["tags"]}
        assert "error" not in tags and all(map(harmless, span["warnings"] or ())), span
        assert span["startTime"] >= named["POST /v1/events"]["startTime"] - 10_000, (name, spans)
    tags = {tag["key"]: tag["value"] for tag in named["ingest"]["tags"]}
    return tags["quintet.position"]


def whole(jaeger, number, expected):
    return until(lambda: (spans := jaeger.trace(number)) and len(spans) >= len(expected) and spans,
                 "the spans of the trace " + number)


def an_event_has_one_trace(program, pattern, expected, *more):
    with contextlib.ExitStack() as ends:
        jaeger = Jaeger(program)
        ends.callback(jaeger.end)
        server = ends.enter_context(Running(pattern, jaeger.url, *more))
        # Those of a client that traces itself: found by its own number, below its span.
        positions = set()
        given = {f"{number:016x}" * 2: number for number in range(1, EVENTS + 1)}
        answers = {trace: post(server, number, trace) for trace, number in given.items()}
        for trace, answer in answers.items():
            position = check_tree(whole(jaeger, trace, expected), expected, CALLER)
            assert position == answer["position"], (position, answer)
            positions.add(position)
        # Those of a client that does not: found by service and operation.
        client, sent = server.connect(), set()
        for number in range(EVENTS + 1, 2 * EVENTS + 1):
            status, answer = client.post_one("payment", event(number))
            assert status == 200, answer
            sent.add(answer["position"])
        service = expected["ingest"][0]
        path = f"/api/traces?service={service}&operation=ingest&limit=10000&lookback=1h"
        found = until(lambda: (traces := jaeger.ask(path)) and len(traces) >= 2 * EVENTS and traces,
                      "a trace for each event")
        assert len(found) == 2 * EVENTS, len(found)
        fresh = [one["traceID"] for one in found if one["traceID"] not in given]
        for number in fresh:
            positions.add(check_tree(whole(jaeger, number, expected), expected, None))
        assert len(fresh) == EVENTS and len(positions) == 2 * EVENTS, (len(fresh), positions)
        assert positions >= sent, (positions, sent)
        services = {name for name in jaeger.ask("/api/services") if name.startswith("quintet")}
        assert services == {service for service, _ in expected.values()}, services
        print(f"    {len(found)} traces of {len(expected)} spans, by {', '.join(sorted(services))}",
              flush=True)


def main():
    directory = subprocess.run([os.path.join(ROOT, "deps", "go"), "jaeger"], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.strip()
    program = os.path.join(directory, "all-in-one")

    def jaeger_shows_the_monolith():
        an_event_has_one_trace(program, "monolithic", MONOLITH)

    def jaeger_shows_the_services():
        an_event_has_one_trace(program, "microservices", SERVICES)

    def jaeger_shows_three_replicas():
        an_event_has_one_trace(program, "microservices", REPLICAS, "--replicas", "infer=3")

    return run_each((jaeger_shows_the_monolith, jaeger_shows_the_services,
                     jaeger_shows_three_replicas), lambda test: test())
