#!/usr/bin/env python3
"""What tools of others make of the services: grpcurl lists them by reflection, asks their health
and calls what reads; ghz calls them many times at once; over TLS both are let in with a certificate
of the authority alone. And the commands with grpcurl of docs/patterns/microservices.md work as
written.

Ends with 'N passed, N failed'.
"""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))
import apart  # noqa: E402
from services_test import APP, certificates, free_addresses  # noqa: E402
from surroundings import ended, run_each, until  # noqa: E402

PROGRAM = os.environ.get("QUINTET", "build/quintet")
SERVICES = ("ingest", "infer", "results", "train")
CALLS, AT_ONCE = 5000, 50


class Tools:
    def __init__(self, directory, *credentials):
        self.directory, self.credentials = directory, credentials

    def grpcurl(self, address, *words, data=None):
        """(status, what it printed)."""
        command = [os.path.join(self.directory, "grpcurl"), *self.credentials]
        if data is not None:
            command += ["-d", json.dumps(data)]
        done = subprocess.run([*command, address, *words], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def read(self, address, method, data):
        status, out = self.grpcurl(address, method, data=data)
        assert status == 0, (method, out)
        return json.loads(out)


def event(number):
    return {"id": f"e{number}", "at": 1_700_000_000 + number, "card": "c", "shop": "s",
            "amount": "1.00", "bad": False}


def run(folder, addresses, every=()):
    return apart.Apart(PROGRAM, APP, folder, addresses=addresses, every=every)


def health(tools, address, service=""):
    return tools.read(address, "grpc.health.v1.Health/Check", {"service": service})["status"]


def they_are_listed_and_answer(directory, folder, addresses):
    tools = Tools(directory, "-plaintext")
    with run(folder, addresses) as services:
        status, answer = services.connect().post_one("payment", event(1))
        assert status == 200, answer
        for name in SERVICES:
            full = "quintet.v1." + name.capitalize()
            _, listed = tools.grpcurl(addresses[name], "list")
            assert {full, "grpc.health.v1.Health"} <= set(listed.split()), listed
            _, methods = tools.grpcurl(addresses[name], "list", full)
            assert full + ".Http" in methods.split(), methods
            assert health(tools, addresses[name]) == "SERVING"
            assert health(tools, addresses[name], full) == "SERVING"
            status, out = tools.grpcurl(addresses[name], "grpc.health.v1.Health/Check",
                                        data={"service": "none"})
            assert status != 0 and "NotFound" in out, out
        found = tools.read(addresses["ingest"], "quintet.v1.Ingest/Find",
                           {"event": "payment", "id": "e1"})
        assert found["position"] == str(answer["position"]), found
        shown = tools.read(addresses["results"], "quintet.v1.Results/Await",
                           {"position": answer["position"], "show": True})
        assert json.loads(shown["json"])["id"] == "e1", shown
        for name, target in (("infer", "/v2"), ("train", "/v1/train")):
            got = tools.read(addresses[name], f"quintet.v1.{name.capitalize()}/Http",
                             {"method": "GET", "target": target})
            assert got["status"] == 200, got
        # Whose log is away says so, and is well again with it.
        services.kill("ingest")
        services.end("infer")
        services.start("infer")
        until(lambda: tools.grpcurl(addresses["infer"], "list")[0] == 0, "infer listens")
        assert health(tools, addresses["infer"]) == "NOT_SERVING"
        services.start("ingest")
        until(lambda: health(tools, addresses["infer"]) == "SERVING", "infer serves")


def many_calls_at_once_are_answered(directory, folder, addresses):
    with run(folder, addresses) as services:
        status, answer = services.connect().post_one("payment", event(1))
        assert status == 200, answer
        for name, method, data in (
                ("ingest", "Find", {"event": "payment", "id": "e1"}),
                ("results", "Await", {"position": answer["position"], "show": True})):
            done = subprocess.run(
                [os.path.join(directory, "ghz"), "--insecure", "--call",
                 f"quintet.v1.{name.capitalize()}.{method}", "-d", json.dumps(data), "-n",
                 str(CALLS), "-c", str(AT_ONCE), "--timeout", "120s", "-O", "json",
                 addresses[name]], capture_output=True, text=True, check=True)
            report = json.loads(done.stdout)
            assert report["statusCodeDistribution"] == {"OK": CALLS}, report
            print(f"        {name}: {CALLS} calls of {method}, {AT_ONCE} at once: "
                  f"{report['rps']:.0f} a second, {report['average'] / 1e6:.1f} ms each")


def over_tls_a_certificate_of_the_authority_is_needed(directory, folder, addresses):
    made, other = certificates(folder), os.path.join(folder, "other")
    os.makedirs(other)
    others = certificates(other)
    ca = ("-cacert", os.path.join(made, "ca.pem"))

    def pair(of):
        return ("-cert", os.path.join(of, "cert.pem"), "-key", os.path.join(of, "key.pem"))
    with run(folder, addresses, every=("--certificates", made)):
        for name in SERVICES:
            for credentials in (("-plaintext",), ca, (*ca, *pair(others))):
                status, out = Tools(directory, "-connect-timeout", "5", *credentials).grpcurl(
                    addresses[name], "list")
                assert status != 0 and "quintet" not in out, (name, credentials, out)
            known = Tools(directory, *ca, *pair(made))
            status, out = known.grpcurl(addresses[name], "list")
            assert status == 0 and "quintet.v1." + name.capitalize() in out.split(), out
            assert health(known, addresses[name]) == "SERVING"


def the_guides_commands_work(directory, *_):
    guide = os.path.join(ROOT, "test", "e2e", "microservices_guide_test.py")
    environment = {**os.environ, "GRPCURL": os.path.join(directory, "grpcurl")}
    subprocess.run([sys.executable, guide], env=environment, check=True)


def main():
    directory = subprocess.run([os.path.join(ROOT, "deps", "go"), "tools"], stdout=subprocess.PIPE,
                               text=True, check=True).stdout.strip()

    def perform(check):
        with tempfile.TemporaryDirectory() as folder:
            check(directory, folder, dict(zip(SERVICES, free_addresses(len(SERVICES)))))

    return ended(*run_each((they_are_listed_and_answer, many_calls_at_once_are_answered,
                            over_tls_a_certificate_of_the_authority_is_needed,
                            the_guides_commands_work), perform))


if __name__ == "__main__":
    sys.exit(main())
