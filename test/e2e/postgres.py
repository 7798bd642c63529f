"""A PostgreSQL server of our own: in a temporary directory, on a socket there, ended with it."""
import ctypes
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

from surroundings import until

PDEATHSIG = 1


class Postgres:
    def __init__(self):
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
        if not programs:
            raise RuntimeError("there is no PostgreSQL server: install the package postgresql-15 "
                               "(deps/test.txt)")
        self.programs = os.path.dirname(programs[-1])
        # A socket's path may have 107 bytes at most.
        base = tempfile.gettempdir() if len(tempfile.gettempdir()) < 60 else "/tmp"
        self.directory = tempfile.mkdtemp(prefix="quintet-pg-", dir=base)
        self.user = None
        if os.geteuid() == 0:  # as which the server refuses to run
            names = {entry.pw_name: entry for entry in pwd.getpwall()}
            self.user = names.get("postgres", names.get("nobody"))
            os.chown(self.directory, self.user.pw_uid, self.user.pw_gid)
        self.url = f"postgres://quintet@/postgres?host={self.directory}"
        self.process = None
        made = self.spawn("initdb", f"--pgdata={self.directory}/data", "--username=quintet",
                          "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync").wait()
        if made != 0:
            raise RuntimeError("initdb failed: " + self.said())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def spawn(self, program, *words):
        libc = ctypes.CDLL(None)

        def become():
            if self.user is not None:
                os.setgroups([])
                os.setgid(self.user.pw_gid)
                os.setuid(self.user.pw_uid)
            libc.prctl(PDEATHSIG, signal.SIGQUIT)  # ends with us, however we end

        with open(self.directory + "/output", "ab") as output:
            return subprocess.Popen([f"{self.programs}/{program}", *words], stdout=output,
                                    stderr=output, cwd=self.directory, preexec_fn=become)

    def said(self):
        with open(self.directory + "/output", errors="replace") as output:
            return output.read()[-2000:]

    def start(self):
        """From the main thread alone: the server ends with the thread that made it."""
        self.process = self.spawn("postgres", "-D", f"{self.directory}/data", "-c",
                                  "listen_addresses=", "-c",
                                  f"unix_socket_directories={self.directory}")
        until(self.accepts, "the PostgreSQL server accepts connections")

    def accepts(self):
        if self.process.poll() is not None:
            raise RuntimeError("the PostgreSQL server ended: " + self.said())
        return self.sql("SELECT 1").returncode == 0

    def sql(self, text):
        return subprocess.run([f"{self.programs}/psql", "-X", "-A", "-t", "-c", text, self.url],
                              capture_output=True, text=True)

    def stop(self, how):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()

    def crash(self):
        """As `pg_ctl restart -m immediate`: no shutdown, so it recovers when it starts."""
        self.stop(signal.SIGQUIT)
        self.start()
