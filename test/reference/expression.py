"""The expression language, read and evaluated on one row: docs/SEMANTICS.md S6, and nothing faster.

Values are None, bool, int (int64), float (double), Dec, Time, Span, str and list. A tree is a tuple
(kind, ...); ("aggregate", name, arguments, clauses) is left to the caller's `look_up`.
"""
import re
from fractions import Fraction
from typing import NamedTuple

TOKEN = re.compile(r"\s*(?:(?P<duration>(?:\d+(?:us|ms|s|m|h|d|w))+\b)"
                   r"|(?P<number>\d+\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)|(?P<integer>\d+)"
                   r"|(?P<name>[A-Za-z_]\w*)|\"(?P<text>[^\"]*)\"|'(?P<quoted>[^']*)'"
                   r"|(?P<op><=|>=|==|!=|[-+*/%<>()\[\],.=]))")
UNITS = {"us": 1, "ms": 1000, "s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6,
         "d": 86400 * 10**6, "w": 7 * 86400 * 10**6}
AGGREGATES = {"count", "sum", "mean", "min", "max", "var", "std", "any", "all", "first", "last",
              "list", "distinct", "quantile", "top_k"}
CLAUSES = {"from", "where", "over", "every", "delayed", "by", "including"}
kInt64 = range(-2**63, 2**63)


class Dec(NamedTuple):
    """A decimal: mantissa / 10**scale."""
    mantissa: int
    scale: int


class Time(int):
    """Microseconds since 1970 UTC."""


class Span(int):
    """A duration in microseconds."""


def duration(text):
    return Span(sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)(us|ms|[smhdw])", text)))


def exact(value):
    """The number as a Fraction."""
    if isinstance(value, Dec):
        return Fraction(value.mantissa, 10**value.scale)
    return Fraction(value)


def nearest(fraction):
    """The nearest double, half to even; None out of range (S6.1)."""
    try:
        return fraction.numerator / fraction.denominator + 0.0
    except OverflowError:
        return None


def is_number(value):
    return isinstance(value, (int, float, Dec)) and not isinstance(value, bool)


