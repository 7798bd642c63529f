#!/usr/bin/env python3
"""The store on PostgreSQL beside SQLite: a server of our own on a socket, with its defaults, on the
temporary directory's disk. The figures are store_bench's."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "test", "e2e"))
from postgres import Postgres  # noqa: E402

ROUNDS = 5


def main():
    program = os.path.join(os.path.dirname(os.environ["QUINTET"]), "store_bench")
    with Postgres() as postgres:
        return subprocess.run([program, str(ROUNDS), postgres.url], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
