"""`quintet run` as a process: started, probed, killed by its pid; and a client for its door."""
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from surroundings import kPatience  # noqa: E402

# What a broken connection looks like from here; the server may be gone at any byte.
GONE = (ConnectionError, http.client.HTTPException, OSError, TimeoutError, ValueError)


# The pattern that a server runs under, if the test does not say; empty: the application's own.
PATTERN = os.environ.get("QUINTET_PATTERN", "")


class Server:
    def __init__(self, program, app, data, extra=()):
        self.command = [program, "--format", "json", "run", app, "--data", data, "--port", "0",
                        *extra]
        if PATTERN and "--pattern" not in extra:
            self.command += ["--pattern", PATTERN]
        self.data = data
        self.log_path = data.rstrip("/") + ".log"
        self.process = self.address = None

    def start(self):
        """Seconds from the start of the process until it says its URL; raises if it never does."""
        started = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"it ended with status {self.process.wait()}: {self.tail()}")
        self.address = urllib.parse.urlsplit(json.loads(line)["url"]).netloc
        return time.monotonic() - started

    def directory_of(self, service):
        """Where a service keeps its data; a monolith plays all of them in one."""
        apart = "microservices" in self.command
        return os.path.join(self.data, service) if apart else self.data

    def tail(self, most=2000):
        with open(self.log_path, errors="replace") as log:
            return log.read()[-most:]

    def kill(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)

    def reap(self):
        status = self.process.wait(kPatience)
        self.process.stdout.close()
        return status

    def stop(self):
        """Asks it to end; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.reap()

    def connect(self):
        return Client(self.address)


class Client:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=kPatience)

    def close(self):
        self.connection.close()

    def get(self, path):
        """(status, headers, body)."""
        self.connection.request("GET", path)
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()

    def post_one(self, event_type, event):
        """(status, answer) of one JSON event."""
        self.connection.request("POST", "/v1/events?event=" + event_type, json.dumps(event),
                                {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def post_lines(self, event_type, events):
        """Yields the answer to each line, as they come."""
        body = "".join(json.dumps(event) + "\n" for event in events)
        self.connection.request("POST", "/v1/events?event=" + event_type, body.encode(),
                                {"Content-Type": "application/x-ndjson"})
        response = self.connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"{response.status}: {response.read()[:500]}")
        while line := response.readline():
            yield json.loads(line)

    def results(self, page=1000, start=1):
        """All results from a position on, in order of position."""
        while True:
            status, headers, body = self.get(f"/v1/results?from={start}&limit={page}&format=ndjson")
            if status != 200:
                raise RuntimeError(f"{status}: {body[:500]}")
            for line in body.splitlines():
                yield json.loads(line)
            if not headers.get("Quintet-Next"):
                return
            start = int(headers["Quintet-Next"])


class Stream:
    """Server-sent events of one path, read as they come."""

    def __init__(self, server, path, last=None):
        self.connection = http.client.HTTPConnection(server.address, timeout=kPatience)
        self.connection.request("GET", path, headers={"Last-Event-ID": last} if last else {})
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.headers["Content-Type"] == "text/event-stream"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.response.close()
        self.connection.close()

    def take_head(self):
        assert self.response.readline().startswith(b"retry")

    def take(self, count):
        """The next events as (id, data)."""
        events, number, data = [], None, None
        while len(events) < count:
            line = self.response.readline().decode().rstrip("\n")
            if line.startswith("id: "):
                number = line[4:]
            elif line.startswith("data: "):
                data = line[6:]
            elif not line and data is not None:
                events.append((number, data))
                data = None
        return events

    def rest(self):
        return self.response.read()
