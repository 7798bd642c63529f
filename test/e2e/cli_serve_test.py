#!/usr/bin/env python3
"""The commands that run a server or ask one: `run`, `send`, `results`, `dead-letters`, `models`;
with good and with bad input, tokens, TLS, Ctrl-C and a killed server. Ends with 'N passed, N
failed'.
"""
import http.server
import json
import os
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli_check import APP, PROGRAM, perform, started, write  # noqa: E402
from server import GONE, Server  # noqa: E402
from surroundings import free_port, kPatience, until  # noqa: E402


def check_running(c):
    server = Server(PROGRAM, "app.yaml", "data")
    server.start()
    url = "http://" + server.address
    port = url.rsplit(":", 1)[1]
    c.run(f"send {url} --input order=orders.csv", 0, r"^300 acknowledged, 0 refused in \d+\.\d s$",
          r"^send: 300 events in")
    c.run(f"send {url} --input order=orders.csv --limit 2 --output - -q", 0,
          r'^\{"event":"order","id":"o0"(.|\n)*"id":"o1"', r"^2 acknowledged")
    out = c.run(f"send {url} --input orders.csv --rate 100 --limit 60 --format json -q", 0,
                r'^\{"acknowledged":60,"refused":0,"skipped":0,"reconnects":\d+,"seconds":\d', "")
    c.that("the rate is kept", json.loads(out or '{"seconds":0}')["seconds"] > .55, out)
    c.run(f"send {url} --input order=bad.csv", 1, r"^0 acknowledged, 1 refused.*dead-letters shows",
          r"^bad.csv:2: refused: amount: -1.00 is below the minimum 0.00$")
    c.run(f"send {url} --input order=other.csv", 1, "", r"other.csv:1: id: the header lacks")
    c.run(f"send {url} --input order=nothing.csv", 2, "", r"No such file")
    c.run(f"send {url} --input nobody=orders.csv", 2, "", r'no event or table "nobody"')
    c.run("send http://127.0.0.1:1 --input order=orders.csv", 2, "", r"Connection refused")
    c.run("send 127.0.0.1:8080 --input order=orders.csv", 2, "", r"is no URL as http://")
    c.run(f"send {url}", 2, "", r"--input is required")
    c.run(f"send {url} --input orders.csv --rate -1", 2, "", r"--rate")
    c.run(f"dead-letters {url}", 0, r"^ +1  20\S+Z  open +order out_of_range: amount: -1.00", "")
    c.run(f"dead-letters {url} --format json", 0, r'^\{"number":1,.*"state":"open"\}$', "")
    c.run(f"dead-letters {url} show 1", 0, r"^b0,2024-01-20 00:00:00,c0,-1,0$", "")
    c.run(f"dead-letters {url} replay 1", 1, "", r"is below the minimum")
    write("fixed.json", '{"id":"b0","at":"2024-01-20 00:00:00","customer":"c0","amount":1}')
    c.run(f"dead-letters {url} replay 1 --event nothing.json", 2, "", r"No such file")
    c.run(f"dead-letters {url} replay 1 --event fixed.json", 0, r'"id":"b0".*"status":"result"', "")
    c.run(f"dead-letters {url} replay 1 --event fixed.json", 1, "", r"was replayed before")
    c.run(f"send {url} --input order=bad.csv -q", 1)
    c.run(f"dead-letters {url} discard 2", 0, r"^dead letter 2 is discarded$", "")
    c.run(f"dead-letters {url} --all", 0, r"^ +1 .* replayed(.|\n)*^ +2 .* discarded", "")
    c.run(f"results {url} o7", 0, r'"id":"o7"', "")
    c.run(f"results {url} nobody", 2, "", r"nobody")
    c.run(f"results {url} --decision verdict:fine --limit 3", 0, r'"value":"fine"', "")
    c.run(f"results {url} --decision verdct:fine", 2, "", r"no decision .verdct.; did you mean ver")
    c.run(f"results {url} --digest", 0, r"^\w{64}  301 results$", "")
    c.run(f"models {url}", 0, r"^score +has no version yet$", "")
    c.run(f"models {url} promote score 1", 2, "", r"no version 1")
    c.run("run app.yaml --data data --port 0", 2, "", r"^error: data is in use by process \d+$")
    c.run(f"run app.yaml --data other --port {port}", 2, "", r"Address already in use$")
    c.run("results --data data", 2, "", r"in use by process \d+; a running application is asked by")
    c.run("models data", 2, "", r"in use by process")
    c.run("explain app.yaml o7 usual --data data", 2, "", r"in use by process")
    c.that("the server ends with status 0", server.stop() == 0, server.tail())


