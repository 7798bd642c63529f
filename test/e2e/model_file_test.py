#!/usr/bin/env python3
"""Model files that XGBoost wrote elsewhere (test/fixtures/models): named by an application file,
sent to a running application, and broken ones, which are refused while the server lives.

Ends with 'N passed, N failed'.
"""
import hashlib
import http.client
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server  # noqa: E402
from surroundings import ended, kPatience, run_each  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "..", "fixtures", "models")
PROGRAM = os.path.abspath(os.environ.get("QUINTET", "build/quintet"))
PATTERN = "monolithic"
NAMES = ["amount", "hour", "risk", "age", "count"]
# The inputs stand in another order than in the files.
APP = """quintet: 1
app: brought
pattern: monolithic
events:
  sale:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      amount: {type: double, optional: true}
      hour: {type: double, optional: true}
      risk: {type: double, optional: true}
      age: {type: double, optional: true}
      count: {type: double, optional: true}
      bad: {type: bool, optional: true, use: label}
labels:
  bad_sale: {of: sale, value: bad, otherwise: false, after: 1d}
models:
  score:
    of: sale
    type: xgboost
    inputs: [risk, count, amount, age, hour]
    file: models/own.ubj
"""


def fixture(name):
    with open(os.path.join(MODELS, name), "rb") as file:
        return file.read()


def other_model():
    """The binary model with another base score: another digest, other answers."""
    model = json.loads(fixture("binary.json"))
    model["learner"]["learner_model_param"]["base_score"] = "[5E-1]"
    return json.dumps(model).encode()


def expected():
    """(event fields, the probability that XGBoost itself gave) of rows that JSON can carry."""
    known = json.loads(fixture("binary.expected.json"))
    for i, (row, answer) in enumerate(zip(known["rows"], known["expected"])):
        values = [struct.unpack("<f", struct.pack("<I", bits))[0] for bits in row]
        fields = {name: value for name, value in zip(NAMES, values) if value == value}
        if all(abs(value) < 1e6 for value in fields.values()):
            probability, = struct.unpack("<f", struct.pack("<I", answer[0]))
            yield dict(fields, id=f"s{i}", at="2024-03-01T10:00:00Z"), probability


class Home:
    """A directory with an application, its model file and its log."""

    def __init__(self, model, text=APP):
        self.path = tempfile.mkdtemp()
        self.app = os.path.join(self.path, "app.yaml")
        self.data = os.path.join(self.path, "data")
        os.mkdir(os.path.join(self.path, "models"))
        self.bring(model)
        with open(self.app, "w") as out:
            out.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path)

    def bring(self, model):
        with open(os.path.join(self.path, "models", "own.ubj"), "wb") as out:
            out.write(model)

    def run(self, *extra):
        return Running(Server(PROGRAM, self.app, self.data, ["--pattern", PATTERN, *extra]))

    def quintet(self, *words):
        done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=kPatience)
        return done.returncode, done.stdout + done.stderr


class Running:
    def __init__(self, server):
        self.server = server

    def __enter__(self):
        self.server.start()
        self.client = self.server.connect()
        return self

    def __exit__(self, *_):
        self.client.close()
        assert self.server.stop() == 0, self.server.tail()

    def url(self):
        return "http://" + self.server.address

    def send(self, event):
        status, answer = self.client.post_one("sale", event)
        assert status == 200, answer
        return answer

    def model(self):
        status, _, body = self.client.get("/v1/models/score")
        assert status == 200, body
        return json.loads(body)

    def upload(self, body, query="", content="application/octet-stream", name="score", token=None):
        connection = http.client.HTTPConnection(self.server.address, timeout=kPatience)
        headers = {"Content-Type": content}
        if token:
            headers["Authorization"] = "Bearer " + token
        connection.request("POST", f"/v1/models/{name}/versions{query}", body, headers)
        response = connection.getresponse()
        answer = response.status, json.loads(response.read())
        connection.close()
        return answer

    def promote(self, version):
        self.client.connection.request("POST", "/v1/models/score/promote",
                                       json.dumps({"version": version}))
        response = self.client.connection.getresponse()
        assert response.status == 200, response.read()
        return json.loads(response.read())


def score_of(answer):
    return answer["models"]["score"]["probability"] if "models" in answer else find(answer)


def find(answer):
    """The model's output, wherever the result has it."""
    for key, value in answer.items():
        if key == "probability":
            return value
        if isinstance(value, dict) and (inner := find(value)) is not None:
            return inner
        if key in ("score", "score.probability") and isinstance(value, float):
            return value
    return None


