"""Rules about the sources. Each takes a Tree and yields (path, line, what to do)."""
import re

from source import functions

kFileLines = 500
kPatternLines = 60
kFunctionLines = 70
kLineColumns = 100
kHeaderIncludes = 10
# Rooms of pure logic: answers come from arguments alone (DESIGN 3, 7).
kPureRooms = ("event", "expr", "app", "feature", "learn", "stage", "pattern")
kExactRooms = ("event", "expr", "app", "feature")


def room_table(tree):
    """{room: set of rooms it may include}, from the table in ARCHITECTURE.md."""
    table, known = {}, False
    file = tree.files.get("ARCHITECTURE.md")
    for line in file.lines if file else []:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if cells[:2] == ["room", "may include"]:
            known = True
        elif known and not line.strip().startswith("|"):
            break
        elif known and not set(cells[0]) <= set("-: "):
            name = cells[0].strip("`")
            table[name] = {room for room in re.findall(r"[a-z]+", cells[1])}
    return table


def is_pure(file):
    return (file.room in kPureRooms and not file.is_test
            and not file.path.startswith("src/learn/train"))


def rooms_follow_the_table(tree):
    table = room_table(tree)
    if not table:
        yield "ARCHITECTURE.md", 1, "has no table with the columns `room` and `may include`"
        return
    for room, others in table.items():
        for other in sorted(others - set(table)):
            yield "ARCHITECTURE.md", 1, f"the row of {room} names {other}, which has no row"
    for file in tree.cpp():
        if file.room not in table:
            yield file.path, 1, f"room {file.room} has no row in the table of ARCHITECTURE.md"
            continue
        for line, name, own in file.includes():
            if not own:
                continue
            other = name.split("/")[0]
            if "/" not in name or name.startswith("."):
                yield file.path, line, f'include "{name}" by its path from src/, as "room/file.h"'
            elif not tree.exists("src/" + name):
                yield file.path, line, f'there is no src/{name}; foreign headers go in <>'
            elif other != file.room and other not in table[file.room]:
                yield (file.path, line, f"{file.room} may not know {other} (ARCHITECTURE.md): move"
                       " the code, or let the higher room pass what is needed")


def rooms_have_no_cycle(tree):
    table = {room: set(others) for room, others in room_table(tree).items()}
    while table:
        free = [room for room, others in table.items() if not others & set(table)]
        if not free:
            yield "ARCHITECTURE.md", 1, "these rooms form a cycle: " + ", ".join(sorted(table))
            return
        for room in free:
            del table[room]


BANNED_INCLUDES = re.compile(
    r"^(thread|mutex|shared_mutex|atomic|condition_variable|future|semaphore|barrier|latch"
    r"|stop_token|random|fstream|iostream|filesystem|ctime|time\.h|unistd\.h|fcntl\.h|pthread\.h"
    r"|sys/.*|netinet/.*|arpa/.*|sqlite3\.h|boost/asio.*)$")
BANNED_CODE = [
    (r"\bstd::(thread|jthread|mutex|shared_mutex|atomic\w*|condition_variable\w*|async|future"
     r"|promise|lock_guard|unique_lock|scoped_lock)\b|\bthread_local\b",
     "threads and locks belong to host"),
    (r"\b(system_clock|steady_clock|high_resolution_clock|utc_clock|clock_gettime|gettimeofday"
     r"|localtime\w*)\b|\bstd::time\b|\btime\((nullptr|NULL|0)\)|\bClock\b",
     "no clock here: take the time as an argument"),
    (r"\b(random_device|mt19937\w*|default_random_engine|arc4random|getrandom)\b|\bs?rand\(",
     "no chance here: take the number as an argument"),
    (r"(?<![\w.>])::(socket|connect|open|read|write|bind|listen)\(|\bboost::asio\b|\bfopen\b"
     r"|\bstd::(ifstream|ofstream|fstream|filesystem|cout|cerr|cin)\b|\b(getenv|printf|puts)\(",
     "no files, sockets or output here: return it, the host delivers"),
]
SQL = re.compile(r'"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|PRAGMA|BEGIN|COMMIT)\b[^"]*')


