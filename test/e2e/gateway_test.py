#!/usr/bin/env python3
"""What the gateway says and does that a monolith need not: the same routes for the same tokens,
and what goes on while a service is away, and what is said of it.

Ends with 'N passed, N failed'.
"""
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from apart import KNOWS, Apart  # noqa: E402
from server import Server, Stream  # noqa: E402
from services_test import certificates, free_addresses  # noqa: E402
from surroundings import ended, kPatience, run_each, until  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("QUINTET", "build/quintet")
APP = os.path.join(HERE, "kill.yaml")
TOKENS = {scope: scope * 8 for scope in ("send", "read", "operate")}
# Less than what is waited for an outcome that may come (20 s), whatever the machine does meanwhile.
SOON = 15


def event(number):
    return {"id": f"e{number}", "at": 1_700_000_000 + number, "card": "c", "shop": "s",
            "amount": "1.00", "bad": False}


# Of the first event: the log begins with the application, and the key hash.
FIRST = 3


def at(number):
    return FIRST + number - 1


def ask(server, method, path, token=None):
    """The status alone."""
    client = server.connect()
    client.connection.request(method, path, headers={"Authorization": "Bearer " + TOKENS[token]}
                              if token else {})
    status = client.connection.getresponse().status
    client.close()
    return status


def shown(folder, pattern):
    """The description of a door, and which scope each of its operations asks for."""
    tokens = os.path.join(folder, "tokens")
    with open(tokens, "w") as file:
        file.writelines(f"{scope} {secret}\n" for scope, secret in TOKENS.items())
    server = Server(PROGRAM, APP, os.path.join(folder, pattern),
                    ["--pattern", pattern, "--tokens", tokens])
    server.start()
    try:
        client = server.connect()
        client.connection.request("GET", "/openapi.json",
                                  headers={"Authorization": "Bearer " + TOKENS["read"]})
        document = json.loads(client.connection.getresponse().read())
        scopes = {}
        for path, operations in document["paths"].items():
            if path == "/v1/results/stream":  # it does not end; who may have it is asked by HEAD
                operations = {"head": None}
            for method in operations:
                where = re.sub(r"\{[^}]*\}", "1", path)
                known = [scope for scope in TOKENS
                         if ask(server, method.upper(), where, scope) != 403]
                scopes[method, path] = (ask(server, method.upper(), where) == 401, known)
        return document, scopes
    finally:
        assert server.stop() == 0, server.tail()


def the_routes_and_their_scopes_are_those_of_a_monolith(folder):
    one, several = shown(folder, "monolithic"), shown(folder, "microservices")
    assert one[0] == several[0]
    assert one[1] == several[1], (one[1], several[1])
    closed = [known for asks, known in one[1].values() if asks]
    assert len(closed) > 30 and all(len(known) == 1 for known in closed), one[1]


def without_infer_events_are_accepted_soon_and_it_is_said(folder):
    with Apart(PROGRAM, APP, folder) as services:
        client = services.connect()
        assert client.post_one("payment", event(1))[0] == 200
        services.until_missing()
        services.kill("infer")
        services.until_missing("infer")
        assert services.readiness()[0] == 200
        for number in (2, 3):
            begun = time.monotonic()
            status, answer = client.post_one("payment", event(number))
            took = time.monotonic() - begun
            assert status == 202 and answer["waits_for"] == "infer", (status, answer)
            assert answer["status"] == "accepted" and answer["position"] == at(number), answer
            assert took < SOON, took
        lines = list(client.post_lines("payment", [event(n) for n in range(4, 9)]))
        assert [line["position"] for line in lines] == [at(n) for n in range(4, 9)], lines
        assert all(line["waits_for"] == "infer" for line in lines), lines
        # What there is is read, and given again.
        assert client.get(f"/v1/results/@{at(1)}")[0] == 200
        status, again = client.post_one("payment", event(1))
        assert status == 200 and again["status"] == "result", (status, again)
        assert client.get("/v1/features/payment?card=c")[0] == 503
        services.start("infer")
        services.until_missing()
        until(lambda: client.get(f"/v1/results/@{at(8)}")[0] == 200, "the outcomes come")
        status, answer = client.post_one("payment", event(9))
        assert status == 200 and answer["position"] == at(9), (status, answer)


