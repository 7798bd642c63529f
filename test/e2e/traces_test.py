#!/usr/bin/env python3
"""One trace an event, across all processes, as a collector of OTLP over HTTP gets it.

Ends with 'N passed, N failed'.
"""
import http.client
import json
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server  # noqa: E402
from surroundings import ended, free_port, kPatience, run_each, until  # noqa: E402
from traces import Collector  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")
APP = os.path.join(HERE, "kill.yaml")
CALLER = "b7ad6b7169203331"
# name: (service, its parent's name)
MONOLITH = {"POST /v1/events": ("quintet", None), "ingest": ("quintet", "POST /v1/events")}
SERVICES = {"POST /v1/events": ("quintet-gateway", None),
            "ingest": ("quintet-ingest", "POST /v1/events"),
            "infer": ("quintet-infer", "ingest"), "results": ("quintet-results", "infer")}


def event(number):
    return {"id": f"t{number}", "at": f"2024-05-01T10:00:{number % 60:02d}Z", "card": "c1",
            "shop": "s1", "amount": "5.00"}


def post(server, number, trace, sampled="01", path="/v1/events?event=payment"):
    client = http.client.HTTPConnection(server.address, timeout=kPatience)
    client.request("POST", path, json.dumps(event(number)),
                   {"Content-Type": "application/json",
                    "traceparent": f"00-{trace}-{CALLER}-{sampled}"})
    answer = client.getresponse()
    body = answer.read()
    client.close()
    assert answer.status == 200, body
    return json.loads(body)


def check_tree(spans, expected):
    """The spans of one event form the tree that is expected, and none begins before the request.
    Infer and results follow the log each by itself: the block may come to either of them first."""
    named = {span["name"]: span for span in spans}
    assert sorted(named) == sorted(expected) and len(named) == len(spans), spans
    for name, (service, parent) in expected.items():
        span = named[name]
        assert span["service"] == service, span
        assert span["parent"] == (named[parent]["id"] if parent else CALLER), (span, parent)
        assert span["end"] >= span["begin"] > 10**18 and not span["failed"], span
        door = named["POST /v1/events"]
        assert span["begin"] >= door["begin"] - 10**7, (span, door)
    assert named["POST /v1/events"]["kind"] == 2 and named["ingest"]["kind"] == 1
    assert named["POST /v1/events"]["http.response.status_code"] == 200


class Running:
    def __init__(self, pattern, collector_url, *extra):
        self.folder = tempfile.TemporaryDirectory()
        self.server = Server(PROGRAM, APP, os.path.join(self.folder.name, "data"),
                             ["--pattern", pattern, "--traces", collector_url, *extra])

    def __enter__(self):
        self.server.start()
        return self.server

    def __exit__(self, *_):
        self.server.kill()
        self.server.reap()
        self.folder.cleanup()


def an_event_has_one_trace(pattern, expected):
    collector = Collector()
    try:
        with Running(pattern, collector.url, "--trace-share", "0") as server:
            for number in range(1, 4):
                trace = f"{number:032x}"
                post(server, number, trace)
                spans = until(lambda: (s := [one for one in collector.spans()
                                             if one["trace"] == trace]) and
                              len(s) >= len(expected) and s, f"the spans of event {number}")
                check_tree(spans, expected)
            admitted, = [span for span in spans if span["name"] == "ingest"]
            assert admitted["quintet.position"] > 1, spans
            # Without the flag, or without a traceparent when the share is 0, there is none.
            post(server, 4, f"{4:032x}", sampled="00")
            server.connect().post_one("payment", event(5))
            post(server, 6, f"{6:032x}")
            until(lambda: [one for one in collector.spans() if one["trace"] == f"{6:032x}"],
                  "the spans of event 6")
            traces = {span["trace"] for span in collector.spans()}
            assert traces == {f"{number:032x}" for number in (1, 2, 3, 6)}, traces
    finally:
        collector.end()


def the_monolith():
    an_event_has_one_trace("monolithic", MONOLITH)


def the_services():
    an_event_has_one_trace("microservices", SERVICES)


