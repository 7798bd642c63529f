#!/usr/bin/env python3
"""The results side of the door of a real process: views, results, features, streams, figures.

Ends with 'N passed, N failed'.
"""
import collections
import csv
import decimal
import http.client
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server, Stream  # noqa: E402
from surroundings import kPatience, until  # noqa: E402

# Those that test/run.py runs it under.
PATTERNS = ("monolithic", "microservices")
HERE = os.path.dirname(os.path.abspath(__file__))
APP = os.path.join(HERE, "door.yaml")
PROGRAM = os.environ.get("QUINTET", "build/quintet")
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

    def check_the_command_line_reads_a_view(self):
        def ask(*words):
            return subprocess.run([PROGRAM, "views", "http://" + self.server.address, *words],
                                  capture_output=True, text=True)
        done = ask("hourly", "--where", "shop=s1")
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        assert done.returncode == 0, done
        assert len(rows) == sum(key[1] == "s1" for key in recomputed(self.events))
        assert {view["view"] for view in json.loads(ask().stdout)["views"]} == {"hourly", "blocked"}
        assert ask("none").returncode != 0 and ask("hourly", "--where", "shop").returncode != 0

    def check_wrong_questions_to_a_view_are_refused(self):
        for query, place in (("colour=red", "colour"), ("from=noon", "from"), ("limit=x", "limit"),
                             ("format=xml", "format"), ("after=zz", "after")):
            problem = read_json(self.client, "/v1/views/hourly?" + query, 400)
            assert problem["errors"][0]["field"] == place, problem
        problem = read_json(self.client, "/v1/views/blocked?from=2024-03-01", 400)
        assert "bucket" in problem["detail"], problem
        read_json(self.client, "/v1/views/none", 404)


    def post(self, body, content, **headers):
        client = self.server.connect().connection
        client.request("POST", headers.pop("path", "/v1/events"), body,
                       {"Content-Type": content, **headers})
        response = client.getresponse()
        answer = response.status, response.headers, json.loads(response.read())
        client.close()
        return answer

    def figures(self):
        return dict(line.rsplit(" ", 1) for line in self.client.get("/metrics")[2].decode()
                    .splitlines() if not line.startswith("#"))

    def note(self, *answers):
        """What other checks must know: these were admitted too, outside of `hourly`'s hours."""
        for answer in answers:
            verdict = answer["decisions"]["verdict"]["value"]
            self.events.append({"id": answer["id"], "at": answer["time"],
                                "amount": "900.00" if verdict == "block" else "1.00"})
            self.answers.append(answer)

    def check_cloud_events_in_all_three_modes(self):
        def data(number):
            return {"id": f"ce{number}", "at": "2024-02-02T00:00:00Z", "card": "x",
                    "amount": "1.00"}
        binary = {"ce-specversion": "1.0", "ce-id": "a%20b", "ce-source": "/till",
                  "ce-type": "com.shop.payment"}
        status, _, one = self.post(json.dumps(data(1)), "application/json", **binary)
        assert (status, one["id"]) == (200, "ce1"), one
        event = {"specversion": "1.0", "id": "1", "source": "/till", "type": "payment",
                 "data": data(2)}
        status, _, two = self.post(json.dumps(event), "application/cloudevents+json")
        assert (status, two["id"]) == (200, "ce2"), two
        batch = [dict(event, data=data(3)), dict(event, type="none"), dict(event, data={}),
                 dict(event, data=data(1))]
        status, _, answers = self.post(json.dumps(batch), "application/cloudevents-batch+json")
        assert status == 200 and len(answers) == 4
        assert answers[0]["id"] == "ce3" and answers[3]["position"] == one["position"]
        assert answers[1]["error"]["field"] == "type" and answers[2]["error"]["code"] == "missing"
        assert self.post("[]", "application/cloudevents-batch+json")[2] == []
        plain = {"path": "/v1/events?event=payment", "Quintet-Session": "s"}
        for body, content, headers, status in (
                ("{}", "application/cloudevents+avro", {}, 415),
                ("{", "application/cloudevents+json", {}, 400),
                ("{}", "application/json", dict(binary, **{"ce-id": "%C0%A0"}), 400),
                ("{}", "application/json", dict(binary, **{"ce-specversion": "0.3"}), 400),
                ("{}", "application/cloudevents-batch+json", {}, 400),
                ("[{}]", "application/cloudevents-batch+json",
                 {"Quintet-Session": "s", "Quintet-Number": "1"}, 400),
                (json.dumps(data(9)), "application/json", {**plain, "Quintet-Number": "x"}, 400),
                (json.dumps(data(9)), "application/json", {**plain, "Quintet-Number": "2"}, 409)):
            got = self.post(body, content, **headers)
            assert got[0] == status, (body, content, headers, got)
        self.note(one, two, answers[0])

    def check_headers_and_ids(self):
        path = "/v1/events?event=payment"
        for body, code in ((b"id;at;card;amount\n1;2024-02-03;x;1\n", "missing"),
                           (b"id,id,at\n1,2,3\n", "duplicate_field"), (b"\n\n", "missing")):
            status, _, answer = self.post(body, "text/csv", path=path)
            assert status == 400 and answer["code"] == code, (body, status, answer)
        mark = b"\xef\xbb\xbf"
        event = b'{"id":"bom1","at":"2024-02-03","card":"x","amount":1}'
        status, _, answer = self.post(mark + event, "application/json", path=path)
        assert status == 200 and answer["id"] == "bom1", answer
        lines = b"id,at,card,amount\nbom2,2024-02-03,x,1\n"
        status, _, answer = self.post(mark + lines, "text/csv", path=path)
        assert status == 200 and answer["id"] == "bom2", answer
        for number in ("a\u0000", "a" * 513, "a\n"):
            event = {"id": number, "at": "2024-02-03T00:00:00Z", "card": "x", "amount": "1.00"}
            status, _, answer = self.post(json.dumps(event), "application/json", path=path)
            assert status == 400 and answer["code"] == "bad_id", (number, status, answer)

    def check_preferences(self):
        event = {"id": "pre1", "at": "2024-02-03T00:00:00Z", "card": "x", "amount": "1.00"}
        path = "/v1/events?event=payment"
        status, headers, answer = self.post(json.dumps(event), "application/json", path=path,
                                            Prefer="respond-async")
        assert status == 202 and headers["Preference-Applied"] == "respond-async"
        result = read_json(self.client, headers["Location"])
        assert result["id"] == "pre1" and result["position"] == answer["position"]
        assert answer["status"] == "accepted" and answer["id"] == "pre1", answer
        status, headers, answer = self.post(json.dumps(dict(event, id="pre2")), "application/json",
                                            path=path, Prefer="wait=300")
        assert status == 200 and headers["Preference-Applied"] == "wait=300", answer
        status, headers, answer = self.post(json.dumps(dict(event, id="pre3")), "application/json",
                                            path=path, Prefer="wait=0, handling=lenient")
        assert status in (200, 202) and headers["Preference-Applied"] == "wait=0", answer
        if status == 202:
            assert answer == {"status": "pending", "event": "payment", "id": "pre3"}, answer
            assert headers["Location"] == "/v1/results/pre3?event=payment"
        status, headers, short = self.post(json.dumps(dict(event, id="pre2")), "application/json",
                                           path=path, Prefer="return=minimal")
        assert list(short) == ["position"] and headers["Quintet-Repeated"] == "true"
        until(lambda: self.client.get("/v1/results/pre3?event=payment")[0] == 200, "pre3")
        self.note(*(read_json(self.client, f"/v1/results/pre{i}?event=payment")
                    for i in (1, 2, 3)))

    def check_features_as_of_now_store_nothing(self):
        before = self.figures()["quintet_last_position"]
        status, headers, body = self.client.get(
            "/v1/features/payment?card=c1&amount=0.50&shop=s1&at=2024-03-02T00:00:00Z")
        assert status == 200, body
        row = json.loads(body)
        assert headers["Quintet-Position"] == before
        sent = {"id": "peek", "at": row["time"], "card": "c1", "amount": "0.50", "shop": "s1"}
        status, _, same = self.post(json.dumps(sent), "application/json",
                                    path="/v1/features?event=payment")
        assert same["features"] == row["features"] and row["features"]["sales"] > 1
        assert self.figures()["quintet_last_position"] == before
        assert read_json(self.client, "/v1/features/payment?colour=red", 400)
        assert read_json(self.client, "/v1/features/payment?amount=x", 400)
        assert read_json(self.client, "/v1/features/none", 404)

    def check_a_late_label_is_shown_beside_a_result_and_changes_none(self):
        before = read_json(self.client, "/v1/results/p5?event=payment")
        assert before.pop("labels") == {"fraud": {"value": False, "source": "otherwise"}}
        status, _ = self.client.post_one("report", {
            "case": "r5", "at": "2024-03-02T00:00:00Z", "payment_id": "p5", "fraud": True})
        assert status == 200
        after = read_json(self.client, "/v1/results/p5?event=payment")
        label = after.pop("labels")["fraud"]
        assert label.pop("position") > after["position"]
        assert label == {"value": True, "source": "report", "at": "2024-03-02T00:00:00Z"}
        assert after == before
        page = read_json(self.client, f"/v1/results?from={after['position']}&limit=1")
        assert page["results"] == [before]

    def check_a_stream_gives_what_the_pages_give(self):
        with Stream(self.server, "/v1/results/stream?from=1") as stream:
            seen = stream.take(PAYMENTS)
        pages = [result for result in self.client.results()][:PAYMENTS]
        assert [json.loads(data) for _, data in seen] == pages
        assert [int(number) for number, _ in seen] == [page["position"] for page in pages]

    def check_a_stream_goes_on_after_the_last_event_id(self):
        with Stream(self.server, "/v1/results/stream?from=1") as stream:
            first = stream.take(10)
        with Stream(self.server, "/v1/results/stream", first[-1][0]) as stream:
            rest = stream.take(10)
        assert int(rest[0][0]) == int(first[-1][0]) + 1

    def check_a_stream_filters_and_follows_what_comes(self):
        with Stream(self.server, "/v1/results/stream?event=payment&decision=verdict:block") as one:
            for number, amount in (("x1", "1.00"), ("x2", "900.00"), ("x3", "2.00")):
                self.client.post_one("payment", {"id": number, "at": "2024-02-01T00:00:00Z",
                                                 "card": "x", "amount": amount})
            (_, data), = one.take(1)
        assert json.loads(data)["id"] == "x2", data
        self.events.append({"id": "x", "at": "2024-02-01T00:00:00Z", "amount": "1.00"})
        self.events.append({"id": "x", "at": "2024-02-01T00:00:00Z", "amount": "900.00"})
        self.events.append({"id": "x", "at": "2024-02-01T00:00:00Z", "amount": "2.00"})
        self.answers.append(read_json(self.client, "/v1/results/x3?event=payment"))

    def check_names_that_do_not_exist_are_refused_with_those_that_do(self):
        for path, status, hint in (
                ("/v1/results?decision=NOBODY:x", 404, "there is verdict"),
                ("/v1/results?decision=verdct:block", 404, "did you mean verdict?"),
                ("/v1/results?decision=verdict:blok", 404, "did you mean block?"),
                ("/v1/results?decision=verdict", 400, "NAME:VALUE"),
                ("/v1/results?event=paymet", 404, "did you mean payment?"),
                ("/v1/results?desicion=verdict:block", 400, "did you mean decision?"),
                ("/v1/results/p1?event=paymet", 404, "did you mean payment?"),
                ("/v1/results/stream?decision=NOBODY:x", 404, "there is verdict"),
                ("/v1/features/paymet", 404, "did you mean payment?"),
                ("/v1/views/hourlie", 404, "did you mean hourly?"),
                ("/v1/views/hourly?shp=s1", 400, "did you mean shop?"),
                ("/v1/models/score", 404, "no model"),
                ("/v1/dead-letters?al=true", 400, "did you mean all?")):
            problem = read_json(self.client, path, status)
            assert hint in problem["detail"], (path, problem)

    def check_wrong_streams_are_refused(self):
        for query in ("from=x", "event=none", "decision=block"):
            status, _, _ = self.client.get("/v1/results/stream?" + query)
            assert status in (400, 404), query
        self.client.connection.request("GET", "/v1/results/stream",
                                       headers={"Last-Event-ID": "soon"})
        response = self.client.connection.getresponse()
        assert response.status == 400 and b"Last-Event-ID" in response.read()

    def check_metrics_are_as_prometheus_wants_them(self):
        self.client.post_one("payment", {"id": "wrong"})
        status, _, text = self.client.get("/metrics")
        assert status == 200
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
        assert done.returncode == 0, done.stderr[-2000:]
        figures = self.figures()
        assert float(figures['quintet_events_total{outcome="admitted"}']) >= PAYMENTS
        assert float(figures['quintet_events_refused_total{reason="missing"}']) >= 1
        assert float(figures["quintet_dead_letters_open"]) >= 1
        assert figures["quintet_durable_position"] == figures["quintet_last_position"]
        for name in ("quintet_ids", "quintet_state_bytes", "quintet_commits_total",
                     "quintet_commit_seconds_total", 'quintet_view_lines{view="hourly"}',
                     "process_resident_memory_bytes"):
            assert float(figures[name]) > 0, name


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