def pure_rooms_stay_pure(tree):
    banned = [(re.compile(pattern), reason) for pattern, reason in BANNED_CODE]
    for file in tree.cpp():
        if not is_pure(file):
            continue
        for line, name, own in file.includes():
            if not own and BANNED_INCLUDES.match(name):
                yield file.path, line, f"<{name}> is banned in {file.room}: it belongs to host"
        for number, line in enumerate(file.code(), 1):
            for pattern, reason in banned:
                match = pattern.search(line)
                if match:
                    yield file.path, number, f"`{match[0]}` in {file.room}: {reason}"
        for number, line in enumerate(file.code_and_texts(), 1):
            if SQL.search(line):
                yield file.path, number, f"SQL in {file.room}: it belongs to store"


LIBM = re.compile(r"(?:\bstd::|(?<![\w:])::)(exp|exp2|expm1|log|log2|log10|log1p|pow|powf|expf|logf"
                  r"|sin|cos|tan|tanh|sinh|cosh|atan2?|asin|acos|cbrt|hypot|fma|erfc?|tgamma"
                  r"|lgamma)f?\(")


def answers_are_the_same_everywhere(tree):
    for file in tree.cpp():
        if not is_pure(file) or file.room not in kExactRooms + ("learn",):
            continue
        doubles = set()
        for number, line in enumerate(file.code(), 1):
            match = LIBM.search(line)
            if match:
                yield (file.path, number, f"`{match[0]}` differs between CPUs: use base/real.h")
            doubles |= set(re.findall(r"\bdouble\s+(\w+)\s*(?:=|;|\{)", line))
            match = re.search(r"\b(\w+)\s*[+-]=(?!=)", line)
            if match and match[1] in doubles and file.room in kExactRooms:
                yield (file.path, number, f"`{match[0]}` rounds at each step: sum exactly and round"
                       " once (base/real.h)")


def no_hash_order_shows(tree):
    for file in tree.cpp():
        if file.room not in ("app", "feature", "stage") or file.is_test:
            continue
        declared = set()
        sibling = tree.files.get(re.sub(r"\.cc$", ".h", file.path), file)
        for source in {file, sibling}:
            for line in source.code():
                declared |= set(re.findall(r"\bunordered_(?:map|set)<.*>&?\s+(\w+)", line))
        for number, line in enumerate(file.code(), 1):
            match = re.search(r"\bfor\s*\(.*:\s*(?:\w+(?:\.|->))*(\w+)\)", line)
            if match and match[1] in declared:
                around = " ".join(file.lines[max(0, number - 3):number])
                if "order does not show" not in around:
                    yield (file.path, number, f"iterates the hash map `{match[1]}`: use an ordered"
                           " one, or say in a comment why the `order does not show`")


def foreign_headers_stay_in_adapters(tree):
    rules = []
    table = tree.files.get("tidy/adapters.txt")
    for line in table.lines if table else []:
        if line.strip() and not line.startswith("#"):
            prefix, rooms, limit = line.split()
            rules.append((prefix, None if rooms == "*" else rooms.split(","), int(limit), set()))
    for file in tree.cpp():
        for line, name, own in file.includes():
            rule = next((r for r in rules if not own and name.startswith(r[0])), None)
            if own or (rule is None and ("/" not in name or is_system(name))
                       and not name.endswith(".hpp")):
                continue
            if file.is_test or file.path.endswith("_main.cc"):
                continue
            if rule is None:
                yield file.path, line, f"<{name}> has no line in tidy/adapters.txt"
            elif file.path.endswith(".h"):
                yield file.path, line, f"<{name}> in a header of ours: hide it in one adapter .cc"
            elif rule[1] is not None and file.room not in rule[1]:
                yield (file.path, line, f"<{name}> belongs to {' or '.join(rule[1])}"
                       " (tidy/adapters.txt)")
            else:
                rule[3].add(file.path)
                if len(rule[3]) > rule[2]:
                    yield (file.path, line, f"{rule[0]} may be included by {rule[2]} files, and is"
                           f" by {', '.join(sorted(rule[3]))}: go through the adapter")


def is_system(name):
    return name.startswith(("sys/", "netinet/", "arpa/", "linux/", "ext/", "bits/"))