class Parser:
    def __init__(self, text):
        self.text, self.tokens, at = text, [], 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if not match:
                raise SyntaxError(f"at {text[at:at + 10]!r} in {text!r}")
            kind = match.lastgroup
            self.tokens.append((kind, match[kind]))
            at = match.end()
        self.at = 0

    def peek(self, *values):
        kind, value = self.tokens[self.at] if self.at < len(self.tokens) else (None, None)
        return kind in ("op", "name") and value in values

    def take(self, *values):
        if self.peek(*values):
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def need(self, *values):
        found = self.take(*values)
        if found is None:
            raise SyntaxError(f"needs {values} at {self.tokens[self.at:self.at + 3]}: {self.text}")
        return found

    def next(self, kind):
        found, value = self.tokens[self.at]
        if found != kind:
            raise SyntaxError(f"needs a {kind}, has {value} in {self.text}")
        self.at += 1
        return value

    def whole(self):
        tree = self.either()
        if self.at != len(self.tokens):
            raise SyntaxError(f"left over: {self.tokens[self.at:]} in {self.text}")
        return tree

    def either(self):
        tree = self.both()
        while self.take("or"):
            tree = ("or", tree, self.both())
        return tree

    def both(self):
        tree = self.negated()
        while self.take("and"):
            tree = ("and", tree, self.negated())
        return tree

    def negated(self):
        return ("not", self.negated()) if self.take("not") else self.compared()

    def compared(self):
        tree = self.sum()
        while True:
            op = self.take("==", "!=", "<", "<=", ">", ">=")
            if op:
                tree = ("compare", op, tree, self.sum())
            elif self.take("is"):
                wanted = not self.take("not")
                self.need("null")
                tree = ("is null", tree, wanted)
            else:
                return tree

    def sum(self):
        tree = self.product()
        while self.peek("+", "-"):
            tree = ("arithmetic", self.take("+", "-"), tree, self.product())
        return tree

    def product(self):
        tree = self.signed()
        while self.peek("*", "/", "%"):
            tree = ("arithmetic", self.take("*", "/", "%"), tree, self.signed())
        return tree

    def signed(self):
        if self.take("-"):
            return ("negative", self.signed())
        return self.atom()

    def atom(self):
        kind, value = self.tokens[self.at]
        if self.take("("):
            tree = self.either()
            self.need(")")
            return tree
        self.at += 1
        if kind == "integer":
            return ("value", int(value))
        if kind == "number":
            return ("literal", value)
        if kind == "duration":
            return ("value", duration(value))
        if kind in ("text", "quoted"):
            return ("value", value)
        if kind != "name":
            raise SyntaxError(f"{value} in {self.text}")
        if value in ("true", "false"):
            return ("value", value == "true")
        if value == "null":
            return ("value", None)
        if self.take("("):
            return self.call(value)
        if self.take("["):
            keys = [self.either()]
            while self.take(","):
                keys.append(self.either())
            self.need("]")
            self.need(".")
            return ("row", value, keys, self.next("name"))
        if self.take("."):
            return ("name", value + "." + self.next("name"))
        return ("name", value)

    def call(self, name):
        arguments = []
        while not self.take(")"):
            arguments.append(self.either())
            if not self.peek(")"):
                self.need(",")
        if name not in AGGREGATES:
            return ("call", name, arguments)
        clauses = {}
        while self.peek(*CLAUSES):
            word = self.take(*CLAUSES)
            clauses[word] = getattr(self, "clause_" + word)()
        return ("aggregate", name, arguments, clauses)

    def clause_from(self):
        return self.next("name")

    def clause_where(self):
        return self.either()

    def clause_over(self):
        if self.take("all"):
            return ("all",)
        if self.take("session"):
            return ("session", duration(self.next("duration")))
        if self.take("next"):
            return ("next", duration(self.next("duration")))
        if self.tokens[self.at][0] == "integer":
            n = int(self.next("integer"))
            self.need("events")
            return ("count", n)
        return ("time", duration(self.next("duration")))

    def clause_every(self):
        return duration(self.next("duration"))

    def clause_delayed(self):
        return duration(self.next("duration"))

    def clause_by(self):
        if not self.take("("):
            return [(self.next("name"), None)]
        keys = []
        while not self.take(")"):
            key = self.next("name")
            keys.append((key, self.either() if self.take("=") else None))
            if not self.peek(")"):
                self.need(",")
        return keys

    def clause_including(self):
        self.need("this")
        return True


def parse(text):
    return Parser(str(text)).whole()


def evaluate(tree, look_up, offset=0):
    """`look_up(tree)` answers ("name", ...), ("aggregate", ...) and ("row", table, key values,
    field); `offset`: of the time zone."""
    kind = tree[0]
    if kind == "value":
        return tree[1]
    if kind == "literal":
        return number(tree[1])
    if kind in ("name", "aggregate"):
        return look_up(tree)

    def run(sub):
        return evaluate(sub, look_up, offset)

    if kind == "row":
        return look_up(("row", tree[1], [run(key) for key in tree[2]], tree[3]))
    if kind in ("and", "or"):
        return junction(kind, run(tree[1]), run(tree[2]))
    if kind == "not":
        value = run(tree[1])
        return None if value is None else not value
    if kind == "negative":
        return negative(run(tree[1]))
    if kind == "is null":
        return (run(tree[1]) is None) == tree[2]
    if kind == "compare":
        return compare(tree[1], run(tree[2]), run(tree[3]))
    if kind == "arithmetic":
        return arithmetic(tree[1], run(tree[2]), run(tree[3]))
    return call(tree[1], tree[2], run, offset)


def number(text):
    """A literal with a point: a decimal where it can be, so that comparisons are exact (S6.4)."""
    match = re.fullmatch(r"(\d+)\.(\d+)", text)
    return Literal(text) if match else float(text)


class Literal(float):
    """A double that remembers its digits: next to a decimal it is that decimal."""

    def __new__(cls, text):
        self = super().__new__(cls, float(text))
        self.text = text
        return self

    def beside(self, other):
        if isinstance(other, Dec):
            whole, digits = self.text.split(".")
            digits = digits.rstrip("0")
            return Dec(int(whole + digits), len(digits))
        return float(self)


def settle(a, b):
    a, b = (a.beside(b) if isinstance(a, Literal) else a), b
    return a, (b.beside(a) if isinstance(b, Literal) else b)


