#!/usr/bin/env python3
"""Models are trained again by themselves: after a time, after so many labels, on drift; under each
pattern, and over a restart. Ends with 'N passed, N failed'.
"""
import datetime
import json
import os
import random
import signal
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import services_kill  # noqa: E402
from server import Server  # noqa: E402
from surroundings import until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")
APP = os.path.join(HERE, "retrain.yaml")
BEGIN = datetime.datetime(2024, 3, 1)


def text(second):
    return (BEGIN + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Application:
    """One that runs, and what was sent to it."""

    def __init__(self, folder, pattern):
        self.server = Server(PROGRAM, APP, os.path.join(folder, pattern), ["--pattern", pattern])
        self.server.start()
        self.client = self.server.connect()
        self.dice, self.sent, self.reports = random.Random(3), 0, 0

    def restart(self):
        self.client.close()
        assert self.server.stop() == 0, self.server.tail()
        self.server.start()
        self.client = self.server.connect()

    def training_dies(self):
        """Alone, where it is a process of its own: the others go on."""
        running = services_kill.children(self.server.process.pid)
        if "train" in running:
            os.kill(running["train"], signal.SIGKILL)
            until(lambda: services_kill.children(self.server.process.pid).get(
                "train", running["train"]) != running["train"], "it is started again")

    def end(self):
        self.server.kill()
        self.server.reap()

    def send(self, event_type, events):
        for answer in self.client.post_lines(event_type, events):
            assert "position" in answer, answer
            self.last = answer["position"]

    def purchases(self, count, factor=1.0, labelled=True):
        events = []
        for i in range(self.sent, self.sent + count):
            amount = self.dice.random() * factor
            event = {"id": f"p{i}", "at": text(60 * i), "amount": amount}
            if labelled:
                event["fraud"] = amount > factor * .8
            events.append(event)
        self.sent += count
        self.send("purchase", events)

    def report(self, count):
        self.send("report", [{"id": f"r{i}", "at": text(60 * i + 30), "purchase_id": f"p{i}",
                              "fraud": i % 5 == 0}
                             for i in range(self.reports, self.reports + count)])
        self.reports += count

    def train(self, model):
        self.client.connection.request("POST", "/v1/train", json.dumps({"model": model}),
                                       {"Content-Type": "application/json"})
        response = self.client.connection.getresponse()
        return response.status, json.loads(response.read())

    def runs(self, model):
        """Those that have ended, oldest first, and what is watched."""
        status, _, body = self.client.get("/v1/train")
        assert status == 200, body
        answer = json.loads(body)
        watch, = [one for one in answer["retrain"] if one["model"] == model] or [None]
        return [run for run in answer["runs"] if run["model"] == model and
                run["state"] in ("done", "failed")], watch

    def wait_for(self, model, runs):
        def ended():
            found, _ = self.runs(model)
            return found if len(found) >= runs else None
        found = until(ended, f"{runs} trainings of {model}")
        assert all(run["state"] == "done" for run in found), found
        return found


def again_after_a_time(app):
    app.purchases(300)
    runs = app.wait_for("by_time", 2)
    assert {run["because"] for run in runs} == {"every 2s"}, runs
    assert runs[0]["version"] == 1 and runs[1]["version"] == 2, runs
    assert "next" in app.runs("by_time")[1]


def after_so_many_labels(app):
    """300 came; what is too few trains nothing, and a label is counted once."""
    watch = until(lambda: (w := app.runs("by_labels")[1]) and w["labels_since"] == 300 and w,
                  "the labels are counted")
    assert watch["labels"] == 600 and "since" not in watch, watch
    assert app.runs("by_labels")[0] == []
    app.purchases(250)
    app.purchases(100, labelled=False)
    app.restart()
    app.training_dies()
    until(lambda: (w := app.runs("by_labels")[1]) and w["labels_since"] == 550,
          "and after a restart")
    app.purchases(51)
    run, = app.wait_for("by_labels", 1)
    assert run["because"] in ("600 labels since the log began",
                              "601 labels since the log began"), run
    until(lambda: (w := app.runs("by_labels")[1]) and w["labels_since"] == 0 and
          w["since"] == run["position"], "the count begins anew")


def after_so_many_reports(app):
    """Those that came before their event count too."""
    app.report(150)
    first = app.reports
    app.reports = app.sent
    app.report(50)  # of what comes next
    app.reports = first
    until(lambda: (w := app.runs("by_reports")[1]) and w["labels_since"] == 150, "150 reports")
    app.purchases(50)
    run, = app.wait_for("by_reports", 1)
    assert run["because"] == "200 labels since the log began", run


def on_drift(app):
    """Not before anyone trained it, and not while its input stays as it was."""
    assert app.runs("by_drift")[0] == []
    until(lambda: app.train("by_drift")[0] == 202, "a training is begun")  # others may be under way
    run, = app.wait_for("by_drift", 1)
    assert run["because"] == "it was asked for", run
    app.purchases(1500)
    watch = until(lambda: (w := app.runs("by_drift")[1]) and w["drift_since"] is not None and w,
                  "the drift is measured")
    assert watch["drift_since"] < .1 and watch["since"] == run["position"], watch
    app.purchases(1500, factor=5)
    run = app.wait_for("by_drift", 2)[1]
    assert run["because"].startswith("drift ") and " of amount since the last training" in \
        run["because"], run


def from_all_that_was_acknowledged(app):
    """However far behind train is when it is asked."""
    running = services_kill.children(app.server.process.pid)
    if "train" in running:
        os.kill(running["train"], signal.SIGSTOP)
    app.purchases(2000)
    last = app.last
    app.training_dies()  # it comes back with the copy that it had
    def begun():
        status, run = app.train("by_drift")  # another may be under way
        return run["run"] if status == 202 else None

    def ended():
        run = json.loads(app.client.get(f"/v1/train/{asked}")[2])
        return run if run["state"] in ("done", "failed") else None
    asked = until(begun, "a training is begun")
    run = until(ended, "it ends")
    status, _, body = app.client.get(f"/v1/models/by_drift/versions/{run['version']}")
    lineage = json.loads(body)["card"]["lineage"]
    assert status == 200 and last <= lineage["log_to"] < run["position"], (last, lineage, run)


def main():
    passed = failed = 0
    for pattern in ("monolithic", "microservices"):
        with tempfile.TemporaryDirectory() as folder:
            app = Application(folder, pattern)
            try:
                for test in (again_after_a_time, after_so_many_labels, after_so_many_reports,
                             on_drift, from_all_that_was_acknowledged):
                    test(app)
                    passed += 1
                    print(f"ok      {pattern}: {test.__name__.replace('_', ' ')}", flush=True)
            except Exception:  # the next tests need what this one did
                failed += 1
                print(f"FAILED  {pattern}: {test.__name__}", flush=True)
                traceback.print_exc()
                print(app.server.tail())
            finally:
                app.end()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