def check_several_lines(c):
    """Records of CSV that stand on several lines, between files that are merged by time."""
    server = Server(PROGRAM, "app.yaml", "several")
    server.start()
    url = "http://" + server.address
    write("between.csv", "id,at,customer,amount,returned\n"
          'p0,2024-01-20 00:00:30,"x"",y",1,0\np1,2024-01-20 00:01:30,"x",1,0\n')
    c.run(f"send {url} --input several.csv --input between.csv", 1,
          r"^4 acknowledged, 2 refused",
          r"several.csv:4: refused: a quote is not closed(.|\n)*several.csv:5: refused: amount")
    c.run(f"results {url} --digest", 0, r" 4 results$")
    c.run(f"dead-letters {url}", 0,
          r"^ +1 .*: a quote is not closed\n +2 .*: amount: -1.00 is below")
    c.run(f"dead-letters {url} show 1", 0, r'^id,at,customer,amount,returned\nq1,.*,"c\n')
    c.that("the server ends with status 0", server.stop() == 0, server.tail())
    # A header on two lines, a refused record on three, and its replay.
    write("wide.yaml", APP.replace("amount: {", 'amount: {from: "in\\nall", '))
    write("wide.csv", 'id,at,customer,"in\nall"\nw0,2024-01-20 00:00:00,"a\nb",1\n'
          'w1,2024-01-20 00:00:00,"c\n\nd",-1\nw2,2024-01-20 00:00:00,e,2\n')
    server = Server(PROGRAM, "wide.yaml", "wide")
    server.start()
    url = "http://" + server.address
    c.run(f"send {url} --input wide.csv", 1, r"^2 acknowledged, 1 refused",
          r"wide.csv:5: refused: ")
    c.run(f"dead-letters {url} show 1", 0, r'^id,at,customer,"in\nall"\nw1,.*,"c\n\nd",-1$')
    c.run(f"dead-letters {url} replay 1", 1, "", r"-1.00 is below the minimum")
    c.that("the server ends with status 0", server.stop() == 0, server.tail())


class Page(http.server.BaseHTTPRequestHandler):
    """A server that is not ours."""

    def do_GET(self):
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b"<html>not here</html>")

    do_POST = do_GET

    def log_message(self, *_):
        pass


def check_foreign(c):
    foreign = http.server.HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=foreign.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{foreign.server_port}"
    for line in (f"send {url} --input order=orders.csv", f"results {url}", f"models {url}",
                 f"dead-letters {url}"):
        c.run(line, 2, "", r"^error: what answers there is no Quintet application \(status 404\)$")
    foreign.shutdown()