def junction(kind, a, b):
    decided = kind == "or"
    if a is decided or b is decided:
        return decided
    return None if a is None or b is None else not decided


def negative(value):
    if value is None:
        return None
    if isinstance(value, Dec):
        return ranged(Dec(-value.mantissa, value.scale))
    if isinstance(value, float):
        return -float(value) + 0.0
    return ranged(type(value)(-value))


def ranged(value):
    whole = value.mantissa if isinstance(value, Dec) else value
    return value if isinstance(whole, float) or int(whole) in kInt64 else None


def compare(op, a, b):
    if a is None or b is None:
        return None
    a, b = settle(a, b)
    if is_number(a) and is_number(b):
        a, b = exact(a), exact(b)
    elif isinstance(a, str):
        a, b = a.encode(), b.encode()
    return {"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]


def arithmetic(op, a, b):
    if a is None or b is None:
        return None
    a, b = settle(a, b)
    if isinstance(a, (Time, Span)) or isinstance(b, (Time, Span)):
        return arithmetic_of_times(op, a, b)
    if op == "%":
        return None if b == 0 else a % b  # Python's has the divisor's sign too
    if isinstance(a, float) or isinstance(b, float):
        a, b = Fraction(nearest(exact(a))), Fraction(nearest(exact(b)))
        if op == "/":
            return nearest(a / b) if b != 0 else None
        return nearest({"+": a + b, "-": a - b, "*": a * b}[op])
    if op == "/":
        return nearest(exact(a) / exact(b)) if exact(b) != 0 else None
    if not isinstance(a, Dec) and not isinstance(b, Dec):
        return ranged({"+": a + b, "-": a - b, "*": a * b}[op])
    if op == "*":
        if isinstance(a, Dec) and isinstance(b, Dec):
            return nearest(exact(a) * exact(b))
        dec, whole = (a, b) if isinstance(a, Dec) else (b, a)
        return ranged(Dec(dec.mantissa * whole, dec.scale))
    scale = max(x.scale if isinstance(x, Dec) else 0 for x in (a, b))
    result = exact(a) + exact(b) if op == "+" else exact(a) - exact(b)
    return ranged(Dec(int(result * 10**scale), scale))


def arithmetic_of_times(op, a, b):
    if op in "+-":
        result = int(a) + int(b) if op == "+" else int(a) - int(b)
        return ranged((Time if isinstance(a, Time) != isinstance(b, Time) else Span)(result))
    if op == "/" and isinstance(b, Span):
        return nearest(Fraction(int(a), int(b))) if b else None
    raise SyntaxError(f"{op} between times")


def call(name, arguments, run, offset):
    if name == "if":
        return run(arguments[1]) if run(arguments[0]) is True else run(arguments[2])
    values = [run(argument) for argument in arguments]
    if name == "coalesce":
        return next((value for value in values if value is not None), None)
    if any(value is None for value in values):
        return None
    if name in ("hour", "weekday", "day", "month", "year"):
        return time_part(name, values[0] + offset)
    if name == "abs":
        value = values[0]
        below = (value.mantissa if isinstance(value, Dec) else value) < 0
        return negative(value) if below else value
    if name in ("lower", "upper"):
        fold = str.lower if name == "lower" else str.upper
        return "".join(fold(c) if c.isascii() else c for c in values[0])
    raise SyntaxError(f"no function {name} here")


def time_part(name, micros):
    days, rest = divmod(int(micros), 86400 * 10**6)
    if name == "hour":
        return rest // (3600 * 10**6)
    if name == "weekday":
        return (days + 3) % 7 + 1  # 1970-01-01 was a Thursday, 4
    year, month, day = civil(days)
    return {"day": day, "month": month, "year": year}[name]


def civil(days):
    """Year, month and day of a count of days since 1970, by walking from a year's first day."""
    year = 1970 + days // 366
    while first_day(year + 1) <= days:
        year += 1
    rest = days - first_day(year)
    leap = first_day(year + 1) - first_day(year) == 366
    for month, length in enumerate((31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1):
        if rest < length:
            return year, month, rest + 1
        rest -= length
    raise AssertionError(days)


def first_day(year):
    past = year - 1
    return (year - 1970) * 365 + (past // 4 - 492) - (past // 100 - 19) + (past // 400 - 4)
