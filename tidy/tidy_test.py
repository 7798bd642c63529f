#!/usr/bin/env python3
"""Each rule finds what it is for, and leaves the rest alone."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import code_rules  # noqa: E402
import paper_rules  # noqa: E402
import tidy  # noqa: E402
from source import File, Tree, functions  # noqa: E402

TABLE = """# A
| room | may include |
|---|---|
| `base` | |
| `event` | base |
| `host` | base, event |

| thread | does |
|---|---|
| loop | all of it |
"""


class Rules(unittest.TestCase):
    def found(self, rule, files):
        """[(path, line)] of `rule` in a tree of `files` {path: text}."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                full = os.path.join(root, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w") as file:
                    file.write(text)
            return [(path, line) for _, path, line, _ in tidy.check(root, [rule])]

    def breaks(self, rule, text, path="src/event/a.cc", more=None):
        return [line for p, line in self.found(rule, {path: text, **(more or {})}) if p == path]

    def test_a_room_includes_only_what_the_table_allows(self):
        more = {"ARCHITECTURE.md": TABLE, "src/base/b.h": "", "src/host/h.h": ""}
        rule = code_rules.rooms_follow_the_table
        self.assertEqual(self.breaks(rule, '#include "base/b.h"\n', more=more), [])
        self.assertEqual(self.breaks(rule, '\n#include "host/h.h"\n', more=more), [2])
        self.assertEqual(self.breaks(rule, '// #include "host/h.h"\n', more=more), [])
        self.assertEqual(self.breaks(rule, '#include "base/none.h"\n', more=more), [1])
        self.assertEqual(self.breaks(rule, '#include "../host/h.h"\n', more=more), [1])
        self.assertEqual(self.breaks(rule, '\n', "src/odd/a.cc", more), [1])

    def test_a_missing_table_is_a_break(self):
        self.assertEqual(len(self.found(code_rules.rooms_follow_the_table, {"a.md": ""})), 1)

    def test_cycles_between_rooms_are_found(self):
        cycle = TABLE.replace("| `base` | |", "| `base` | host |")
        rule = code_rules.rooms_have_no_cycle
        self.assertEqual(len(self.found(rule, {"ARCHITECTURE.md": cycle})), 1)
        self.assertEqual(self.found(rule, {"ARCHITECTURE.md": TABLE}), [])

    def test_pure_rooms_have_no_threads_clocks_chance_files_or_sql(self):
        rule = code_rules.pure_rooms_stay_pure
        for text in ("#include <thread>\n", "#include <random>\n", "std::mutex m;\n",
                     "auto t = std::chrono::system_clock::now();\n", "int r = rand();\n",
                     "std::ifstream in;\n", 'const char* q = "SELECT 1";\n', "Clock& clock;\n"):
            self.assertEqual(self.breaks(rule, text), [1], text)
            self.assertEqual(self.breaks(rule, text, "src/host/a.cc"), [], text)
            self.assertEqual(self.breaks(rule, text, "src/event/a_test.cc"), [], text)
            self.assertEqual(self.breaks(rule, text, "src/learn/train_rows.cc"), [], text)
        for text in ("// std::mutex is banned\n", 'auto s = "std::thread";\n', "int time = 3;\n"):
            self.assertEqual(self.breaks(rule, text), [], text)

    def test_libm_and_rounding_sums_are_found(self):
        rule = code_rules.answers_are_the_same_everywhere
        self.assertEqual(self.breaks(rule, "double y = std::exp(x);\n"), [1])
        self.assertEqual(self.breaks(rule, "double y = real::exp(x) + std::sqrt(x);\n"), [])
        self.assertEqual(self.breaks(rule, "double sum = 0;\nsum += x;\n"), [2])
        self.assertEqual(self.breaks(rule, "int sum = 0;\nsum += x;\n"), [])

    def test_iterating_a_hash_map_is_found_unless_it_is_argued(self):
        rule, path = code_rules.no_hash_order_shows, "src/stage/a.cc"
        text = "std::unordered_map<int, int> keys_;\n%sfor (auto& [k, v] : keys_) {}\n"
        self.assertEqual(self.breaks(rule, text % "", path), [2])
        self.assertEqual(self.breaks(rule, text % "// A sum: order does not show.\n", path), [])
        header = {"src/stage/a.h": "std::unordered_map<int, int> keys_;\n"}
        self.assertEqual(self.breaks(rule, "for (auto& k : keys_) {}\n", path, header), [1])

    def test_foreign_headers_stay_in_their_adapters(self):
        rule = code_rules.foreign_headers_stay_in_adapters
        more = {"tidy/adapters.txt": "sqlite3.h store 1\n"}
        text = "#include <sqlite3.h>\n"
        self.assertEqual(self.breaks(rule, text, "src/store/a.cc", more), [])
        self.assertEqual(self.breaks(rule, text, "src/store/a.h", more), [1])
        self.assertEqual(self.breaks(rule, text, "src/host/a.cc", more), [1])
        self.assertEqual(self.breaks(rule, text, "src/store/a_test.cc", more), [])
        more["src/store/0.cc"] = text
        self.assertEqual(self.breaks(rule, text, "src/store/a.cc", more), [1])
        self.assertEqual(self.breaks(rule, "#include <odd/x.h>\n", "src/store/a.cc", more), [1])
        self.assertEqual(self.breaks(rule, "#include <sys/stat.h>\n", "src/store/a.cc", more), [])

    def test_long_files_lines_and_functions_are_found(self):
        rule = code_rules.sizes_are_kept
        self.assertEqual(self.breaks(rule, "int x;\n" * 500), [])
        self.assertEqual(self.breaks(rule, "int x;\n" * 501), [500])
        self.assertEqual(self.breaks(rule, "int x;\n" * 61, "src/pattern/odd.cc"), [60])
        self.assertEqual(self.breaks(rule, "//" + "x" * 99 + "\n"), [1])
        body = "int f(int a) {\n" + "  a = 1;\n" * 68 + "}\n"
        self.assertEqual(self.breaks(rule, body), [])
        self.assertEqual(self.breaks(rule, "\n" + body.replace("}", "  ;\n}")), [2])
        many = "".join(f'#include "base/{n}.h"\n' for n in range(11))
        self.assertEqual(self.breaks(rule, many, "src/event/a.h"), [1])

    def test_functions_are_told_from_classes_and_tables(self):
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, "a.cc"), "w") as file:
                file.write("namespace a {\nstruct B : C<int(int)> {\n"
                           "  int f() const { return 1; }\n};\n"
                           "const int kTable[] = {f(1), f(2)};\n"
                           "B::B(int x)\n    : x_(x) {\n}\n"
                           "template <class T>\nauto g(T x = {}) -> int {\n"
                           "  if (x) {\n  }\n}\n}\n")
            spans = [entry[:2] for entry in functions(File(root, "a.cc"))]
        self.assertEqual(spans, [(3, 3), (6, 8), (9, 13)])

    def test_headers_need_their_guard_and_no_using(self):
        rule, path = code_rules.headers_are_guarded, "src/event/a.h"
        self.assertEqual(self.breaks(rule, "#pragma once\n", path), [])
        self.assertEqual(self.breaks(rule, "int x;\n", path), [1])
        self.assertEqual(self.breaks(rule, "#pragma once\nusing namespace std;\n", path), [2])

    def test_vague_names_and_exceptions_are_found(self):
        rule = code_rules.names_say_what_things_are
        self.assertEqual(self.breaks(rule, "class KeyManager {};\n"), [1])
        self.assertEqual(self.breaks(rule, "int x;\n", "src/event/string_util.cc"), [1])
        rule = code_rules.nothing_is_thrown
        self.assertEqual(self.breaks(rule, "throw 1;\n"), [1])
        self.assertEqual(self.breaks(rule, "// We throw nothing.\n"), [])

    def test_tests_outside_the_build_are_found(self):
        rule, room = code_rules.tests_are_in_the_build, {"src/event/room.cmake": ""}
        self.assertEqual(self.breaks(rule, "TEST(A, B) {}\n", "src/event/a_test.cc", room), [])
        self.assertEqual(self.breaks(rule, "TEST(A, B) {}\n", "src/event/a_test.cc"), [1])
        self.assertEqual(self.breaks(rule, "TEST(A, B) {}\n", "src/event/a.cc", room), [1])
        self.assertEqual(self.breaks(rule, "x\n", "src/event/deep/a_test.cc", room), [1])
        text = "std::this_thread::sleep_for(1s);\n"
        self.assertEqual(self.breaks(rule, text, "src/event/a_test.cc", room), [1])

    def test_only_their_rooms_know_pattern_names(self):
        rule, text = code_rules.pattern_names_stay_in_pattern, 'if (name == "server" "less") {}\n'
        text = text.replace('" "', "")
        self.assertEqual(self.breaks(rule, text, "src/host/a.cc"), [1])
        self.assertEqual(self.breaks(rule, text, "src/pattern/a.cc"), [])
        self.assertEqual(self.breaks(rule, "// A lambda.\n", "src/host/a.cc"), [])

    def test_documents_have_one_title_and_name_what_exists(self):
        rule = paper_rules.documents_have_one_title
        self.assertEqual(self.breaks(rule, "# A\n```\n# no title\n```\n", "docs/a.md"), [])
        self.assertEqual(self.breaks(rule, "# A\n# B\n", "docs/a.md"), [2])
        self.assertEqual(self.breaks(rule, "## A\n", "docs/a.md"), [1])
        rule = paper_rules.named_paths_exist
        good = "[x](b.md) `src/ROOM/room.cmake` `docs/*.md` `docs/{a,b}.md` `a/b` `x.y`\n"
        self.assertEqual(self.breaks(rule, good, "docs/a.md", {"docs/b.md": ""}), [])
        for bad in ("[x](b.md)", "`docs/b.md`", "`src/x.h`", "`docs/*.txt`", "`STYLE.md`"):
            self.assertEqual(self.breaks(rule, bad + "\n", "docs/a.md"), [1], bad)

    def test_error_codes_are_unique_and_known(self):
        rule, table = paper_rules.error_codes_are_unique, '{"QNT-0001", "x"},\n'
        self.assertEqual(self.breaks(rule, table, "src/app/codes.cc"), [])
        self.assertEqual(self.breaks(rule, table * 2, "src/app/codes.cc"), [2])
        known = {"src/app/codes.cc": table}
        self.assertEqual(self.breaks(rule, 'f("QNT-0001");\n', "src/expr/a.cc", known), [])
        self.assertEqual(self.breaks(rule, 'f("QNT-0002");\n', "src/expr/a.cc", known), [1])

    def test_a_clause_without_a_test_is_found(self):
        rule, path = paper_rules.clauses_have_tests, "docs/SEMANTICS.md"
        text = "# A\n## S1 The log\n1. One.\n2. Two.\n"
        self.assertEqual(self.breaks(rule, text, path, {"src/a/b_test.cc": "// S1.2\n"}), [3])
        self.assertEqual(self.breaks(rule, text, path, {"src/a/b_test.cc": "// S1.1 S1.2\n"}), [])
        self.assertEqual(self.breaks(rule, text, path, {"src/a/b.cc": "// S1.1 S1.2\n"}), [3, 4])

    def test_machine_paths_registries_and_leftovers_are_found(self):
        rule = paper_rules.files_hold_nothing_of_one_machine
        self.assertEqual(self.breaks(rule, "x /wo" "rk/y\n", "a.md"), [1])
        self.assertEqual(self.breaks(rule, "https://py" "pi.org/simple\n", "a.md"), [1])
        self.assertEqual(self.breaks(rule, "the rest of the work/life\n", "a.md"), [])
        rule = paper_rules.nothing_is_left_unfinished
        self.assertEqual(self.breaks(rule, "// FIX" "ME\n"), [1])

    def test_a_planted_bug_that_does_not_fit_the_sources_is_found(self):
        rule, path, source = paper_rules.planted_bugs_fit, "test/planted/a.patch", "src/a/b.cc"
        patch = ("What it does.\ncheck: a_test\n\n--- a/src/a/b.cc\n+++ b/src/a/b.cc\n"
                 "@@ -2,3 +2,3 @@\n one\n-two\n+2\n three\n")
        sound, moved = {source: "0\none\ntwo\nthree\n"}, {source: "0\n0\none\ntwo\nthree\n"}
        self.assertEqual(self.breaks(rule, patch, path, sound), [])
        self.assertEqual(self.breaks(rule, patch, path, moved), [])
        self.assertEqual(self.breaks(rule, patch, path, {source: "0\none\n2\nthree\n"}), [1])
        self.assertEqual(self.breaks(rule, patch, path, {"src/a/c.cc": "one\n"}), [1])
        self.assertEqual(self.breaks(rule, "check: a_test\n", path, sound), [1])
        no_check = patch.replace("check:", "found by")
        self.assertEqual(self.breaks(rule, no_check, path, sound), [1])

    def test_ignored_files_are_not_read(self):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "src"))
            open(os.path.join(root, "src", "a.bin"), "w").close()
            self.assertEqual(list(Tree(root).files), [])


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
