"""What a test must not depend on: where it was started from, which ports are free, how busy the
machine is."""
import os
import signal
import socket
import sys
import tempfile
import time
import traceback

# How long anything that must come may take; a test that holds never waits so long.
kPatience = 300
# Below the ports that the system gives to outgoing connections: one of those could take the port
# while its server is down, even a client that asks for that very server.
kFirstPort, kEndOfPorts = 20_000, 30_000


def usual_signals():
    """A shell ignores SIGINT for what it runs in its background, nohup ignores SIGHUP, and a child
    would inherit that. A handler of Python's own is not inherited."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)


def until(condition, what, pause=.02):
    """Waits until condition() gives something true, and returns that."""
    end = time.monotonic() + kPatience
    while True:
        if found := condition():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {kPatience} s: {what}")
        time.sleep(pause)


def run_each(tests, call=None, prefix=""):
    """Runs each test in a directory of its own, or by call(test), and tells what came of it, with
    how it failed; (passed, failed). Who is told names on the command line runs those alone."""
    passed = failed = 0
    for test in tests:
        if sys.argv[1:] and test.__name__ not in sys.argv[1:]:
            continue
        began = time.monotonic()
        try:
            if call:
                call(test)
            else:
                with tempfile.TemporaryDirectory() as folder:
                    test(folder)
            passed, said = passed + 1, "ok"
        except Exception:  # each failure is told, the others still run
            traceback.print_exc()
            failed, said = failed + 1, "FAILED"
        print(f"{said:7} {prefix}{test.__name__.replace('_', ' ')} "
              f"({time.monotonic() - began:.1f} s)", flush=True)
    return passed, failed


def ended(passed, failed):
    """Says the last line that a script ends with; its exit status."""
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def free_port():
    """A port of 127.0.0.1 for a server that must get the same one again."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
            end = min(kEndOfPorts, int(file.read().split()[0]))
    except OSError:
        end = kEndOfPorts
    first = min(kFirstPort, end - 1000)
    for step in range(end - first):
        # Tests that run at the same time begin at places of their own.
        port = first + (os.getpid() * 37 + step) % (end - first)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise RuntimeError("no port is free")


usual_signals()