def as_float(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def the_first_event_is_scored_as_xgboost_scored_it():
    with Home(fixture("binary.ubj")) as home, home.run() as running:
        rows = list(expected())
        assert len(rows) > 20
        for event, probability in rows:
            got = find(running.send(event))
            assert got is not None and as_float(got) == probability, (event, got, probability)
        model = running.model()
        assert model["in_force"] == 1 and len(model["versions"]) == 1, model
        assert model["versions"][0]["imported_from"] == "models/own.ubj", model
        status, _, body = running.client.get("/v1/models/score/versions/1")
        card = json.loads(body)["card"]
        assert card["imported"]["sha256"] == hashlib.sha256(fixture("binary.ubj")).hexdigest()
        code, said = home.quintet("models", running.url(), "show", "score", "1")
        assert code == 0 and "imported from models/own.ubj" in said, said


def a_changed_file_is_a_new_version_and_the_same_model_is_none():
    event = next(expected())[0]
    with Home(fixture("binary.ubj")) as home:
        with home.run() as running:
            first = find(running.send(dict(event, id="a")))
            position = running.model()["promotions"][-1]["position"]
        with home.run() as running:  # the same bytes
            assert running.model()["promotions"][-1]["position"] == position
        home.bring(fixture("binary.json"))  # the same model in another form
        with home.run() as running:
            model = running.model()
            assert len(model["versions"]) == 1 and len(model["promotions"]) == 1, model
        home.bring(other_model())
        with home.run() as running:
            model = running.model()
            assert model["in_force"] == 2 and len(model["promotions"]) == 2, model
            assert find(running.send(dict(event, id="b"))) != first
            _, _, body = running.client.get("/v1/results/a")
            assert find(json.loads(body)) == first
        if PATTERN == "monolithic":  # elsewhere outcomes are not beside the log
            code, said = home.quintet("verify", "--data", home.data)
            assert code == 0, said
        home.bring(fixture("binary.ubj"))  # back
        with home.run() as running:
            assert running.model()["in_force"] == 1
            assert find(running.send(dict(event, id="c"))) == first


def beside_train_the_file_is_the_first_version_only():
    text = APP + "    train: {label: bad_sale, rounds: 2}\n"
    with Home(fixture("binary.ubj"), text) as home:
        with home.run() as running:
            assert running.model()["in_force"] == 1
        home.bring(other_model())
        with home.run() as running:
            model = running.model()
            assert model["in_force"] == 1 and len(model["versions"]) == 2, model


def a_running_application_takes_a_file_and_promotes_it_later():
    event = next(expected())[0]
    with Home(fixture("binary.ubj")) as home:
        with home.run() as running:
            first = find(running.send(dict(event, id="a")))
            status, answer = running.upload(other_model(), "?file=other.json")
            assert (status, answer["version"], answer["registered"]) == (201, 2, True), answer
            status, answer = running.upload(other_model())
            assert (status, answer["version"], answer["registered"]) == (200, 2, False), answer
            assert running.model()["in_force"] == 1
            assert find(running.send(dict(event, id="b"))) == first
            running.promote(2)
            assert find(running.send(dict(event, id="c"))) != first
            path = os.path.join(home.path, "third.ubj")
            with open(path, "wb") as out:
                out.write(fixture("binary.ubj"))
            code, said = home.quintet("models", running.url(), "import", "score", path)
            assert code == 0 and "version 1 of score already" in said, said
        assert not os.path.exists(os.path.join(home.data, "import", "score"))
        with open(path, "wb") as out:
            out.write(other_model().replace(b"5E-1", b"4E-1"))
        code, said = home.quintet("models", home.data, "import", "score", path)
        assert code == 0 and "is version 3 of score" in said, said
        code, said = home.quintet("models", home.data, "promote", "score", "3")
        assert code == 0, said


def what_does_not_fit_is_refused_with_its_reason():
    with Home(fixture("binary.ubj")) as home, home.run() as running:
        for body, query, status, words in (
                (fixture("classes.ubj"), "", 409, "4 classes (multi:softprob)"),
                (fixture("value.ubj"), "", 409, "objective: reg:squarederror"),
                (fixture("refused_dart.json"), "", 400, "dart"),
                (fixture("binary.json").replace(b'"risk"', b'"rusk"'), "", 400, "rusk"),
                (fixture("binary.ubj"), "?sha256=" + "0" * 64, 400, "sha256"),
                (b"", "", 400, "neither JSON nor UBJ")):
            got, answer = running.upload(body, query)
            assert got == status and words in answer["detail"], (got, answer)
        assert running.upload(b"x", name="none")[0] == 404
        assert running.upload(b"{}", content="application/json")[0] == 415
        assert len(running.model()["versions"]) == 1


def broken_files_are_refused_and_the_server_lives():
    dice = random.Random(7)
    good = fixture("binary.ubj")
    with Home(good) as home, home.run() as running:
        before = find(running.send(dict(next(expected())[0], id="a")))
        bodies = [good[:len(good) // 2], b"{" * 100_000, b'{"learner":' * 5_000, os.urandom(4096),
                  b"{L" + b"\x7f" * 8, b"{[$U#L" + b"\x7f" * 8]
        for _ in range(20):
            flipped = bytearray(good)
            for _ in range(8):
                flipped[dice.randrange(len(flipped))] ^= 1 << dice.randrange(8)
            bodies.append(bytes(flipped))
        for body in bodies:
            status, answer = running.upload(body)
            # A flipped bit may leave a good model: then it is one.
            assert status in (200, 201, 400, 409, 413), (status, answer)
        assert running.upload(good[:len(good) // 2])[0] == 400
        assert running.model()["in_force"] == 1
        assert find(running.send(dict(next(expected())[0], id="b"))) == before


def a_file_beyond_the_limit_is_refused():
    def zeros():
        for _ in range(257):
            yield bytes(1 << 20)
    with Home(fixture("binary.ubj")) as home, home.run() as running:
        try:
            status, answer = running.upload(zeros())
            assert status == 413 and "256 MiB" in answer["detail"], answer
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was told so before all was sent
        assert running.upload(other_model())[0] == 201


def operators_only():
    with Home(fixture("binary.ubj")) as home:
        tokens = os.path.join(home.path, "tokens")
        with open(tokens, "w") as out:
            out.write("send,read secret-of-a-sender-0001\noperate secret-of-operator-0001\n")
        with home.run("--tokens", tokens) as running:
            body = other_model()
            assert running.upload(body)[0] == 401
            assert running.upload(body, token="secret-of-a-sender-0001")[0] == 403
            assert running.upload(body, token="secret-of-operator-0001")[0] == 201


def commands_read_the_file():
    with Home(fixture("binary.ubj")) as home:
        rows = list(expected())
        events = os.path.join(home.path, "in.ndjson")
        with open(events, "w") as out:
            out.writelines(json.dumps(event) + "\n" for event, _ in rows)
        code, said = home.quintet("-q", "backfill", home.app, "--input", "sale=" + events,
                                  "--output", "-")
        assert code == 0, said
        lines = said.splitlines()
        at = lines[0].split(",").index("score.probability")
        assert [as_float(float(line.split(",")[at])) for line in lines[1:len(rows) + 1]] \
            == [probability for _, probability in rows]
        value = os.path.join(MODELS, "value.ubj")
        code, said = home.quintet("backfill", home.app, "--input", "sale=" + events, "--output",
                                  "-", "--model", "score=" + value)
        assert code != 0 and "it predicts a value (reg:squarederror)" in said, said
        assert home.quintet("check", home.app)[0] == 0
        home.bring(fixture("classes.ubj"))
        code, said = home.quintet("check", home.app)
        assert code == 1 and "models/own.ubj" in said and "4 classes" in said, said
        line = APP.splitlines().index("    file: models/own.ubj") + 1
        place = f"error[QNT-0513]: ", f" --> {home.app}:{line}:11\n", "    file: models/own.ubj\n"
        assert all(part in said for part in place), said
        run_it = ("run", home.app, "--data", home.data, "--port", "0")
        code, said = home.quintet(*run_it)
        assert code != 0 and "4 classes" in said, said
        os.remove(os.path.join(home.path, "models", "own.ubj"))
        for words in (("check", home.app), run_it):
            code, said = home.quintet(*words)
            assert code != 0 and "own.ubj: No such file" in said, said
            assert words is run_it or code == 2 and all(part in said for part in place), said


def main():
    global PATTERN
    by_file = (the_first_event_is_scored_as_xgboost_scored_it,
               a_changed_file_is_a_new_version_and_the_same_model_is_none,
               beside_train_the_file_is_the_first_version_only)
    others = (a_running_application_takes_a_file_and_promotes_it_later,
              what_does_not_fit_is_refused_with_its_reason,
              broken_files_are_refused_and_the_server_lives,
              a_file_beyond_the_limit_is_refused, operators_only, commands_read_the_file)
    passed = failed = 0
    for PATTERN, tests in (("monolithic", by_file + others), ("microservices", by_file)):
        counts = run_each(tests, lambda test: test(), PATTERN + ": ")
        passed, failed = passed + counts[0], failed + counts[1]
    return ended(passed, failed)


if __name__ == "__main__":
    sys.exit(main())