def check_run_refusals(c):
    c.run("run app.yaml --data d --host 0.0.0.0 --port 0", 2, "",
          r"would open the application to the network: configure TLS and a token")
    c.run("run app.yaml --data d --host nobody --port 0", 2, "", r'"nobody" is no IP address')
    c.run("run app.yaml --data d --port 99999", 2, "", r"--port")
    c.run("run app.yaml --data orders.csv --port 0", 2, "", r"orders.csv is not a directory")
    c.run("run wrong.yaml --data d --port 0", 1, "", r"^error\[QNT-")
    c.run("run nothing.yaml", 2, "", r"No such file")
    c.run("run app.yaml --pattern lambda --data d", 1, "", r"`lambda` is not in this version")
    c.run("run app.yaml --data d --port 0 --tls-key x", 2, "", r"needs both --tls-certificate and")
    c.run("run app.yaml --data d --port 0 --tokens nothing", 2, "", r"nothing: No such file")
    write("short", "send short\n")
    c.run("run app.yaml --data d --port 0 --tokens short", 2,
          "", r"line 1: short: a token must have")
    c.run("run app.yaml --data d --port 0 --tls-key binary --tls-certificate binary", 2, "",
          r"reading the certificate binary")
    named = r"\Aerror: --traces \(or OTEL_EXPORTER_OTLP_ENDPOINT\): "
    for wrong in ("nonsense", "ftp://x", "http://", "http://host:port"):
        told = rf'{named}"{wrong}" is no URL as http://localhost:8080\n\Z'
        for pattern in ("monolithic", "microservices"):
            c.run(f"run app.yaml --data traced --port 0 --pattern {pattern} --traces {wrong}", 2,
                  "", told)
        c.run(f"service train --data traced --listen unix:train --peer ingest=unix:ingest --traces "
              f"{wrong}", 2, "", told)
    c.run("run app.yaml --data traced --port 0", 2, "", rf'{named}"x" is no',
          {"OTEL_EXPORTER_OTLP_ENDPOINT": "x"})
    c.that("nothing was begun", not os.path.exists("traced"))