def a_client_that_waits_hears_when_infer_goes(folder):
    with Apart(PROGRAM, APP, folder) as services:
        client = services.connect()
        assert client.post_one("payment", event(1))[0] == 200
        os.kill(services.processes["infer"].pid, 19)  # it does not even refuse
        try:
            status, answer = client.post_one("payment", event(2))
        finally:
            os.kill(services.processes["infer"].pid, 18)
        assert status == 202 and answer["position"] == at(2), (status, answer)
        assert answer["waits_for"] == "infer", answer


def without_results_events_are_accepted_and_without_ingest_none(folder):
    with Apart(PROGRAM, APP, folder) as services:
        client = services.connect()
        assert client.post_one("payment", event(1))[0] == 200
        services.kill("results")
        services.until_missing("results")
        status, answer = client.post_one("payment", event(2))
        assert status == 202 and answer["waits_for"] == "results", (status, answer)
        services.start("results")
        services.until_missing()
        services.kill("ingest")
        services.until_missing("ingest")
        assert services.readiness()[0] == 200
        assert client.get(f"/v1/results/@{at(2)}")[0] == 200
        services.kill("results")
        services.until_missing("ingest", "results")
        assert services.readiness()[0] == 503


def a_log_far_ahead_takes_no_more_and_says_how_far(folder):
    more = {"ingest": ["--log-ahead", "20"]}
    with Apart(PROGRAM, APP, folder, more=more) as services:
        client = services.connect()
        assert client.post_one("payment", event(1))[0] == 200
        services.kill("infer")
        services.until_missing("infer")
        number, refused = 2, None
        while refused is None:
            status, answer = client.post_one("payment", event(number))
            if status == 202:
                number += 1
                assert number < 100, answer
                continue
            refused = answer
            assert status == 429 and answer["code"] == "saturated", (status, answer)
        assert "20 positions ahead" in refused["detail"], refused
        assert 15 <= number - 1 <= 25, number
        until(lambda: "20 positions" in services.readiness()[1].get("saturated", ""), "it is said")
        assert client.get(f"/v1/results/@{at(1)}")[0] == 200
        services.start("infer")
        services.until_missing()
        # What was acknowledged is there, and more is taken.
        until(lambda: client.post_one("payment", event(number))[0] == 200, "it goes on")
        results = [result["id"] for result in client.results()]
        assert results == [f"e{n}" for n in range(1, number + 1)], results


def refusals(services, limit):
    client = services.connect()
    status, _, text = client.get("/metrics")
    client.close()
    name = 'quintet_client_refusals_total{limit="%s"} ' % limit
    found = [float(line[len(name):]) for line in text.decode().splitlines()
             if line.startswith(name)]
    return found[0] if status == 200 else 0  # asking is under the limit too


def a_client_has_its_limits_and_what_was_taken_is_answered(folder):
    for pattern in ("monolithic", "microservices"):
        # One more request a quarter of an hour: the test cannot take so long.
        server = Server(PROGRAM, APP, os.path.join(folder, pattern),
                        ["--pattern", pattern, "--client-rate", "0.001", "--client-burst", "12",
                         "--client-in-flight", "3"])
        server.start()
        try:
            client = server.connect()
            # A stream of more than is allowed goes on with what was taken, and loses nothing.
            passed = []
            for number in range(1, 14):
                client.connection.request("POST", "/v1/events?event=payment",
                                          json.dumps(event(number)),
                                          {"Content-Type": "application/json"})
                response = client.connection.getresponse()
                answer = json.loads(response.read())
                if response.status != 200:
                    assert response.status == 429, answer
                    assert 60 < int(response.headers["Retry-After"]) <= 1000, response.headers
                    break
                passed.append(answer["id"])
            # The door has asked itself once, for health, which is not counted.
            assert len(passed) == 12, passed
            assert client.get("/livez")[0] == 200 and client.get("/readyz")[0] == 200
            assert client.get("/v1/results?limit=1")[0] == 429
        finally:
            assert server.stop() == 0, server.tail()
        again = Server(PROGRAM, APP, os.path.join(folder, pattern), ["--pattern", pattern])
        again.start()
        try:
            assert [one["id"] for one in again.connect().results()] == passed
        finally:
            assert again.stop() == 0, again.tail()


