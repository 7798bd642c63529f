#!/usr/bin/env python3
"""Judges written by others read the door's OpenAPI document: openapi-spec-validator holds it
against the meta schema of OpenAPI 3.1, schemathesis makes requests of it and holds the answers
against it.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from server import Server  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
APP = os.path.join(ROOT, "test", "e2e", "door.yaml")
EXAMPLES = os.environ.get("EXAMPLES", "60")
# A document describes what is meant, so of all checks those of answers count: no 5XX, and status,
# media type, headers and body as described. The stream of results never ends, so it is left out.
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,"
          "response_schema_conformance,unsupported_method")


def main():
    venv = subprocess.run([os.path.join(ROOT, "deps", "python"), "openapi"], check=True, text=True,
                          capture_output=True).stdout.strip()
    with tempfile.TemporaryDirectory() as directory:
        server = Server(os.environ["QUINTET"], APP, os.path.join(directory, "data"))
        server.start()
        try:
            status, _, body = server.connect().get("/openapi.json")
            assert status == 200, body[:300]
            path = os.path.join(directory, "openapi.json")
            with open(path, "wb") as file:
                file.write(body)
            validator = "import json, sys; from openapi_spec_validator import validate; " \
                        "validate(json.load(open(sys.argv[1])))"
            subprocess.run([venv + "/bin/python", "-c", validator, path], check=True)
            print(f"{len(json.loads(body)['paths'])} paths stand as OpenAPI 3.1 wants them")
            fuzzed = subprocess.run(
                [venv + "/bin/st", "--no-color", "run", f"http://{server.address}/openapi.json",
                 "--checks", CHECKS, "--max-examples", EXAMPLES, "--seed", "3",
                 "--exclude-path", "/v1/results/stream", "--request-timeout", "10"],
                cwd=directory)
            alive = server.process.poll() is None
            print("the process lives" if alive else "the process died")
            return 0 if alive and fuzzed.returncode == 0 else 1
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