def sizes_are_kept(tree):
    for path, file in tree.files.items():
        if not path.endswith((".cc", ".h", ".py", ".sh", ".cmake", ".js")):
            continue
        limit = kFileLines
        if path.startswith("src/pattern/") and not file.is_test and "topology" not in path:
            limit = kPatternLines
        if len(file.lines) > limit:
            yield path, limit, f"{len(file.lines)} lines, at most {limit}: split it by what it does"
        for number, line in enumerate(file.lines, 1):
            if len(line) > kLineColumns:
                yield path, number, f"{len(line)} columns, at most {kLineColumns}: make format"
        if file.is_cpp:
            for first, last, head in functions(file):
                if last - first + 1 > kFunctionLines:
                    name = re.search(r"([\w:~]+)\s*\(", head)
                    yield (path, first, f"{name[1] if name else 'function'} has"
                           f" {last - first + 1} lines, at most {kFunctionLines}: name its parts")
        if path.endswith(".h"):
            own = [name for _, name, is_own in file.includes() if is_own]
            if len(own) > kHeaderIncludes:
                yield (path, 1, f"{len(own)} headers of ours, at most {kHeaderIncludes}:"
                       " declare forward")


def headers_are_guarded(tree):
    for file in tree.cpp():
        if file.path.endswith(".h"):
            if not any(line.strip() == "#pragma once" for line in file.code()):
                yield file.path, 1, "has no `#pragma once`"
            for number, line in enumerate(file.code(), 1):
                if re.search(r"\busing namespace\b", line):
                    yield file.path, number, "`using namespace` in a header: name what is used"


def names_say_what_things_are(tree):
    vague = re.compile(r"\b(?:class|struct)\s+(\w*(?:Manager|Helper|Util|Utils))\b")
    for file in tree.cpp():
        if re.search(r"(manager|helper|util)s?[._]", file.path.rsplit("/", 1)[-1]):
            yield file.path, 1, "name the file after what it holds, not manager, helper or util"
        for number, line in enumerate(file.code(), 1):
            match = vague.search(line)
            if match:
                yield file.path, number, f"name {match[1]} after what it is"


def nothing_is_thrown(tree):
    for file in tree.cpp():
        for number, line in enumerate(file.code(), 1):
            if re.search(r"\bthrow\b", line) and not file.is_test:
                yield file.path, number, "`throw`: return an Error (base/expected.h)"


def tests_are_in_the_build(tree):
    for path, file in tree.files.items():
        folder = path.rsplit("/", 1)[0]
        if path.endswith("_test.cc"):
            if re.fullmatch(r"src/\w+", folder):
                if not tree.exists(folder + "/room.cmake"):
                    yield path, 1, f"{folder}/room.cmake is missing, so this test is not built"
            elif not tree.exists(folder + "/CMakeLists.txt"):
                yield path, 1, "is not built: put it beside its source in src/ROOM/"
        elif file.is_cpp and re.search(r"^\s*(TEST|TEST_F|RC_GTEST_PROP)\(", file.text, re.M):
            yield path, 1, "holds tests but is not named *_test.cc, so it is not built as one"
        if path.endswith("_test.cc"):
            for number, line in enumerate(file.code(), 1):
                if re.search(r"\b(sleep_for|sleep_until|usleep|nanosleep)\b", line):
                    yield path, number, "sleeps: wait for what is awaited, or step a clock"


PATTERNS = re.compile(r"\b(monolithic|microservices|event[-_]driven|lambda|serverless)\b")


def pattern_names_stay_in_pattern(tree):
    for file in tree.cpp():
        if file.room in ("pattern", "cli", "app") or file.is_test:
            continue
        for number, line in enumerate(file.code_and_texts(), 1):
            match = PATTERNS.search(line)
            # XGBoost has a parameter of that name.
            if match and not (match[1] == "lambda" and file.room == "learn"):
                yield (file.path, number, f"`{match[1]}`: only src/pattern and src/cli know"
                       " patterns by name; read the Topology instead")


RULES = [rooms_follow_the_table, rooms_have_no_cycle, pure_rooms_stay_pure,
         answers_are_the_same_everywhere, no_hash_order_shows, foreign_headers_stay_in_adapters,
         sizes_are_kept, headers_are_guarded, names_say_what_things_are, nothing_is_thrown,
         tests_are_in_the_build, pattern_names_stay_in_pattern]
