"""Reads a source tree, and C++ well enough for the rules: comments and texts told from code."""
import os
import re
import subprocess

TEXT_SUFFIXES = (".cc", ".h", ".py", ".sh", ".cmake", ".txt", ".md", ".yaml", ".yml", ".json",
                 ".js", ".css", ".html", ".proto", ".lock", ".dict")
TEXT_NAMES = ("Makefile", "LICENSE", "run", "install", "demo")


class File:
    """One file: its text, and for C++ the same text with comments or texts blanked out."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), "rb") as file:
            self.data = file.read()
        self.text = self.data.decode("utf-8", "replace")
        self.lines = self.text.splitlines()
        self._blanked = None

    @property
    def is_cpp(self):
        return self.path.endswith((".cc", ".h"))

    @property
    def is_test(self):
        return self.path.endswith(("_test.cc", "_test.h", "_fixture.h", "_test.py", "_test.sh"))

    @property
    def room(self):
        parts = self.path.split("/")
        return parts[1] if parts[0] == "src" and len(parts) > 2 else None

    def includes(self):
        """(line number, name, is_own) of each #include."""
        for number, line in enumerate(self.code_and_texts(), 1):
            match = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', line)
            if match:
                yield number, match[1] or match[2], match[1] is not None

    def code(self):
        """Lines without comments and without what stands in quotes."""
        return self._blank()[0]

    def code_and_texts(self):
        """Lines without comments."""
        return self._blank()[1]

    def _blank(self):
        if self._blanked is None:
            self._blanked = tuple(text.split("\n") for text in blank(self.text))
        return self._blanked


TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<raw>[^()\\\s]{0,16})\(.*?\)(?P=raw)"'
    r"|\"(?:\\.|[^\"\\\n])*\"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'", re.DOTALL)


def blank(text):
    """(code, code and texts): comments, and in the first also texts, become spaces."""
    def spaces(piece):
        return re.sub(r"[^\n]", " ", piece)

    def code(match):
        piece = match[0]
        if piece.startswith("/"):
            return spaces(piece)
        return piece[0] + spaces(piece[1:-1]) + piece[-1]

    def no_comment(match):
        return spaces(match[0]) if match[0].startswith("/") else match[0]

    # An #include in quotes is code, not a text.
    return TOKEN.sub(code, text), TOKEN.sub(no_comment, text)


CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def functions(file):
    """(first line, last line, head) of each function body, found by counting braces."""
    stack, found = [], []
    head, head_line, function_depth = "", 0, None
    for number, line in enumerate(file.code(), 1):
        if line.lstrip().startswith("#"):
            continue
        for letter in line:
            if letter in "{}" and unbalanced(head):
                continue  # an argument, not a body
            if letter == "{":
                inside = function_depth is not None
                if not inside and is_function(head):
                    function_depth = len(stack)
                    found.append([head_line or number, number, head.strip()])
                stack.append(letter)
                head, head_line = "", 0
            elif letter == "}":
                if stack:
                    stack.pop()
                if function_depth is not None and len(stack) == function_depth:
                    found[-1][1] = number
                    function_depth = None
                head, head_line = "", 0
            elif letter == ";" and not unbalanced(head):
                head, head_line = "", 0
            else:
                if not head.strip() and not letter.isspace():
                    head, head_line = "", number
                head += letter
        head += " "
    return [tuple(entry) for entry in found]


def unbalanced(head):
    return head.count("(") > head.count(")")


def is_function(head):
    outside = re.sub(r"\([^()]*\)", "()", head)
    while True:
        shorter = re.sub(r"\((?:\(\)|[^()])*\)", "<>", outside)
        if shorter == outside:
            break
        outside = shorter
    if "<>" not in outside:
        return False
    if CONTAINER.search(re.sub(r"template\s*<.*?>", "", outside.split("<>")[0])):
        return "extern" in outside and "<>" in outside
    return "=" not in outside or "operator" in outside


class Tree:
    """All text files of the project, by path from its root."""

    def __init__(self, root):
        self.root = root
        self.files = {}
        for path in sorted(list_files(root)):
            name = os.path.basename(path)
            full = os.path.join(root, path)
            if (name.endswith(TEXT_SUFFIXES) or name in TEXT_NAMES) and os.path.isfile(full):
                self.files[path] = File(root, path)

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def cpp(self, under="src/"):
        return [f for p, f in self.files.items() if f.is_cpp and p.startswith(under)]

    def documents(self):
        return [f for p, f in self.files.items() if p.endswith(".md")]


def list_files(root):
    """What git knows or would add; in a folder without git, everything."""
    if os.path.exists(os.path.join(root, ".git")):
        out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root,
                             capture_output=True, text=True, check=True).stdout
        return set(out.splitlines())
    found = set()
    for folder, _, names in os.walk(root):
        found |= {os.path.relpath(os.path.join(folder, name), root) for name in names}
    return found
