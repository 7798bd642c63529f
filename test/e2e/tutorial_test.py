#!/usr/bin/env python3
"""Runs the commands of docs/tutorial.md in order, as a reader would, and compares what they print.

A line `$ COMMAND` is run by one bash in a folder of its own; the lines below it are what it prints
on stdout and stderr, in which `...` stands for anything (a line of it: for any lines). A block of
YAML that begins with ```yaml FILE is saved as that file. The server of `quintet run` is left
running until `^C`. Port 8080 is replaced by a free one. Also: README's application of ten lines
checks clean and serves, and the commands that documents show exist.
Ends with 'N passed, N failed'.
"""
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from surroundings import free_port, kPatience  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PROGRAM = os.path.abspath(os.environ.get("QUINTET", "build/quintet"))
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
END = "end of the command"
passed = failed = 0


def that(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAILED  {name}\n{detail}", flush=True)
    return good


def read(path):
    with open(os.path.join(ROOT, path)) as file:
        return file.read()


def fences(path, language):
    return [text for found, text in FENCE.findall(read(path)) if found == language]


def steps(path):
    """(command, the lines shown below it) of each; of a file to save, (None, (name, text))."""
    found = []
    for language, block in FENCE.findall(read(path)):
        if language.startswith("yaml "):
            found.append((None, (language.removeprefix("yaml "), block)))
        for line in block.splitlines() if language == "sh" else ():
            if line.startswith("$ ") or line == "^C":
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
    return found


def fits(shown, printed):
    """Each shown line is printed; and each printed line is shown, if none was left out."""
    rest = list(printed)
    for line in shown:
        if line == "...":
            continue
        pattern = re.compile(".*".join(map(re.escape, line.split("..."))))
        match = next((other for other in rest if pattern.fullmatch(other)), None)
        if match is None:
            return f"this was not printed: {line}"
        rest.remove(match)
    return f"this is not shown: {rest}" if rest and "..." not in shown else ""


def save(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


class Reader:
    """One bash in one folder, and the server that it left running."""

    def __init__(self, folder):
        self.folder, self.server = folder, None
        self.shell = subprocess.Popen(["bash"], cwd=folder, text=True, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command):
        self.shell.stdin.write(f"{command} </dev/null\necho; echo '{END}' $?\n")
        self.shell.stdin.flush()
        lines = []
        for line in self.shell.stdout:
            if line.startswith(END):
                break
            lines.append(line.rstrip("\n"))
        # The end's own line break, or that of an answer without one.
        return lines[:-1] if lines and lines[-1] == "" else lines

    def start(self, command):
        self.server = subprocess.Popen([PROGRAM, *command.split()[1:]], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       cwd=os.path.join(self.folder, "tutorial"))
        return [self.server.stdout.readline().rstrip("\n")]

    def stop(self):
        server, self.server = self.server, None
        if server is None:
            return []
        server.send_signal(signal.SIGINT)
        server.stdout.close()
        status = server.wait(kPatience)
        return [] if status == 0 else [f"the server ended with status {status}"]

    def close(self):
        self.stop()
        self.shell.stdin.close()
        self.shell.wait(kPatience)
        self.shell.stdout.close()


def check_tutorial():
    port = str(free_port())
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.join(ROOT, "apps"), os.path.join(folder, "apps"))
        os.symlink(os.path.dirname(PROGRAM), os.path.join(folder, "build"))
        reader = Reader(folder)
        for command, shown in steps("docs/tutorial.md"):
            if command is None:
                save(os.path.join(folder, "tutorial", shown[0]), shown[1])
                continue
            command = command.replace("8080", port)
            if command == "^C":
                printed = reader.stop()
            elif command.startswith("quintet run "):
                printed = reader.start(command)
            else:
                printed = reader.run(command)
            why = fits([line.replace("8080", port) for line in shown], printed)
            if not that(command[:70], not why, f"  {why}\n  printed {printed}"):
                break
        reader.close()


def check_readme():
    """The ten lines are ten lines, check clean and serve."""
    (text,) = fences("README.md", "yaml")
    that("the application has ten lines", len(text.splitlines()) == 10, text)
    with tempfile.TemporaryDirectory() as folder:
        app = os.path.join(folder, "app.yaml")
        with open(app, "w") as file:
            file.write(text)
        check = subprocess.run([PROGRAM, "check", app], capture_output=True, text=True, check=False)
        that("it checks clean", check.returncode == 0 and check.stderr == "", check.stderr)
        reader = Reader(folder)
        os.mkdir(os.path.join(folder, "tutorial"))
        line = reader.start(f"quintet run {app} --data {folder}/data --port 0")[0]
        url = re.search(r"http://\S+", line)
        event = '{"id": "1", "at": "2024-01-01T10:00:00Z", "card": "a", "amount": 5}'
        answer = reader.run(f"curl -s {url[0]}/v1/events -H 'content-type: application/json' "
                            f"-d '{event}'") if url else []
        that("it serves", answer and '"verdict":{"value":"approve"}' in answer[0], str(answer))
        that("it ends in order", reader.stop() == [])
        reader.close()
    (picture,) = fences("README.md", "mermaid")
    drawn = subprocess.run([PROGRAM, "explain", "--pattern", "microservices"], capture_output=True,
                           text=True, check=True).stdout
    that("the picture is drawn from the topology", picture.strip() == drawn.strip(), drawn)


def check_commands():
    """Every `quintet COMMAND` and `make TARGET` that a document shows is there."""
    help_text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True,
                               check=True).stdout
    commands = set(re.findall(r"^  ([a-z-]+) {2,}\S", help_text.split("Subcommands:")[1], re.M))
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.M))
    paths = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"]
    paths += [os.path.relpath(path, ROOT) for path in glob.glob(ROOT + "/docs/**/*.md",
                                                                 recursive=True)]
    for path in sorted(paths):
        text = read(path)
        code = re.findall(r"`([^`\n]+)`", text) + "\n".join(
            block for _, block in FENCE.findall(text)).splitlines()
        for piece in code:
            for name in re.findall(r"(?:^|\$ )(?:\w+/)*quintet ([a-z][a-z-]*)", piece):
                that(f"{path}: quintet {name}", name in commands, piece)
            for name in re.findall(r"(?:^|\$ )make ([a-z]+)", piece):
                that(f"{path}: make {name}", name in targets, piece)


def main():
    check_tutorial()
    check_readme()
    check_commands()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
