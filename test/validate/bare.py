#!/usr/bin/env python3
"""`make demo` and `make test` from a clean clone on a Debian 12 with nothing installed.

Makes a minimal bookworm with debootstrap (as root), from the mirror that this machine's apt uses,
installs make and git there, clones the tree and does what README says. What must hold: the demo
ends with status 0 and prints what it promises; so does `make test`. Says how long each took. The
root stays under --root, so that a second run is quicker; --fresh makes it anew.

Ends with 'N passed, N failed'.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time

SUITE = "bookworm"
# The line that `make serve` says to try, tried; then it ends in order.
SERVE = """cd /srv/quintet && apt-get install -y -q curl && { make serve >/tmp/serve.log 2>&1 & }
while kill -0 $! && ! grep -q ^Next /tmp/serve.log; do sleep 1; done; cat /tmp/serve.log
sh -c "$(sed -n 's/^Try *//p' /tmp/serve.log)" | tee /tmp/answer; kill $!; wait $!
grep -q '"verdict":{"value":' /tmp/answer"""
MOUNTS = (("proc", "proc"), ("sysfs", "sys"), ("devtmpfs", "dev"), ("devpts", "dev/pts"),
          ("tmpfs", "dev/shm"))


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def mirror():
    """The archive that holds the suite's own packages, as apt here knows it."""
    for line in output_of("apt-get", "indextargets", "--format",
                          "$(CODENAME) $(COMPONENT) $(REPO_URI)").splitlines():
        suite, component, uri = line.split(None, 2)
        if (suite, component) == (SUITE, "main"):
            return uri
    raise SystemExit(f"apt here has no source of {SUITE}; it needs `apt-get update` first")


def proxy_lines():
    found = output_of("apt-config", "dump")
    return [line for line in found.splitlines() if re.match(r'Acquire::https?::Proxy ".+";', line)]


class Bare:
    def __init__(self, root, cache):
        self.root, self.cache, self.mounted = root, cache, []

    def make(self):
        if not os.path.exists(self.root + "/etc/debian_version"):
            os.makedirs(self.root, exist_ok=True)
            subprocess.run(["debootstrap", "--variant=minbase", SUITE, self.root, mirror()],
                           check=True, stdout=subprocess.DEVNULL)
        sources = f"deb {mirror()} {SUITE} main\n"
        with open(self.root + "/etc/apt/sources.list", "w") as file:
            file.write(sources)
        with open(self.root + "/etc/apt/apt.conf.d/90proxy", "w") as file:
            file.write("\n".join(proxy_lines()) + "\n")
        shutil.copy("/etc/resolv.conf", self.root + "/etc/resolv.conf")

    def mount(self, source):
        for kind, where in MOUNTS:
            self.attach(["mount", "-t", kind, kind], where)
        self.attach(["mount", "--bind", "-o", "ro", source], "mnt/source")
        if self.cache:
            self.attach(["mount", "--bind", self.cache], "var/cache/ccache")

    def attach(self, command, where):
        target = os.path.join(self.root, where)
        os.makedirs(target, exist_ok=True)
        subprocess.run([*command, target], check=True)
        self.mounted.append(target)

    def unmount(self):
        for target in reversed(self.mounted):
            subprocess.run(["umount", "-l", target], check=False)
        self.mounted = []

    def run(self, command, log):
        """(status, seconds, output) of a shell command inside; its output goes to `log` too."""
        started = time.monotonic()
        environment = {"HOME": "/srv", "CCACHE_DIR": "/var/cache/ccache", "LANG": "C.UTF-8",
                       "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        with open(log, "wb") as out:
            status = subprocess.run(["chroot", self.root, "sh", "-c", command], stdout=out,
                                    stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                    env=environment).returncode
        with open(log, errors="replace") as text:
            return status, time.monotonic() - started, text.read()


def demo_holds(status, text):
    url = re.search(r"^Application +(http://\S+)$", text, re.M)
    curl = re.search(r"^Try +curl -s http://\S+/v1/events ", text, re.M)
    answered = re.search(r"^ +score \S+, decision \w+$", text, re.M)
    following = re.search(r"^Next +\S", text, re.M)
    return status == 0 and all((url, curl, answered, following))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="/var/tmp/quintet-bare")
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--only-demo", action="store_true")
    parser.add_argument("--compiler-cache", help="a ccache directory to use inside; not bare then")
    args = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        print("this needs root and the package debootstrap")
        print("0 passed, 1 failed")
        return 1
    tree = output_of("git", "rev-parse", "--path-format=absolute", "--git-common-dir").strip()
    commit = output_of("git", "rev-parse", "HEAD").strip()
    if args.fresh:
        shutil.rmtree(args.root, ignore_errors=True)
    bare = Bare(os.path.abspath(args.root), args.compiler_cache)
    bare.make()
    steps = [("prepare", "apt-get update -q && apt-get install -y -q make git"),
             ("clone", "rm -rf /srv/quintet && git config --global --add safe.directory '*' && "
                       "git clone -q /mnt/source /srv/quintet && cd /srv/quintet && "
                       f"git checkout -q {commit}"),
             ("demo", "cd /srv/quintet && make demo")]
    steps.append(("serve", SERVE))
    if not args.only_demo:
        steps.append(("test", "cd /srv/quintet && make test"))
    passed = 0
    try:
        bare.mount(tree)
        for name, command in steps:
            log = os.path.join(args.root, name + ".log")
            status, seconds, text = bare.run(command, log)
            holds = demo_holds(status, text) if name == "demo" else status == 0
            passed += holds
            print(f"{'ok' if holds else 'FAILED':6}  {name:8} {seconds:7.1f} s", flush=True)
            if not holds:
                print("\n".join("    " + line for line in text.splitlines()[-30:]))
                break
    finally:
        bare.unmount()
    print(f"{passed} passed, {len(steps) - passed} failed")
    return 0 if passed == len(steps) else 1


if __name__ == "__main__":
    sys.exit(main())
