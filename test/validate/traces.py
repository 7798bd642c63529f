#!/usr/bin/env python3
"""test/e2e/traces_test.py once more, each message read with the published classes of the
OpenTelemetry protocol (deps/otlp.lock) beside our own reading: both must find the same. Then what a
backend makes of them (jaeger.py).

Ends with 'N passed, N failed'.
"""
import os
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))
from surroundings import ended  # noqa: E402


def python_with_classes():
    """This script needs them: it runs again in the environment that has them."""
    made = subprocess.run([os.path.join(ROOT, "deps", "python"), "otlp"], check=True, text=True,
                          stdout=subprocess.PIPE)
    return os.path.join(made.stdout.strip(), "bin", "python")


def published_spans(body):
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
    request = trace_service_pb2.ExportTraceServiceRequest.FromString(body)
    assert request.SerializeToString(deterministic=True) == body, "bytes that they do not know"

    def attributes(pairs):
        return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}

    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            assert scope.scope.name == "quintet"
            for span in scope.spans:
                yield {"service": attributes(resource.resource.attributes)["service.name"],
                       "trace": span.trace_id.hex(), "id": span.span_id.hex(),
                       "parent": span.parent_span_id.hex(), "name": span.name,
                       "begin": span.start_time_unix_nano, "end": span.end_time_unix_nano,
                       "kind": span.kind, "failed": span.status.code == 2,
                       **attributes(span.attributes)}


def main():
    if os.environ.get("QUINTET_OTLP") != "there":
        environment = dict(os.environ, QUINTET_OTLP="there")
        read = subprocess.run([python_with_classes(), __file__], env=environment).returncode == 0
        import jaeger
        passed, failed = jaeger.main()
        return ended(passed + read, failed + (not read))
    import traces
    import traces_test
    own, read = traces.spans_of, 0

    def both(body):
        nonlocal read
        found = list(published_spans(body))
        assert found == list(own(body)), body
        read += len(found)
        return found

    traces.spans_of = both
    status = traces_test.main()
    print(f"{read} spans read both ways")
    return status if read else 1


if __name__ == "__main__":
    sys.exit(main())
