#!/usr/bin/env python3
"""The OpenAPI document of a real process against what it answers: for each operation a request that
should work and several that should not; every answer has a status and a body that stand there.

Ends with 'N passed, N failed'.
"""
import http.client
import json
import os
import re
import sys
import tempfile
import warnings

import jsonschema

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Server  # noqa: E402
from surroundings import kPatience  # noqa: E402

# Those that test/run.py runs it under.
PATTERNS = ("monolithic", "microservices")
HERE = os.path.dirname(os.path.abspath(__file__))
APP = os.path.join(HERE, "door.yaml")
PROGRAM = os.environ.get("QUINTET", "build/quintet")
kMethods = ("get", "post", "put", "delete", "patch")
PAYMENT = {"id": "a1", "at": "2024-03-01T10:00:00Z", "card": "c", "shop": "s", "amount": "900.00"}
CLOUD = {"specversion": "1.0", "id": "1", "source": "/till", "type": "com.shop.payment",
         "data": dict(PAYMENT, id="a3")}
LINES = json.dumps(PAYMENT).encode() + b"\n{}\n"
CSV = b"id,at,card,shop,amount\na2,2024-03-01T10:00:00Z,c,s,1.00\n"
JSON = "application/json"

# (query, content type, body, status) that should work, by operation; {} in a path: its parameters.
GOOD = {
    "send": [("?event=payment", JSON, json.dumps(PAYMENT).encode(), 200),
             ("?event=payment", "application/x-ndjson", LINES, 200),
             ("?event=payment", "text/csv", CSV, 200),
             ("", "application/cloudevents+json", json.dumps(CLOUD).encode(), 200),
             ("", "application/cloudevents-batch+json", json.dumps([CLOUD, {}]).encode(), 200)],
    "results": [("", None, None, 200), ("?limit=1&event=payment", None, None, 200),
                ("?decision=verdict:block&format=ndjson", None, None, 200),
                ("?labels=now", None, None, 200), ("?labels=soon", None, None, 400),
                ("?labels=2024-03-01T00:00:00Z&format=ndjson", None, None, 200)],
    "result": [("?event=payment", None, None, 200)],
    "featuresOfEvent": [("?event=payment", JSON, json.dumps(PAYMENT).encode(), 200)],
    "view": [("?limit=1", None, None, 200), ("?format=csv&from=2024-03-01", None, None, 200),
             ("?shop=s", None, None, 200)],
    "features": [("?card=c&amount=1.5", None, None, 200), ("", None, None, 200)],
    "train": [("", JSON, b'{"model":"none"}', 404)],
    "erase": [("", JSON, json.dumps({"value": PAYMENT["card"]}).encode(), 200),
              ("", JSON, b'{"value":"nobody"}', 404), ("", JSON, b"{}", 400)],
}
PATHS = {"/v1/results/{id}": {"id": "a1"}, "/v1/views/{name}": {"name": "hourly"},
         "/v1/features/{event}": {"event": "payment"},
         "/v1/dead-letters/{number}": {"number": "1"},
         "/v1/dead-letters/{number}/replay": {"number": "1"},
         "/v1/dead-letters/{number}/discard": {"number": "1"}}
# Without a model these have nothing to answer with but an error.
kWithoutModel = re.compile(r"/v1/models/\{|/v1/train/\{|/v2/models/\{")
# Given a good request they change nothing that others need, but they must come last.
ORDER = {"send": 0, "replay": 2, "discard": 3, "erase": 4}
# Query parameters of these types are refused if they are wrong.
kJudged = ("Number", "Limit", "Format", "Time", "Name", "Filter")
kStreams = ("resultStream",)


