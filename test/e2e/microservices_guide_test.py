#!/usr/bin/env python3
"""Runs the commands of docs/patterns/microservices.md, as a reader would, on the application of
apps/fraud: what is indented there is a command, with its continuation, or the file that its first
line names. Replaced are addresses and ports, by free ones of this machine; the directory of
certificates; and EVENT=FILE.csv. Every command of the page must be known here.

Those with grpcurl are run where GRPCURL names it (make validate PART=grpc). The picture is compared
with what draws it, and the options that the page names in its text must be there.
Ends with 'N passed, N failed'.
"""
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import Client  # noqa: E402
from services_test import certificates, free_addresses  # noqa: E402
from surroundings import ended, kPatience, run_each, until  # noqa: E402
from tutorial_test import fences, PROGRAM, read, ROOT  # noqa: E402

PAGE = "docs/patterns/microservices.md"
GRPCURL = os.environ.get("GRPCURL")
EVENT = {"TRANSACTION_ID": 1, "TX_DATETIME": "2024-01-01 10:00:00", "CUSTOMER_ID": 1,
         "TERMINAL_ID": 1, "TX_AMOUNT": "5.00"}


def blocks():
    """The indented blocks of the page, outside of fences, without the indentation."""
    text = re.sub(r"^```.*?^```$", "", read(PAGE), flags=re.M | re.S)
    found = re.findall(r"(?:^    .*\n)+", text, re.M)
    return [re.sub(r"^    ", "", block, flags=re.M) for block in found]


def commands():
    """Those of each block; none of one that is a file."""
    return [block.replace("\\\n", " ").splitlines() for block in blocks()
            if not block.startswith("#")]


def commands_with(words):
    """The commands of the one block whose first begins so."""
    found = [block for block in commands() if block[0].startswith(words)]
    assert len(found) == 1, (words, found)
    return found[0]


def config():
    """The file that is shown, and the command that its first line names."""
    found = [block for block in blocks() if block.startswith("# quintet")]
    assert len(found) == 1, found
    return found[0].splitlines()[0].removeprefix("# "), found[0]


