"""The services of an application, each started by its own command as a container would be."""
import json
import os
import subprocess
import urllib.parse

from server import Client
from surroundings import kPatience, until

# Each after those that it must know.
KNOWS = {"ingest": (), "infer": ("ingest",), "results": ("ingest", "infer"), "train": ("ingest",),
         "gateway": ("ingest", "infer", "results", "train")}


class Apart:
    """Five processes below a directory; on unix sockets there, or at the addresses given."""

    def __init__(self, program, app, folder, addresses=None, more=None, every=()):
        self.program, self.app, self.folder = program, app, folder
        self.at = addresses or {name: f"unix:{folder}/{name}.sock" for name in KNOWS
                                if name != "gateway"}
        self.more, self.every = more or {}, list(every)
        self.processes, self.address = {}, None

    def __enter__(self):
        try:
            for name in KNOWS:
                self.start(name)
            line = self.processes["gateway"].stdout.readline()
            if not line:
                raise RuntimeError(self.log("gateway"))
            self.address = urllib.parse.urlsplit(json.loads(line)["at"]).netloc
            self.until_missing()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self, name):
        words = [*self.every, *self.more.get(name, ())]
        for peer in KNOWS[name]:
            words += ["--peer", f"{peer}={self.at[peer]}"]
        if name == "gateway":
            words += ["--port", "0"]
        else:
            words += ["--listen", self.at[name], "--data", os.path.join(self.folder, name)]
        if name == "ingest":
            words += ["--app", self.app]
        with open(os.path.join(self.folder, name + ".log"), "ab") as log:
            self.processes[name] = subprocess.Popen(
                [self.program, "--format", "json", "service", name, *words],
                stdout=subprocess.PIPE, stderr=log)

    def log(self, name):
        with open(os.path.join(self.folder, name + ".log"), errors="replace") as log:
            return log.read()[-2000:]

    def connect(self):
        return Client(self.address)

    def kill(self, name):
        process = self.processes.pop(name)
        process.kill()
        process.wait(kPatience)
        process.stdout.close()

    def end(self, name):
        process = self.processes.pop(name)
        process.terminate()
        status = process.wait(kPatience)
        process.stdout.close()
        return status

    def readiness(self):
        """(status, answer) of /readyz."""
        client = self.connect()
        status, _, body = client.get("/readyz")
        client.close()
        return status, json.loads(body)

    def until_missing(self, *names):
        until(lambda: [one["service"] for one in self.readiness()[1]["missing"]] == list(names),
              f"/readyz says that {names} are missing")

    def __exit__(self, *_):
        # Those that ask before those that answer.
        for name in reversed(list(self.processes)):
            self.end(name)