def a_request_is_traced_through_its_service():
    collector = Collector()
    try:
        with Running("microservices", collector.url) as server:
            post(server, 1, "1" * 32)
            client = http.client.HTTPConnection(server.address, timeout=kPatience)
            client.request("GET", "/v1/results?limit=1",
                           headers={"traceparent": f"00-{'2' * 32}-{CALLER}-01"})
            assert client.getresponse().status == 200
            spans = until(lambda: (s := [one for one in collector.spans()
                                         if one["trace"] == "2" * 32]) and len(s) >= 2 and s,
                          "both spans")
            door, = [span for span in spans if span["service"] == "quintet-gateway"]
            inner, = [span for span in spans if span["service"] == "quintet-results"]
            assert door["parent"] == CALLER and inner["parent"] == door["id"], spans
            assert inner["name"] == door["name"] == "GET /v1/results", spans
            assert not any("limit" in str(value) for value in door.values()), door
    finally:
        collector.end()


def replicas_have_spans_of_their_own():
    collector = Collector()
    try:
        with Running("microservices", collector.url, "--replicas", "infer=2") as server:
            post(server, 1, "1" * 32)
            spans = until(lambda: (s := collector.spans()) and len(s) >= 5 and s, "the spans")
            named = {span["name"]: span for span in spans}
            assert sorted(named) == sorted([*SERVICES, "infer-2"]), spans
            assert len({span["id"] for span in spans}) == len(spans) == 5, spans
            assert named["infer-2"]["parent"] == named["ingest"]["id"], spans
            assert named["results"]["parent"] == named["infer"]["id"], spans
    finally:
        collector.end()


def a_share_of_what_brings_no_trace():
    """Each trace is whole or not there; health is not traced."""
    collector = Collector()
    try:
        with Running("monolithic", collector.url, "--trace-share", "0.5") as server:
            client = server.connect()
            for number in range(200):
                status, answer = client.post_one("payment", event(number))
                assert status == 200, answer
                client.get("/livez")
            until(lambda: len(collector.spans()) >= 120, "half of the spans")
            post(server, 900, "9" * 32)
            until(lambda: len([one for one in collector.spans() if one["trace"] == "9" * 32]) == 2,
                  "the last ones")
            spans = [one for one in collector.spans() if one["trace"] != "9" * 32]
            by_trace = {}
            for span in spans:
                by_trace.setdefault(span["trace"], []).append(span["name"])
            assert 60 < len(by_trace) < 140, len(by_trace)
            assert all(sorted(names) == sorted(MONOLITH) for names in by_trace.values()), by_trace
    finally:
        collector.end()


def a_long_stream_is_traced_by_its_first_lines():
    collector = Collector()
    try:
        with Running("monolithic", collector.url) as server:
            lines = [event(number) for number in range(1, 301)]
            answers = list(server.connect().post_lines("payment", lines))
            assert len(answers) == 300 and all("position" in answer for answer in answers)
            spans = until(lambda: (s := collector.spans()) and len(s) >= 101 and s, "its spans")
            post(server, 900, "9" * 32)
            until(lambda: len([one for one in collector.spans() if one["trace"] == "9" * 32]) == 2,
                  "the last ones")
            assert len(collector.spans()) == 103, len(collector.spans())
            assert len({span["trace"] for span in spans}) == 1
    finally:
        collector.end()


def figure(server, name):
    _, _, body = server.connect().get("/metrics")
    return sum(float(line.split()[-1]) for line in body.decode().splitlines()
               if line.startswith(name + " ") or line.startswith(name + "{"))


def a_collector_that_is_away_or_busy_costs_nothing():
    with Running("monolithic", f"http://127.0.0.1:{free_port()}") as server:
        for number in range(50):
            post(server, number, f"{number + 1:032x}")
        assert server.stop() == 0, server.tail()
        assert "takes no traces" in server.tail()
    collector = Collector(refusals=[503, 429])
    try:
        with Running("monolithic", collector.url) as server:
            post(server, 1, "1" * 32)
            until(lambda: len(collector.spans()) == 2, "they come once it can take them")
            until(lambda: figure(server, "quintet_spans_sent_total") == 2, "and are counted")
            assert figure(server, "quintet_spans_dropped_total") == 0
    finally:
        collector.end()
    collector = Collector(refusals=[400])
    try:
        with Running("monolithic", collector.url) as server:
            post(server, 1, "1" * 32)
            until(lambda: figure(server, "quintet_spans_dropped_total") > 0, "what is refused")
    finally:
        collector.end()


def main():
    return ended(*run_each((the_monolith, the_services, a_request_is_traced_through_its_service,
                            replicas_have_spans_of_their_own,
                            a_share_of_what_brings_no_trace,
                            a_long_stream_is_traced_by_its_first_lines,
                            a_collector_that_is_away_or_busy_costs_nothing), lambda test: test()))


if __name__ == "__main__":
    sys.exit(main())
