"""A collector of traces that tests start, and how its messages are read without the published
classes (test/validate/traces.py reads the same ones with them).
"""
import http.server
import struct
import threading


def fields(message):
    """(number, value) of each field of a protobuf message: an int, or the bytes of what has any."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 1:
            yield key >> 3, struct.unpack_from("<Q", message, at)[0]
            at += 8
        elif key & 7 == 2:
            size = varint()
            yield key >> 3, message[at:at + size]
            at += size
        else:
            raise ValueError(f"a field of kind {key & 7}")


def one(message, number, default=b""):
    return dict(fields(message)).get(number, default)


def attributes(pairs):
    found = {}
    for pair in pairs:
        value = dict(fields(one(pair, 2)))
        found[one(pair, 1).decode()] = value[1].decode() if 1 in value else value.get(3)
    return found


def spans_of(body):
    """The spans of an ExportTraceServiceRequest, each as a dictionary."""
    for _, resource in fields(body):
        service = attributes([value for number, value in fields(one(resource, 1)) if number == 1])
        for number, scope in fields(resource):
            if number != 2:
                continue
            for kind, span in fields(scope):
                if kind != 2:
                    continue
                own = dict(fields(span))
                yield {"service": service["service.name"], "trace": own[1].hex(),
                       "id": own[2].hex(), "parent": own.get(4, b"").hex(),
                       "name": own[5].decode(), "begin": own[7], "end": own[8],
                       "kind": own.get(6, 0), "failed": 15 in own,
                       **attributes([value for number, value in fields(span) if number == 9])}


class Collector:
    """Takes what is sent to /v1/traces; `refusals` statuses are answered first."""

    def __init__(self, refusals=()):
        self.bodies, self.lock = [], threading.Lock()
        refusals, collector = list(refusals), self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                good = (self.path, self.headers["Content-Type"]) == ("/v1/traces",
                                                                     "application/x-protobuf")
                with collector.lock:
                    status = refusals.pop(0) if refusals else 200 if good else 400
                    if status == 200:
                        collector.bodies.append(body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def spans(self):
        with self.lock:
            return [span for body in self.bodies for span in spans_of(body)]

    def end(self):
        self.server.shutdown()
        self.server.server_close()
