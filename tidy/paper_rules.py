"""Rules about documents and about what stands in any file."""
import glob
import os
import re
import subprocess

kFolders = ("src", "docs", "test", "apps", "api", "tidy", "fuzz", "bench", "deps", "web", "sim",
            "cmake", ".ci")


def prose(file):
    """(line number, line) outside fenced blocks."""
    fenced = False
    for number, line in enumerate(file.lines, 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def documents_have_one_title(tree):
    for file in tree.documents():
        titles = [number for number, line in prose(file) if line.startswith("# ")]
        if len(titles) != 1:
            yield (file.path, titles[1] if titles else 1,
                   f"{len(titles)} titles (`# ...`): a document has one")


def named_paths_exist(tree):
    for file in tree.documents():
        folder = os.path.dirname(file.path)
        for number, line in prose(file):
            for link in re.findall(r"\]\(([^)\s#]+)[^)]*\)", line):
                if "://" not in link and not link.startswith("mailto:"):
                    if not tree.exists(os.path.join(folder, link)):
                        yield file.path, number, f"links to {link}, which does not exist"
            for word in re.findall(r"`([^`\s]+)`", line):
                if not is_missing(tree, word.rstrip("/,.;:")):
                    continue
                yield file.path, number, f"names {word}, which does not exist"


def is_missing(tree, word):
    placeholder = re.search(r"[A-Z]{4,}/|/[A-Z]{4,}$|NAME|/X", word)
    if placeholder or not re.fullmatch(r"[\w.*{},/-]+", word):
        return False
    if word.split("/")[0] not in kFolders or "/" not in word:
        return bool(re.fullmatch(r"[A-Z]+\.md|CMake\w+\.(txt|json)", word)) and not (
            tree.exists(word) or tree.exists("docs/" + word))
    if "{" in word:
        before, names, after = re.fullmatch(r"(.*)\{(.*)\}(.*)", word).groups()
        return any(is_missing(tree, before + name + after) for name in names.split(","))
    if "*" in word:
        return not glob.glob(os.path.join(tree.root, word))
    return not tree.exists(word)


def error_codes_are_unique(tree):
    """The tables of codes are src/app/codes.* and, of expressions, src/expr/problem.h: each code
    once there, and each used code is there."""
    defined = {}
    for path, file in tree.files.items():
        if not re.fullmatch(r"src/app/codes\w*\.(h|cc)|src/expr/problem\.h", path):
            continue
        for number, line in enumerate(file.code_and_texts(), 1):
            for code in re.findall(r'(?:\{\s*|k\w+ = |^ +)"(QNT-\d{4})"', line):
                if code in defined:
                    yield path, number, f"{code} is taken ({defined[code]}): choose a free one"
                defined.setdefault(code, f"{path}:{number}")
    for file in tree.cpp():
        for number, line in enumerate(file.code_and_texts(), 1):
            for code in re.findall(r"QNT-\d{4}", line):
                if defined and code not in defined and not file.is_test:
                    yield file.path, number, f"{code} has no entry in src/app/codes.cc"


def clauses_have_tests(tree):
    """Each clause of docs/SEMANTICS.md is named by a test."""
    semantics = tree.files.get("docs/SEMANTICS.md")
    if not semantics:
        return
    clauses, section = {}, ""
    for number, line in enumerate(semantics.lines, 1):
        heading = re.match(r"## (S\d+) ", line)
        item = re.match(r"(\d+)\. ", line)
        if heading:
            section = heading[1]
        elif item and section:
            clauses[f"{section}.{item[1]}"] = number
    named = set()
    for path, file in tree.files.items():
        if path.startswith("tidy/"):
            continue  # its own tests speak of clauses as examples
        if file.is_test or path.startswith("test/scenario/"):
            named |= set(re.findall(r"\bS\d+\.\d+\b", file.text))
    for clause, number in clauses.items():
        if clause not in named:
            yield ("docs/SEMANTICS.md", number, f"no test names {clause}: write one and name the"
                   " clause in a comment")


# Spelt in pieces, so that this file may hold them.
MACHINE = re.compile(r"(?<![\w.])/(?:wo" r"rk|ro" r"ot|ho" r"me)/")
HOSTS = re.compile("|".join(re.escape(name) for name in (
    "pypi" ".org", "pythonhosted" ".org", "debian" ".org", "npmjs" ".org", "npmjs" ".com",
    "crates" ".io", "golang" ".org", "maven" ".org", "docker" ".io")))
UNFINISHED = re.compile(r"\bFIX" r"ME\b|\bTO" r"DO\(now\)|\bX" r"XX\b")


def files_hold_nothing_of_one_machine(tree):
    for path, file in tree.files.items():
        for number, line in enumerate(file.lines, 1):
            if MACHINE.search(line):
                yield path, number, "a path of one machine: make it relative to the tree"
            match = HOSTS.search(line)
            if match:
                yield path, number, f"{match[0]}: clients know their registries; name none"


def nothing_is_left_unfinished(tree):
    for path, file in tree.files.items():
        for number, line in enumerate(file.lines, 1):
            if UNFINISHED.search(line):
                yield path, number, "do it now, or open an issue and say its number"


def planted_bugs_fit(tree):
    """Each patch of test/planted applies to the sources and says its check: else it plants nothing,
    and what it is to show goes untested."""
    # A tree without git is not taken for a part of one around it, whose index names other paths.
    around = os.path.dirname(os.path.abspath(tree.root))
    environment = dict(os.environ, GIT_CEILING_DIRECTORIES=around, LC_ALL="C")
    for patch in sorted(glob.glob(os.path.join(tree.root, "test", "planted", "*.patch"))):
        path = os.path.relpath(patch, tree.root)
        with open(patch, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if not re.search(r"^check: \S+", text, re.M):
            yield path, 1, "does not say which check finds the bug: `check: PROGRAM ARGUMENTS`"
        run = subprocess.run(["git", "apply", "--check", path], cwd=tree.root, env=environment,
                             capture_output=True, text=True)
        if run.returncode != 0:
            why = (run.stderr.strip() or "git apply fails").splitlines()[0]
            yield path, 1, f"{why}: refit it, so that it plants the same bug in today's lines"


RULES = [documents_have_one_title, named_paths_exist, error_codes_are_unique, clauses_have_tests,
         files_hold_nothing_of_one_machine, nothing_is_left_unfinished, planted_bugs_fit]
