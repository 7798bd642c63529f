#!/usr/bin/env python3
"""From the start of `quintet run` to the first answer to an event, 20 times on an empty directory
and 20 times on one that holds a log, beside the start of /bin/true. The program starts on core 0,
this client runs on core 1. Milliseconds."""
import http.client
import json
import os
import shutil
import subprocess
import time
import urllib.parse

import fraud

STARTS = 20
LOGGED = 20_000


def event(number):
    return {"TRANSACTION_ID": 10_000_000 + number, "TX_DATETIME": "2024-03-01 00:00:00",
            "CUSTOMER_ID": number % 100, "TERMINAL_ID": 7, "TX_AMOUNT": "12.50"}


def floor():
    begin = time.monotonic()
    subprocess.run(["/bin/true"], check=True, preexec_fn=fraud.pin(0))
    return 1e3 * (time.monotonic() - begin)


class Running:
    def __init__(self, directory):
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            [fraud.QUINTET, "--format", "json", "run", fraud.APP, "--data", directory,
             "--port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=fraud.pin(0))
        url = json.loads(self.process.stdout.readline())["url"]
        self.client = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)

    def post(self, body, kind):
        self.client.request("POST", "/v1/events", body, {"Content-Type": kind})
        answer = self.client.getresponse()
        return answer.status, answer.read()

    def stop(self):
        self.client.close()
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def first_answer(directory, number):
    """Milliseconds until one event is durable and answered."""
    running = Running(directory)
    status, answer = running.post(json.dumps(event(number)), "application/json")
    took = 1e3 * (time.monotonic() - running.begin)
    running.stop()
    assert status == 200 and b"verdict" in answer, (status, answer)
    return took


def fill(directory):
    with open(fraud.transactions(), "rb") as file:
        lines = b"".join(line for _, line in zip(range(LOGGED + 1), file))
    running = Running(directory)
    status, _ = running.post(lines, "text/csv")
    running.stop()
    assert status == 200, status


def measure(name, directory, empty):
    rounds = []
    for number in range(STARTS):
        if empty:
            shutil.rmtree(directory, ignore_errors=True)
        first = floor()
        ours = [first_answer(directory, number)]
        rounds.append({"floor": [first, floor()], "ours": ours, "peers": {}})
    fraud.show(name, "ms", "start of /bin/true", [{"of": "ours", "at_most": 100}], rounds)


def main():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    directory = f"{fraud.SCRATCH}/start"
    measure("first answer after the start, empty", directory, True)
    shutil.rmtree(directory)
    fill(directory)
    measure(f"first answer after the start, {LOGGED:,} events logged", directory, False)
    shutil.rmtree(directory)


if __name__ == "__main__":
    main()
