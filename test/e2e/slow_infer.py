#!/usr/bin/env python3
"""Runs the program that QUINTET names with these arguments, and stops its infer until the door says
that infer is away: what is sent until then is answered "accepted", and gets its outcome later.
"""
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from services_kill import children  # noqa: E402
from surroundings import until  # noqa: E402


def missing(address):
    client = http.client.HTTPConnection(address)
    try:
        client.request("GET", "/readyz")
        return client.getresponse().read()
    finally:
        client.close()


def go_on(infer, address):
    try:
        until(lambda: b"infer" in missing(address), "infer is away")
    finally:
        os.kill(infer, signal.SIGCONT)


def main():
    child = subprocess.Popen([os.environ["QUINTET"], *sys.argv[1:]], stdout=subprocess.PIPE,
                             text=True)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    line = child.stdout.readline()
    if line:
        infer = children(child.pid)["infer"]
        os.kill(infer, signal.SIGSTOP)
        print(line, end="", flush=True)
        address = urllib.parse.urlsplit(json.loads(line)["url"]).netloc
        threading.Thread(target=go_on, args=(infer, address), daemon=True).start()
    sys.exit(child.wait())


if __name__ == "__main__":
    main()