class Conformance:
    def __init__(self, server, document):
        self.server, self.document = server, document
        self.passed, self.failed = 0, []
        # Debian's jsonschema has no other way; newer ones say that there is one.
        warnings.simplefilter("ignore", DeprecationWarning)
        self.resolver = jsonschema.RefResolver("", document)

    def ask(self, method, path, content=None, body=None, headers=()):
        connection = http.client.HTTPConnection(self.server.address, timeout=kPatience)
        sent = dict(headers, **({"Content-Type": content} if content else {}))
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        answer = response.status, response.headers, response.read()
        connection.close()
        return answer

    def judge(self, name, operation, answer, wanted=None):
        """Notes whether an answer is one of those that the operation declares."""
        status, headers, body = answer
        try:
            responses = operation["responses"]
            declared = responses.get(str(status)) or responses.get(f"{status // 100}XX")
            assert declared, f"status {status} is not declared: {body[:200]}"
            assert wanted is None or status == wanted, f"{status}, not {wanted}: {body[:200]}"
            media = (headers["Content-Type"] or "").split(";")[0]
            assert media in declared["content"], f"{status} with {media!r} is not declared"
            if media in (JSON, "application/problem+json"):
                schema = declared["content"][media]["schema"]
                jsonschema.Draft202012Validator(schema, resolver=self.resolver).validate(
                    json.loads(body))
            self.passed += 1
        except (AssertionError, ValueError, jsonschema.ValidationError) as why:
            self.failed.append(f"{name}: {str(why)[:600]}")

    def good(self, method, pattern, operation):
        path = pattern
        for key, value in PATHS.get(pattern, {}).items():
            path = path.replace("{" + key + "}", value)
        path = re.sub(r"\{[^}]*\}", "1", path)
        fallback = [("", JSON if method == "post" else None, b"{}" if method == "post" else None,
                     None if kWithoutModel.search(pattern) else 200)]
        if operation["operationId"] in ("replay", "discard"):
            fallback = [("", None, None, None)]
        for query, content, body, status in GOOD.get(operation["operationId"], fallback):
            answer = self.ask(method.upper(), path + query, content, body)
            self.judge(f"{method} {path}{query}", operation, answer, status)
        return path

    def bad(self, method, path, operation):
        """None of these may be answered with a 5XX, or with what the document does not know."""
        name = f"{method} {path}"
        other = "DELETE"
        status, headers, _ = answer = self.ask(other, path)
        self.judge(f"{other} {path}", operation, answer, 405)
        if method.upper() not in (headers["Allow"] or ""):
            self.failed.append(f"{other} {path}: Allow is {headers['Allow']!r}")
        if method == "get":
            head, _, body = self.ask("HEAD", path)
            if body or head >= 500:
                self.failed.append(f"HEAD {path}: {head} {body[:80]}")
        for parameter in operation["parameters"]:
            if parameter["in"] != "query" or "$ref" not in parameter["schema"]:
                continue
            if parameter["schema"]["$ref"].endswith(kJudged):
                answer = self.ask(method.upper(), f"{path}?{parameter['name']}=%22wrong",
                                  JSON if method == "post" else None,
                                  b"{}" if method == "post" else None)
                self.judge(f"{name}?{parameter['name']}=wrong", operation, answer)
                if not 400 <= answer[0] < 500:
                    self.failed.append(f"{name}: {parameter['name']}=wrong gave {answer[0]}")
        if "requestBody" not in operation:
            return
        for content, body in ((JSON, b"{"), (JSON, b"[]"), (JSON, b'{"id": 5}'), (JSON, b"\xff"),
                              ("text/html", b"<p>"), (JSON, b"[" * 300)):
            answer = self.ask(method.upper(), path + "?event=payment", content, body)
            self.judge(f"{name} with {body[:9]!r}", operation, answer)
            if answer[0] >= 500:
                self.failed.append(f"{name} with {body[:9]!r}: {answer[0]}")

    def run(self):
        operations = [(ORDER.get(operation["operationId"], 1), pattern, method, operation)
                      for pattern, item in self.document["paths"].items()
                      for method, operation in item.items() if method in kMethods]
        for _, pattern, method, operation in sorted(operations, key=lambda one: one[:3]):
            if operation["operationId"] in kStreams:
                continue
            self.bad(method, self.good(method, pattern, operation), operation)
        ids = [operation["operationId"] for _, _, _, operation in operations]
        if len(set(ids)) != len(ids):
            self.failed.append("two operations have one id")


def main():
    with tempfile.TemporaryDirectory() as directory:
        server = Server(PROGRAM, APP, os.path.join(directory, "data"))
        server.start()
        try:
            status, _, body = server.connect().get("/openapi.json")
            assert status == 200, body[:300]
            document = json.loads(body)
            for schema in document["components"]["schemas"].values():
                jsonschema.Draft202012Validator.check_schema(schema)
            conformance = Conformance(server, document)
            conformance.run()
        finally:
            server.stop()
    for line in conformance.failed:
        print("FAILED ", line)
    print(f"{conformance.passed} passed, {len(conformance.failed)} failed")
    return 1 if conformance.failed else 0


if __name__ == "__main__":
    sys.exit(main())
