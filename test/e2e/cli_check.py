"""What the tests of the command line share: an application, its data, and a way to say what a
command must print, where, and with which status."""
import contextlib
import gzip
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from surroundings import kPatience  # noqa: E402

PROGRAM = os.path.abspath(os.environ.get("QUINTET", "build/quintet"))
ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
TRACES = re.compile(r"terminate called|Traceback|std::|core dumped|\x1b\[|assert")

APP = """quintet: 1
app: shop
pattern: monolithic
events:
  order:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      customer: string
      amount: {type: decimal(2), minimum: 0}
      returned: {type: bool, optional: true, use: label}
labels:
  return: {of: order, value: returned, otherwise: false, after: 1d}
features:
  order:
    of: order
    columns:
      orders_7d: count() over 7d by customer
      usual: mean(amount) over 7d by customer
      risk: coalesce(mean(return) over 7d delayed 1d by customer, 0)
models:
  score:
    of: order
    type: xgboost
    inputs: [amount, orders_7d, usual, risk]
    train: {label: return, holdout: last 5d, rounds: 10, max_depth: 3, metrics: [auc, log_loss]}
    promote: {when: auc >= current}
decisions:
  verdict:
    of: order
    cases: [{when: amount > 10 * usual, then: look}, {then: fine}]
"""


def orders(count):
    """Customer c0 returns everything, the others nothing."""
    lines = ["id,at,customer,amount,returned"]
    for i in range(count):
        day, minute = 1 + i // 40, 30 * (i % 40)
        lines.append(f"o{i},2024-01-{day:02d} {minute // 60:02d}:{minute % 60:02d}:00,c{i % 5},"
                     f"{5 + i % 7}.50,{int(i % 5 == 0)}")
    return "\n".join(lines) + "\n"


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def that(self, name, good, detail=""):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        if not good:
            print(f"FAILED  {name}\n{detail}", flush=True)

    def run(self, line, status, out=None, err=None, env=None, stdin=None):
        """Runs `quintet LINE` and compares; out and err are patterns, "" says that it is empty."""
        done = subprocess.run([PROGRAM, *line.split()], capture_output=True, input=stdin,
                              env=dict(os.environ, **(env or {})), timeout=kPatience)
        stdout, stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        good = done.returncode == status and not TRACES.search(stdout + stderr)
        for pattern, text in ((out, stdout), (err, stderr)):
            if pattern == "":
                good = good and text == ""
            elif pattern is not None:
                good = good and re.search(pattern, text, re.M) is not None
        self.that("quintet " + line, good, f"  status {done.returncode}, expected {status}\n"
                  f"  stdout {stdout[:800]!r}\n  stderr {stderr[:800]!r}\n"
                  f"  expected {out!r}, {err!r}")
        return stdout


def write(path, text):
    with open(path, "w") as file:
        file.write(text)
    return path


@contextlib.contextmanager
def started(command, **more):
    process = subprocess.Popen([PROGRAM, *command.split()], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, **more)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def make_files():
    write("app.yaml", APP)
    write("wrong.yaml", APP.replace("inputs: [amount, orders_7d", "inputs: [amount, ordrs_7d"))
    write("orders.csv", orders(300))
    write("many.csv", orders(400).replace("\no", "\nm"))
    write("two.csv", orders(2))
    with gzip.open("orders.csv.gz", "wt") as file:
        file.write(orders(300))
    write("bad.csv", "id,at,customer,amount,returned\nb0,2024-01-20 00:00:00,c0,-1,0\n")
    write("other.csv", "a,b\n1,2\n")
    write("twice.csv", "a,b,a\n1,2,3\n")
    write("empty.csv", "")
    with open("odd.csv", "wb") as file:
        file.write("\ufeffOrder Id;Datum;Kunde (Name);Betrag €;Notiz\r\n"
                   '1;31.12.2023 23:59;"Müller; Hans";1.234,50;\r\n'
                   '2;01.01.2024 00:00;"O""Neil";12,00;hallo\r\n'.encode())
    # Quoted cells with line ends; the quote in line 5 closes nowhere.
    write("several.csv", 'id,at,customer,amount,returned\n'
          'q0,2024-01-20 00:00:00,"Anna\n""A"", B",1,0\nq1,2024-01-20 00:01:00,"c\n'
          'q2,2024-01-20 00:02:00,c1,-1,0\nq3,2024-01-20 00:03:00,"C\r\nD",3,0\r\n')
    with open("latin.csv", "wb") as file:
        file.write(b"id,name\n1,J\xf6rg\n")
    with open("binary", "wb") as file:
        file.write(bytes(range(128, 256)) * 20)


def perform(parts):
    """Runs each part in one folder of files; the exit status of the test."""
    c = Checks()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_files()
        for part in parts:
            part(c)
        os.chdir(ROOT)
    print(f"{c.passed} passed, {c.failed} failed")
    sys.exit(1 if c.failed else 0)
