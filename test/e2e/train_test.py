#!/usr/bin/env python3
"""A model is trained from a running application's own log, swapped in while events come, rolled
back and kept over a restart; its training rows equal the rows that were served, bit for bit.

Ends with 'N passed, N failed'.
"""
import datetime
import json
import os
import random
import struct
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server  # noqa: E402
from surroundings import until  # noqa: E402

# Those that test/run.py runs it under.
PATTERNS = ("monolithic", "microservices")
HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN = datetime.datetime(2024, 3, 1)
PURCHASES, EVERY = 3000, datetime.timedelta(minutes=2)
HOUR = datetime.timedelta(hours=1)
INPUTS = ["amount", "new_card", "n_1h", "mean_1d", "risk"]


def text(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def purchases(count, first, seed):
    """(event, is fraud) each; fraud goes with high amounts of new cards."""
    dice = random.Random(seed)
    for i in range(first, first + count):
        amount, new = dice.randrange(100, 50000), dice.random() < .3
        event = {"id": f"p{i}", "at": text(BEGIN + i * EVERY), "card": f"c{dice.randrange(40)}",
                 "amount": f"{amount // 100}.{amount % 100:02d}"}
        if dice.random() < .9:
            event["new_card"] = new
        yield event, dice.random() < (.8 if new and amount > 25000 else .02)


def read_rows(path):
    """{position: (features, label, split)} of a rows file (learn/rows.h)."""
    with open(path, "rb") as file:
        data = file.read()
    columns, weighted = struct.unpack_from("<II", data, 8)
    at, names = 16, []
    for _ in range(columns):
        size, = struct.unpack_from("<I", data, at)
        names.append(data[at + 4:at + 4 + size].decode())
        at += 4 + size
    assert names == INPUTS and not weighted, names
    form = struct.Struct(f"<{columns}ffqb")
    end = len(data) - 16
    rows = {}
    for *features, label, position, split in form.iter_unpack(data[at:end]):
        rows[position] = (features, label, split)
    return rows


def as_float(value):
    """The bits of a JSON value as a model sees it."""
    value = float("nan") if value is None else float(value)
    return struct.pack("<f", value) if value == value else b"nan"


class Checks:
    passed = failed = 0

    def that(self, held, what):
        self.passed, self.failed = self.passed + bool(held), self.failed + (not held)
        print(f"{'ok' if held else 'FAILED':6}  {what}", flush=True)


def send(client, event_type, events):
    for answer in client.post_lines(event_type, events):
        if "position" not in answer:
            raise RuntimeError(f"refused: {answer}")


def post(client, path, body):
    client.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    response = client.connection.getresponse()
    return response.status, json.loads(response.read())


def get(client, path):
    status, _, body = client.get(path)
    return status, json.loads(body)


def wait_for(client, run):
    def ended():
        _, answer = get(client, f"/v1/train/{run}")
        return answer if answer["state"] in ("done", "failed") else None
    return until(ended, "the training ends")


def send_reports(client, made, first):
    send(client, "report", [{"id": "r" + event["id"], "purchase_id": event["id"], "fraud": True,
                             "at": text(BEGIN + i * EVERY + HOUR)}
                            for i, (event, bad) in enumerate(made, first) if bad])


def fill(client):
    made = list(purchases(PURCHASES, 0, 1))
    send(client, "purchase", [event for event, _ in made])
    send_reports(client, made, 0)
    return {event["id"]: bad for event, bad in made}, {event["id"]: event for event, _ in made}


def served_while(server, asked, stop, failures, answers):
    """Sends one event, waits until a training was asked for, then sends one by one until told to
    stop; none may be refused."""
    client = server.connect()
    for i, (event, _) in enumerate(purchases(100_000, PURCHASES, 2)):
        if stop.is_set():
            break
        status, answer = client.post_one("purchase", event)
        (answers if status == 200 else failures).append(answer)
        asked.wait()
    client.close()


def compare_rows(checks, client, server, bad, sent):
    rows = read_rows(os.path.join(server.directory_of("train"), "training", "score", "rows.bin"))
    results = {result["position"]: result for result in client.results()}
    different = wrong_labels = 0
    for position, (features, label, _) in rows.items():
        result = results[position]
        event = sent[result["id"]]
        served = {**event, **result["features"]}
        served.setdefault("new_card", None)
        got = [as_float(served[name]) for name in INPUTS]
        different += got != [as_float(value) for value in features]
        wrong_labels += label != float(bad[result["id"]])
    splits = [split for _, _, split in rows.values()]
    checks.that(len(rows) > 2000 and splits.count(1) > splits.count(3) > 300,
                f"{splits.count(1)} rows to learn from, {splits.count(3)} to judge on")
    checks.that(different == 0, f"training rows equal served rows ({different} differ)")
    checks.that(wrong_labels == 0, f"labels are those of the reports ({wrong_labels} differ)")


def two_at_once(server, body):
    """What two requests for a training are answered, the second sent before the first answer."""
    clients = [server.connect(), server.connect()]
    for client in clients:
        client.connection.connect()
    for client in clients:
        client.connection.request("POST", "/v1/train", json.dumps(body),
                                  {"Content-Type": "application/json"})
    answers = [client.connection.getresponse() for client in clients]
    return [(answer.status, json.loads(answer.read())) for answer in answers]


def judge_by_hand(checks, client, server):
    for _ in range(10):
        both = two_at_once(server, {"model": "score", "set": {"rounds": "1", "max_depth": "1"}})
        runs = [answer for status, answer in both if status == 202]
        ended = [wait_for(client, run["run"]) for run in runs][-1]
        if len(runs) == 1:
            break  # else one had ended before the other was heard
    run, version = runs[-1], ended["version"]
    checks.that(sorted(status for status, _ in both) == [202, 409],
                f"a second training at once is refused: {both}")
    checks.that(run["run"] == ended["position"] > 1, "a run is named by its position")
    for wrong, where in (({"rules": {"rounds": "1"}}, "rules"), ({"set": {"bogus": 1}}, "set"),
                         ({"set": {"max_depth": "x"}}, "set"), ({"set": 1}, "set"),
                         ({"keep": "yes"}, "keep"), ({"as_of": "soon"}, "as_of")):
        status, refused = post(client, "/v1/train", {"model": "score", **wrong})
        checks.that(status == 400 and refused["errors"][0]["field"] == where,
                    f"{wrong} is refused: {refused.get('detail')}")
    checks.that(ended["state"] == "done" and version > 1 and not ended["promoted"],
                f"a worse version stays out: {ended.get('reason')}")
    status, answer = post(client, "/v1/models/score/promote", {"version": version})
    checks.that(status == 200 and answer["in_force"] == version, "it is promoted by hand")
    status, answer = post(client, "/v1/models/score/rollback", {})
    checks.that(status == 200 and answer["in_force"] == 1, "and rolled back")
    status, _ = post(client, "/v1/models/score/promote", {"version": 99})
    checks.that(status == 404, "a version that is not there is not promoted")


def perform(checks, program, folder):
    server = Server(program, os.path.join(HERE, "train.yaml"), folder)
    server.start()
    try:
        client = server.connect()
        bad, sent = fill(client)
        status, models = get(client, "/v1/models")
        checks.that(status == 200 and models["models"][0]["in_force"] is None,
                    "before a training no version is in force")
        asked, stop, failures, answers = threading.Event(), threading.Event(), [], []
        sender = threading.Thread(target=served_while,
                                  args=(server, asked, stop, failures, answers),
                                  daemon=True)
        sender.start()
        until(lambda: answers or failures, "the sender is heard")
        status, run = post(client, "/v1/train", {"model": "score", "keep": True})
        asked.set()
        checks.that(status == 202, f"a training is asked for: {run}")
        ended = wait_for(client, run["run"])
        before = len(answers)
        until(lambda: failures or len(answers) > before + 20, "events after the swap")
        stop.set()
        sender.join()
        checks.that(ended["state"] == "done" and ended["promoted"],
                    f"the first version takes over: {ended.get('reason')} {ended.get('error', '')}")
        versions = [answer["predictions"]["score"].get("version") for answer in answers]
        swapped = versions.index(1) if 1 in versions else -1
        checks.that(not failures and swapped > 0 and set(versions[swapped:]) == {1}
                    and set(versions[:swapped]) == {None},
                    f"{len(versions)} events while it was swapped in, {len(failures)} refused")
        figures = client.get("/metrics")[2].decode()
        counted = 'quintet_model_predictions_total{model="score",version="1"} '
        checks.that(counted + str(versions.count(1)) + "\n" in figures,
                    f"the figures count {versions.count(1)} predictions of that version")
        sent.update({event["id"]: event for event, _ in purchases(len(answers), PURCHASES, 2)})
        bad.update(dict.fromkeys((f"p{PURCHASES + i}" for i in range(len(answers))), False))
        compare_rows(checks, client, server, bad, sent)
        event = sent[answers[-1]["id"]]
        row = {**event, **answers[-1]["features"]}
        values = [None if row.get(name) is None else float(row[name]) for name in INPUTS]
        status, inferred = post(client, "/v2/models/score/infer", {"inputs": [
            {"name": "input", "shape": [1, len(INPUTS)], "datatype": "FP32", "data": values}]})
        score = answers[-1]["predictions"]["score"]["probability"]
        got = inferred["outputs"][0]["data"][0] if status == 200 else None
        checks.that(got is not None and as_float(got) == as_float(score),
                    f"the inference protocol gives the score that was served: {inferred}")
        send_reports(client, list(purchases(len(answers), PURCHASES, 2)), PURCHASES)
        judge_by_hand(checks, client, server)
        status, card = get(client, "/v1/models/score/versions/1")
        checks.that(status == 200 and card["in_force"] and card["card"]["model"] == "score",
                    "the card is there")
        client.close()
        checks.that(server.stop() == 0, "it stops when asked")
        server.start()
        client = server.connect()
        _, shown = get(client, "/v1/models/score")
        checks.that(shown["in_force"] == 1 and len(shown["promotions"]) == 3,
                    "after a restart the same version is in force")
        client.close()
    finally:
        server.kill()
        server.reap()


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as scratch:
        perform(checks, os.environ.get("QUINTET", "build/quintet"), os.path.join(scratch, "data"))
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
