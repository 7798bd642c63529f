#!/usr/bin/env python3
"""What services of two builds say to each other stays readable: every method and field of the last
release (api/released.txt) is still there, with its number and type. New ones may come.

  test/api_test.py            compares; ends with 'N passed, N failed'
  test/api_test.py --release  writes api/released.txt anew, for a release
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

try:
    from google.protobuf import descriptor_pb2
except ImportError:  # it is Debian's, and so is the interpreter that has it
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
RELEASED = os.path.join(ROOT, "api", "released.txt")
TYPES = descriptor_pb2.FieldDescriptorProto


def lines_of(folder):
    """One line a method, field and enum value of the protos under `folder`, sorted."""
    with tempfile.NamedTemporaryFile() as out:
        protos = sorted(os.path.relpath(p, folder)
                        for p in glob.glob(f"{folder}/quintet/**/*.proto", recursive=True))
        subprocess.run(["protoc", "-I", folder, "-o", out.name, *protos], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read())
    found = []
    for file in files.file:
        for service in file.service:
            for method in service.method:
                stream = ("stream " if method.client_streaming else "",
                          "stream " if method.server_streaming else "")
                found.append(f"rpc {file.package}.{service.name}.{method.name} "
                             f"({stream[0]}{method.input_type}) -> "
                             f"({stream[1]}{method.output_type})")
        for message in file.message_type:
            found += message_lines(file.package, message)
        for enum in file.enum_type:
            found += enum_lines(file.package, enum)
    return sorted(found)


def message_lines(scope, message):
    name = f"{scope}.{message.name}"
    found = []
    for field in message.field:
        kind = TYPES.Type.Name(field.type).lower()[len("type_"):]
        label = TYPES.Label.Name(field.label).lower()[len("label_"):]
        found.append(f"field {name}.{field.name} = {field.number} "
                     f"{'explicit ' if field.proto3_optional else ''}{label} {kind}"
                     f"{' ' + field.type_name if field.type_name else ''}")
    for inner in message.nested_type:
        found += message_lines(name, inner)
    for enum in message.enum_type:
        found += enum_lines(name, enum)
    return found


def enum_lines(scope, enum):
    return [f"value {scope}.{enum.name}.{value.name} = {value.number}" for value in enum.value]


def faults(folder):
    """What the last release had and the protos under `folder` have no more."""
    with open(RELEASED) as file:
        released = [line for line in file.read().splitlines() if not line.startswith("#")]
    now = set(lines_of(folder))
    numbers = {}
    for line in now:  # a number that a field gave up must not mean something else
        if match := re.match(r"field (\S+)\.\w+ = (\d+) ", line):
            key = match.groups()
            numbers.setdefault(key, []).append(line)
    return ([line for line in released if line not in now]
            + [str(same) for same in numbers.values() if len(same) > 1])


CHANGES = [
    ("a field is gone", r"  string event = 2;\n", ""),
    ("a field has another number", r"string event = 2;", "string event = 22;"),
    ("a field has another type", r"bytes plain = 5;", "string plain = 5;"),
    ("a method is gone", r"  rpc Refuse\(.*\n", ""),
    ("an enum value has another number", r"ADMITTED = 1;", "ADMITTED = 7;"),
]


def main():
    api = os.path.join(ROOT, "api")
    if "--release" in sys.argv[1:]:
        with open(RELEASED, "w") as file:
            file.write("# What the services of the last release say: test/api_test.py\n")
            file.write("\n".join(lines_of(api)) + "\n")
        return 0
    passed, failed = 0, 0
    for fault in faults(api):
        print("the last release has this, and it is gone or changed: " + fault)
    failed += bool(faults(api))
    passed += not failed
    # The comparison sees what it is for.
    for what, old, new in CHANGES:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(api, os.path.join(folder, "api"))
            path = os.path.join(folder, "api", "quintet", "v1", "ingest.proto")
            with open(path) as file:
                text = file.read()
            changed = re.sub(old, new, text, count=1)
            if changed == text or not faults_of_change(path, changed, folder):
                print(f"not seen: {what}")
                failed += 1
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def faults_of_change(path, text, folder):
    with open(path, "w") as file:
        file.write(text)
    return faults(os.path.join(folder, "api"))


if __name__ == "__main__":
    sys.exit(main())
