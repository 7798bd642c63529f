#!/usr/bin/env python3
"""An application whose door tells one lie: runs the program that QUINTET names and stands between
it and its clients. planted_door.py PLANT ARGUMENTS-OF-THE-PROGRAM; what PLANT changes is below.

Only the second run of a verification lies, which is known by its data directory. What is posted
goes through as it is; answers to GET are changed as a whole.
"""
import http.client
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import urllib.parse

kPiece = 65536


def one_result(change):
    """A plant that changes the result of one event, or takes it away."""
    def plant(path, body):
        if not path.startswith("/v1/results?"):
            return body
        lines = []
        for line in body.splitlines():
            kept = change(json.loads(line), line)
            lines += [kept] if kept is not None else []
        return "".join(line + "\n" for line in lines)
    return plant


def result_of(name, change):
    def only(result, line):
        if result["id"] != name:
            return line
        result = change(result)
        return None if result is None else json.dumps(result)
    return one_result(only)


def last_digit(result):
    text = json.dumps(result["features"]["usual"])
    result["features"]["usual"] = json.loads(text[:-1] + str((int(text[-1]) + 1) % 10))
    return result


def window_edge(result):
    result["features"]["orders_7d"] += 1
    return result


def early_model(result):
    result["predictions"]["score"] = {"probability": 0.5, "version": 1}
    return result


def other_reason(result):
    result["decisions"]["verdict"]["reason"] = "because"
    return result


def other_label(result):
    label = result["labels"]["return"]
    label["value"] = not label["value"]
    return result


def other_report(result):
    result["labels"]["told"]["position"] += 1
    return result


def lost_report(result):
    result["labels"]["told"] = {"value": None, "source": "unknown", "until": result["time"]}
    return result


def documents(begin, change):
    """A plant that changes what stands under paths that begin so."""
    def plant(path, body):
        if not path.startswith(begin):
            return body
        document = json.loads(body)
        change(document)
        return json.dumps(document)
    return plant


def double(document):
    letters = document["dead_letters"]
    letters += [dict(one, number=one["number"] + 1) for one in letters[-1:]]


def raise_line(document):
    document["lines"][1]["values"]["orders"] += 1


def put_earlier(document):
    for one in document.get("promotions", []):
        one["position"] -= 1


def change_digest(document):
    document["digest"] = "0" + document["digest"][1:]


PLANTS = {
    "last_digit": result_of("o150", last_digit),
    "window_edge": result_of("o151", window_edge),
    "early_model": result_of("o278", early_model),
    "other_reason": result_of("o152", other_reason),
    "lost_event": result_of("o153", lambda _: None),
    "other_label": result_of("o154", other_label),
    "other_report": result_of("o155", other_report),
    "lost_report": result_of("o156", lost_report),
    "doubled_letter": documents("/v1/dead-letters?", double),
    "view_line": documents("/v1/views/", raise_line),
    "early_promotion": documents("/v1/models/", put_earlier),
    "model_digest": documents("/v1/models/score/versions/", change_digest),
}


class Door(socketserver.BaseRequestHandler):
    server_address = plant = None  # of the application

    def handle(self):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.request.recv(kPiece)
            if not piece:
                return
            head += piece
        with socket.create_connection(self.server_address) as there:
            if head.startswith(b"GET "):
                self.answer(there, head)
            else:
                self.pass_on(there, head)

    def answer(self, there, head):
        path = head.split(b" ", 2)[1].decode()
        first, rest = head.split(b"\r\n", 1)
        # The second of two letters that are one.
        if self.plant is PLANTS["doubled_letter"] and path == "/v1/dead-letters/2":
            first = first.replace(b"letters/2", b"letters/1")
        there.sendall(first + b"\r\nConnection: close\r\n" + rest)
        response = http.client.HTTPResponse(there)
        response.begin()
        body = response.read().decode()
        if response.status == 200 and "json" in response.headers.get("Content-Type", ""):
            body = self.plant(path, body)
        body = body.encode()
        out = f"HTTP/1.1 {response.status} {response.reason}\r\nConnection: close\r\n"
        out += f"Content-Length: {len(body)}\r\n"
        for name in ("Content-Type", "Quintet-Next", "ETag"):
            if response.headers.get(name):
                out += f"{name}: {response.headers[name]}\r\n"
        self.request.sendall(out.encode() + b"\r\n" + body)

    def pass_on(self, there, head):
        there.sendall(head)
        back = threading.Thread(target=self.pump, args=(there, self.request))
        back.start()
        self.pump(self.request, there)
        back.join()

    @staticmethod
    def pump(source, sink):
        try:
            while piece := source.recv(kPiece):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Threads(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address, request_queue_size = True, True, 64


def main():
    name, *arguments = sys.argv[1:]
    program = os.environ["QUINTET"]
    if "/2-" not in arguments[arguments.index("--data") + 1]:
        os.execv(program, [program, *arguments])
    child = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)

    def end(*_):
        child.send_signal(signal.SIGTERM)
        os._exit(child.wait())
    signal.signal(signal.SIGTERM, end)
    line = child.stdout.readline()
    if not line:
        sys.exit(child.wait())
    ready = json.loads(line)
    where = urllib.parse.urlsplit(ready["url"])
    Door.server_address, Door.plant = (where.hostname, where.port), staticmethod(PLANTS[name])
    with Threads(("127.0.0.1", 0), Door) as server:
        print(json.dumps(dict(ready, url=f"http://127.0.0.1:{server.server_address[1]}")),
              flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