def ask(url, token, path, body=None, insecure=False):
    """The status of a request by curl."""
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", url + path]
    command += ["-k"] if insecure else []
    command += ["-H", "Authorization: Bearer " + token] if token else []
    command += ["-H", "Content-Type: application/json", "-d", body] if body else []
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def check_access(c):
    """Tokens with their scopes, over TLS, on an address that is not loopback alone."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                    "-keyout", "site.key", "-out", "site.crt"], check=True, capture_output=True)
    write("tokens", "# three\nsend sender-0123456789ab\nread reader-0123456789ab\n"
                    "read,operate operator-0123456789ab\n")
    order = '{"id":"t1","at":"2024-01-20 00:00:00","customer":"c0","amount":1}'
    for extra in ([], ["--host", "0.0.0.0", "--name", "localhost", "--tls-certificate", "site.crt",
                       "--tls-key", "site.key"]):
        data = "secure" if extra else "guarded"
        server = Server(PROGRAM, "app.yaml", data, ["--tokens", "tokens", *extra])
        server.start()
        url = ("https://" if extra else "http://") + server.address
        table = ((None, "/livez", None, "200"), (None, "/v1/results", None, "401"),
                 ("wrong-0123456789abcd", "/v1/results", None, "401"),
                 ("sender-0123456789ab", "/v1/events", order, "200"),
                 ("sender-0123456789ab", "/v1/results", None, "403"),
                 ("reader-0123456789ab", "/v1/results", None, "200"),
                 ("reader-0123456789ab", "/v1/events", order, "403"),
                 ("reader-0123456789ab", "/v1/models/score/rollback", "{}", "403"),
                 ("operator-0123456789ab", "/v1/models/score/rollback", "{}", "409"))
        for token, path, body, wanted in table:
            got = ask(url, token, path, body, insecure=bool(extra))
            c.that(f"{url[:5]} {token} {path} is {wanted}", got == wanted, got)
        if extra:
            token = "--token reader-0123456789ab"
            c.run(f"models {url} {token}", 2, "", r"not trusted: self.signed.*--ca FILE")
            c.run(f"models {url} {token} --ca tokens", 2, "", r"no certificates of authorities in")
            plain = url.replace("https", "http")
            c.run(f"models {plain} {token} --ca site.crt", 2, "", r"HTTP|ended")
            c.run(f"models {url} {token} --ca site.crt", 0, r"no version yet")
            c.run(f"models {url.replace('localhost', '127.0.0.1')} {token} --ca site.crt", 2, "",
                  r"certificate of 127.0.0.1 is not trusted: IP address mismatch")
            c.run(f"send {url} --app app.yaml --input order=orders.csv --ca site.crt "
                  "--token sender-0123456789ab", 0, r"^300 acknowledged, 0 refused")
            c.run(f"results {url} --digest --ca site.crt {token}", 0, r"^\w{64}  301 results$")
        else:
            c.run(f"models {url}", 1, "", r"^error: ")
            c.run(f"models {url} --token reader-0123456789ab", 0, r"no version yet")
            c.run(f"models {url}", 0, r"no version yet",
                  env={"QUINTET_TOKEN": "reader-0123456789ab"})
        c.that("it ends with status 0", server.stop() == 0, server.tail())


def wait_for(server, event_id):
    client = server.connect()
    until(lambda: client.get("/v1/results/" + event_id)[0] == 200, event_id)
    client.close()


class Writer(threading.Thread):
    """Sends events until the server is gone, and counts what was acknowledged."""

    def __init__(self, server):
        super().__init__()
        self.client, self.acknowledged = server.connect(), 0
        self.start()

    def run(self):
        events = ({"id": f"w{i}", "at": "2024-02-01T00:00:00Z", "customer": "c", "amount": 1}
                  for i in range(100_000))
        try:
            while True:
                batch = [next(events) for _ in range(500)]
                for answer in self.client.post_lines("order", batch):
                    if "position" not in answer:
                        return
                    self.acknowledged += 1
        except (*GONE, RuntimeError):
            pass


def check_interrupts(c):
    """Ctrl-C ends a server in order and keeps what it acknowledged; a sender just ends."""
    for number, name in ((signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")):
        server = Server(PROGRAM, "app.yaml", "ended-" + name)
        server.start()
        c.run(f"send http://{server.address} --input orders.csv -q", 0)
        writer = Writer(server)
        until(lambda: writer.acknowledged > 20, "events are acknowledged")
        server.process.send_signal(number)
        c.that(f"{name} ends the server with status 0", server.reap() == 0, server.tail())
        writer.join()
        out = c.run(f"results --data ended-{name} --digest --format json", 0)
        c.that("nothing acknowledged is lost",
               json.loads(out)["results"] >= 300 + writer.acknowledged, f"{out} {vars(writer)}")
    server = Server(PROGRAM, "app.yaml", "stays")
    server.start()
    with started(f"send http://{server.address} --input many.csv --rate 10 -q") as sender:
        wait_for(server, "m5")
        sender.send_signal(signal.SIGINT)
        c.that("a sender ends at Ctrl-C", sender.wait(kPatience) == -signal.SIGINT)
    c.run(f"send http://{server.address} --input many.csv -q", 0, r"^400 acknowledged")
    c.run(f"results http://{server.address} --digest", 0, r" 400 results$")
    c.that("the server went on", server.stop() == 0, server.tail())
    with started("send http://127.0.0.1:1 --input orders.csv --app app.yaml --patience 1"
                 ) as sender:
        _, error = sender.communicate(timeout=kPatience)
        c.that("a sender gives up in the end", sender.returncode == 2 and
               "took no event for 1 s" in error, error)


def check_killed_server(c):
    """The sender outlives its server: it sends again what was not answered."""
    port = free_port()
    server = Server(PROGRAM, "app.yaml", "killed")
    server.command[server.command.index("--port") + 1] = str(port)
    server.start()
    with started(f"send http://127.0.0.1:{port} --input many.csv --rate 50 --format json"
                 ) as sender:
        wait_for(server, "m20")
        server.kill()
        server.reap()
        server.start()
        out, error = sender.communicate(timeout=kPatience)
        c.that("all are acknowledged by the second server", sender.returncode == 0 and
               json.loads(out)["acknowledged"] == 400 and json.loads(out)["reconnects"] > 0,
               out + error)
    c.that("it ends with status 0", server.stop() == 0)
    c.run("results --data killed --digest", 0, r" 400 results$")


if __name__ == "__main__":
    perform([check_run_refusals, check_foreign, check_running, check_several_lines, check_access,
             check_interrupts, check_killed_server])