def features_name_the_field_that_was_meant(client):
    for query, words in (("CARD=c", "payment has no field of this name; did you mean card?"),
                         ("nobody=1", "payment has no field of this name")):
        status, _, body = client.get("/v1/features/payment?" + query)
        problem = json.loads(body)
        assert status == 400 and words in problem["detail"], problem


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
            shown = []

            def views_after_a_kill():
                assert whole_view(door.client) == before
                shown.append(read_json(door.client, "/v1/results/p5?event=payment"))
                assert shown[0]["labels"]["fraud"]["source"] == "report"

            def a_person_is_erased_and_stays_so():
                def ask(body, status):
                    got, _, answer = door.post(json.dumps(body), "application/json",
                                               path="/v1/erase")
                    assert got == status, (body, got, answer)
                    return answer
                ask({"value": "nobody"}, 404)
                ask({"subject": "log"}, 400)
                ask({"value": "c3", "subject": "log"}, 400)
                ask({}, 400)
                erased = ask({"value": "c3"}, 200)
                assert ask({"subject": erased["subject"]}, 200) == erased
                for number, event in enumerate(door.events[:PAYMENTS]):
                    result = read_json(door.client, f"/v1/results/p{number}?event=payment")
                    gone = event["card"] == "c3"
                    assert (result["status"] == "erased") == gone, result
                _, again = door.client.post_one("payment", door.events[3])
                assert again["status"] == "erased", again
                assert door.client.post_one("payment", dict(door.events[3], id="n"))[0] == 410
                done = subprocess.run([PROGRAM, "erase", "http://" + server.address, "--value",
                                       "c4"], capture_output=True, text=True)
                assert done.returncode == 0 and "is erased at position" in done.stdout, done

            def features_name_the_field():
                features_name_the_field_that_was_meant(door.client)

            def a_stop_ends_streams():
                with Stream(server, "/v1/results/stream") as stream:
                    server.process.terminate()
                    assert stream.rest().startswith(b"retry")
                    assert server.process.wait(kPatience) == 0

            def a_person_is_erased_from_a_directory():
                for value, status, out in (("c4", 0, "is erased at"), ("c6", 0, "is erased at"),
                                           ("nobody", 2, "")):
                    done = subprocess.run([PROGRAM, "erase", server.data, "--value", value],
                                          capture_output=True, text=True)
                    assert done.returncode == status and out in done.stdout, done
                done = subprocess.run([PROGRAM, "results", "--data", server.data, "p6"],
                                      capture_output=True, text=True)
                assert json.loads(done.stdout)["status"] == "erased", done.stdout

            def a_directory_shows_the_same_labels():
                done = subprocess.run([PROGRAM, "results", "--data", server.data, "p5"],
                                      capture_output=True, text=True)
                assert done.returncode == 0, done.stderr
                assert [json.loads(done.stdout, parse_float=decimal.Decimal)] == shown, done.stdout

            def services_are_erased_through_their_door():
                done = subprocess.run([PROGRAM, "erase", server.data, "--value", "c6"],
                                      capture_output=True, text=True)
                assert done.returncode == 2 and "ask their URL" in done.stderr, done
                a_directory_shows_the_same_labels()

            directory_checks = [
                ("a person is erased from a directory", a_person_is_erased_from_a_directory),
                ("a directory shows the same labels", a_directory_shows_the_same_labels)]
            if server.directory_of("ingest") != server.data:
                # What several processes keep is erased through their door alone.
                directory_checks = [("services are erased through their door",
                                     services_are_erased_through_their_door)]
            passed, failed = run([("views and labels outlive a kill", views_after_a_kill),
                                  ("a person is erased and stays so",
                                   a_person_is_erased_and_stays_so),
                                  ("features name the field that was meant",
                                   features_name_the_field),
                                  ("a stop ends the streams", a_stop_ends_streams),
                                  *directory_checks],
                                 passed, failed)
        finally:
            server.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