def a_stream_over_its_limit_waits_and_is_counted(folder):
    more = {"gateway": ["--client-rate", "40", "--client-burst", "5", "--client-in-flight", "2"]}
    with Apart(PROGRAM, APP, folder, more=more) as services:
        client = services.connect()
        lines = list(client.post_lines("payment", [event(n) for n in range(1, 61)]))
        assert [line["id"] for line in lines] == [f"e{n}" for n in range(1, 61)]
        # Two streams that stay open are what may be under way.
        streams = []

        def opened():
            """A stream more, as soon as there is allowance for it."""
            try:
                streams.append(Stream(services, "/v1/results/stream"))
            except AssertionError:
                pass
            return len(streams) == 2
        until(opened, "two streams")
        status, headers, _ = client.get("/v1/results?limit=1")
        assert status == 429 and headers["Retry-After"] == "1", status
        for stream in streams:
            stream.close()
        until(lambda: client.get("/v1/results?limit=1")[0] == 200, "the streams are gone")
        until(lambda: refusals(services, "in_flight"), "they are counted")


def options_stand_in_a_file(folder):
    config = os.path.join(folder, "gateway.yaml")
    with open(config, "w") as file:
        file.write("# What the line says wins.\nport: 1\nclient-burst: 2\nclient-rate: 0.001\n"
                   "name: [localhost, fraud.example.org]\n")
    with Apart(PROGRAM, APP, folder, more={"gateway": ["--config", config]}) as services:
        assert not services.address.endswith(":1")
        client = services.connect()
        statuses = [client.post_one("payment", event(n))[0] for n in (1, 2, 3)]
        assert statuses == [200, 200, 429], statuses
    for text, said in (("port: 1\nprot: 2\n", ":2: there is no option prot"),
                       ("port: [1, 2]\n", ":1: port has one value"),
                       ("\nport: many\n", ":2: "), ("port:\n", ":1: port has a value"),
                       ("- port\n", ":1: expected options"), ("config: x\n", ":1: there is no"),
                       ("a: {\n", "gateway.yaml:")):
        with open(config, "w") as file:
            file.write(text)
        done = subprocess.run([PROGRAM, "service", "gateway", "--config", config],
                              capture_output=True, text=True)
        assert done.returncode == 2 and said in done.stderr, (text, done)


def speaks(address, context=None):
    """Whether what listens there answers a caller of HTTP/2 with its settings."""
    host, port = address.split(":")
    try:
        with socket.create_connection((host, int(port)), kPatience) as plain:
            link = context.wrap_socket(plain, server_hostname=host) if context else plain
            link.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
            return link.recv(9)[3:4] == b"\4"
    except (ssl.SSLError, ConnectionError):
        return False


def a_port_is_closed_without_a_certificate(folder):
    made, other = certificates(folder), os.path.join(folder, "other")
    os.makedirs(other)
    others = certificates(other)

    def caller(of=None):
        context = ssl.create_default_context(cafile=os.path.join(made, "ca.pem"))
        context.set_alpn_protocols(["h2"])
        if of:
            context.load_cert_chain(os.path.join(of, "cert.pem"), os.path.join(of, "key.pem"))
        return context
    names = [name for name in KNOWS if name != "gateway"]
    at_ports = dict(zip(names, free_addresses(len(names))))
    with Apart(PROGRAM, APP, folder, addresses=at_ports, every=("--certificates", made)):
        for name, address in at_ports.items():
            assert speaks(address, caller(made)), name
            assert not speaks(address), name
            assert not speaks(address, caller()), name
            assert not speaks(address, caller(others)), name


def main():
    return ended(*run_each((the_routes_and_their_scopes_are_those_of_a_monolith,
                            without_infer_events_are_accepted_soon_and_it_is_said,
                            a_client_that_waits_hears_when_infer_goes,
                            without_results_events_are_accepted_and_without_ingest_none,
                            a_log_far_ahead_takes_no_more_and_says_how_far,
                            a_client_has_its_limits_and_what_was_taken_is_answered,
                            a_stream_over_its_limit_waits_and_is_counted, options_stand_in_a_file,
                            a_port_is_closed_without_a_certificate)))


if __name__ == "__main__":
    sys.exit(main())
