#!/usr/bin/env python3
"""The results side of the door of a real process: views, results, features, streams, figures.

Ends with 'N passed, N failed'.
"""
import collections
import csv
import decimal
import io
import json
import os
import random
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
APP = os.path.join(HERE, "door.yaml")
PROGRAM = os.environ["QUINTET"]
PAYMENTS = 400


def payment(number, dice):
    cents = dice.randrange(100, 60000)
    event = {"id": f"p{number}", "at": f"2024-03-01T{number % 24:02d}:{number % 60:02d}:00Z",
             "card": f"c{number % 17}", "amount": f"{cents // 100}.{cents % 100:02d}"}
    if number % 9:
        event["shop"] = f"s{number % 5}"
    return event


def recomputed(events):
    """{(bucket, shop, verdict): amounts} of the view `hourly`, from the events alone."""
    lines = collections.defaultdict(list)
    for event in events:
        verdict = "block" if decimal.Decimal(event["amount"]) >= 500 else "approve"
        bucket = event["at"][:13] + ":00:00Z"
        lines[bucket, event.get("shop"), verdict].append(decimal.Decimal(event["amount"]))
    return lines


def read_json(client, path, status=200):
    got, _, body = client.get(path)
    assert got == status, (path, got, body[:300])
    return json.loads(body, parse_float=decimal.Decimal)


def whole_view(client, query="", limit=7):
    lines, after = [], ""
    while True:
        page = read_json(client, f"/v1/views/hourly?limit={limit}{query}{after}")
        lines += page["lines"]
        if "next" not in page:
            return lines, page
        after = "&after=" + page["next"]


class Door:
    """One server with some payments; each check_ method is a test."""

    def __init__(self, server):
        self.server = server
        self.client = server.connect()
        dice = random.Random(7)
        self.events = [payment(number, dice) for number in range(PAYMENTS)]
        self.answers = list(self.client.post_lines("payment", self.events))
        assert all("error" not in answer for answer in self.answers), self.answers[0]

    def check_a_view_is_what_its_events_give(self):
        lines, page = whole_view(self.client)
        assert page["position"] == page["durable"] == self.answers[-1]["position"], page
        assert page["newest"] == max(event["at"] for event in self.events)
        wanted = recomputed(self.events)
        assert len(lines) == len(wanted)
        for line in lines:
            amounts = wanted[line["bucket"], line["by"]["shop"], line["by"]["verdict"]]
            assert line["values"]["hits"] == len(amounts)
            assert line["values"]["amount"] == sum(amounts), (line, amounts)
        order = [(line["bucket"], line["by"]["shop"] or "") for line in lines]
        assert order == sorted(order)

    def check_range_and_keys_choose_lines(self):
        lines, _ = whole_view(
            self.client,
            "&from=2024-03-01T05:00:00Z&to=2024-03-01T07:00:00Z&shop=s1&verdict=approve")
        wanted = [key for key in recomputed(self.events)
                  if key[0][11:13] in ("05", "06") and key[1:] == ("s1", "approve")]
        assert sorted(line["bucket"] for line in lines) == sorted(key[0] for key in wanted)
        nulls, _ = whole_view(self.client, "&shop=")
        assert nulls and all(line["by"]["shop"] is None for line in nulls)

    def check_a_view_as_csv(self):
        status, headers, body = self.client.get("/v1/views/hourly?format=csv&limit=10000")
        assert status == 200 and headers["Content-Type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(body.decode())))
        wanted = recomputed(self.events)
        assert len(rows) == len(wanted)
        for row in rows:
            amounts = wanted[row["bucket"], row["shop"] or None, row["verdict"]]
            assert decimal.Decimal(row["amount"]) == sum(amounts)

    def check_wrong_questions_to_a_view_are_refused(self):
        for query, place in (("colour=red", "colour"), ("from=noon", "from"), ("limit=x", "limit"),
                             ("format=xml", "format"), ("after=zz", "after")):
            problem = read_json(self.client, "/v1/views/hourly?" + query, 400)
            assert problem["errors"][0]["pointer"] == place, problem
        problem = read_json(self.client, "/v1/views/blocked?from=2024-03-01", 400)
        assert "bucket" in problem["detail"], problem
        read_json(self.client, "/v1/views/none", 404)


def run(checks, passed, failed):
    for name, check in checks:
        try:
            check()
            passed += 1
            print("ok     ", name)
        except Exception:  # noqa: BLE001  each failure is reported, the others still run
            failed += 1
            print("FAILED ", name)
            traceback.print_exc()
    return passed, failed


def main():
    with tempfile.TemporaryDirectory() as directory:
        server = Server(PROGRAM, APP, os.path.join(directory, "data"))
        server.start()
        try:
            door = Door(server)
            checks = [(name, getattr(door, name)) for name in dir(door)
                      if name.startswith("check_")]
            passed, failed = run(checks, 0, 0)
            before = whole_view(door.client)
            server.kill()
            server.reap()
            server.start()
            door.client = server.connect()

            def views_after_a_kill():
                assert whole_view(door.client) == before
            passed, failed = run([("views are the same after a kill", views_after_a_kill)],
                                 passed, failed)
        finally:
            server.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