class Reader:
    """In a folder with app.yaml, on a machine with the addresses of the page."""

    def __init__(self, folder):
        self.folder, self.running = folder, {}
        shutil.copy(os.path.join(ROOT, "apps/fraud/app.yaml"), folder)
        named = sorted(set(re.findall(r"10\.0\.0\.\d+:\d+", read(PAGE))))
        self.here = dict(zip([*named, "8080"], free_addresses(len(named) + 1)))
        self.here["8080"] = self.here["8080"].rsplit(":", 1)[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
            process.communicate()

    def as_here(self, text):
        for there, here in self.here.items():
            text = text.replace(there, here)
        return text

    def words(self, command):
        words = shlex.split(self.as_here(command))
        assert words[0] in ("quintet", "grpcurl"), command
        return [PROGRAM if words[0] == "quintet" else GRPCURL, *words[1:]]

    def start(self, command, *more):
        """In a terminal of its own: each waits for those that it needs."""
        name = " ".join([command.split()[2], *more])
        with open(os.path.join(self.folder, "log"), "ab") as log:
            process = subprocess.Popen([*self.words(command), *more], cwd=self.folder, text=True,
                                       stdout=subprocess.PIPE, stderr=log)
        self.running[name] = process

    def said(self):
        """What the one started last prints once it is ready."""
        line = list(self.running.values())[-1].stdout.readline()
        assert line, self.log()
        return line

    def run(self, command):
        done = subprocess.run(self.words(command), cwd=self.folder, text=True, timeout=kPatience,
                              capture_output=True)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def stop(self, how):
        """All of them, the last one first."""
        for name, process in reversed(self.running.items()):
            process.send_signal(how)
            assert process.wait(kPatience) == 0, (name, self.log())
            process.stdout.close()
        self.running = {}

    def log(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as log:
            return log.read()[-2000:]


def client_of(line):
    return Client(re.search(r"https?://([^\s/]+)", line)[1])


def position_of_event(client):
    """Sent as often as one likes: it is answered with its result, at one position."""
    def answered():
        status, answer = client.post_one("transaction", EVENT)
        return answer if (status, answer.get("status")) == (200, "result") else None
    return until(answered, "an event is answered")["position"]


def the_picture_is_what_draws_it(_):
    drawn = subprocess.run([PROGRAM, "explain", "--pattern", "microservices"], text=True,
                           check=True, capture_output=True).stdout
    shown, = fences(PAGE, "mermaid")
    assert shown.strip() in drawn, (shown, drawn)


def a_supervisor_runs_them_all(folder):
    """And it is scaled and started anew while it runs."""
    command, = commands_with("quintet run app.yaml")
    with Reader(folder) as reader:
        reader.start(command, "--port", reader.here["8080"])
        line = reader.said()
        client = client_of(line)
        position = position_of_event(client)
        for one in commands_with("quintet scale"):
            assert one.split()[2] in line, (one, line)
            reader.run(one)
            assert position_of_event(client) == position, one
        assert os.path.isdir(os.path.join(folder, ".quintet/card-fraud/infer-3"))
        reader.stop(signal.SIGINT)


def services_alone_are_one_application(folder):
    with Reader(folder) as reader:
        for one in commands_with("quintet service ingest"):
            reader.start(one)
        client = client_of(reader.said())
        position = position_of_event(client)
        if GRPCURL:
            listed, found = map(reader.run, commands_with("grpcurl -plaintext 10.0.0.1:7001 list"))
            assert "quintet.v1.Ingest" in listed.split(), listed
            assert f'"position": "{position}"' in found, found
            scale, = commands_with("grpcurl -plaintext -d '{\"replicas\"")
            infer, = (one for one in commands_with("quintet service ingest")
                      if one.startswith("quintet service infer"))
            second = infer.replace("10.0.0.2:7002", "10.0.0.5:7002").replace("data infer",
                                                                            "data infer-2")
            reader.start(second, "--replica", "2")
            reader.run(scale)
            assert position_of_event(client) == position
        reader.stop(signal.SIGTERM)
        # The same data once more, with TLS between them and the gateway's options in a file.
        made = certificates(folder)
        command, text = config()
        with open(os.path.join(folder, "gateway.yaml"), "w") as file:
            file.write(reader.as_here(text).replace("/etc/quintet/tls", made))
        for one in commands_with("quintet service ingest"):
            if not one.startswith("quintet service gateway"):
                reader.start(one, "--certificates", made)
        reader.start(command)
        line = reader.said()
        assert line.rstrip().endswith(":" + reader.here["8080"]), line
        assert position_of_event(client_of(line)) == position
        reader.stop(signal.SIGTERM)


def the_answers_are_verified(folder):
    command, = commands_with("quintet verify")
    with Reader(folder) as reader:
        with open(os.path.join(folder, "transactions.csv"), "w") as file:
            subprocess.run([sys.executable, os.path.join(ROOT, "apps/fraud/generate.py"), "--days",
                            "5", "--customers", "20", "--terminals", "10"], stdout=file, check=True)
        out = reader.run(command.replace("EVENT=FILE.csv", "transaction=transactions.csv"))
        assert "the answers are equal" in out, out


def no_command_is_left_out(_):
    known = ("quintet run app.yaml", "quintet scale", "quintet service ingest", "quintet verify",
             "grpcurl -plaintext 10.0.0.1:7001 list", "grpcurl -plaintext -d '{\"replicas\"")
    assert sum(len(commands_with(words)) for words in known) == sum(map(len, commands()))
    assert config() and len(blocks()) == len(known) + 1, blocks()


def the_options_of_its_text_are_there(_):
    there = set()
    for command in ("run", "service", "verify"):
        text = subprocess.run([PROGRAM, command, "--help"], text=True, check=True,
                              capture_output=True).stdout
        there |= set(re.findall(r"--[a-z][a-z-]*", text))
    named = {name for code in re.findall(r"`([^`\n]+)`", read(PAGE))
             for name in re.findall(r"--[a-z][a-z-]*", code)}
    assert named and named <= there | {"--pattern"}, named - there


def main():
    return ended(*run_each((the_picture_is_what_draws_it, no_command_is_left_out,
                            the_options_of_its_text_are_there, a_supervisor_runs_them_all,
                            services_alone_are_one_application, the_answers_are_verified)))


if __name__ == "__main__":
    sys.exit(main())
