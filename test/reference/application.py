"""The application file as far as features need it: events, labels, columns, decisions, windows."""
import itertools
import re
from datetime import datetime, timezone
from fractions import Fraction
from typing import NamedTuple

import yaml

from expression import Dec, Span, Time, duration, kInt64, parse


class Refused(Exception):
    """The event is not admitted."""


class Field(NamedTuple):
    name: str
    type: str
    scale: int
    source: str
    optional: bool
    default: object
    minimum: object
    label: bool


class Label(NamedTuple):
    name: str
    of: str
    field: str       # same-event label; else None
    report: str      # event type; else None
    value: tuple     # over the report's fields
    where: tuple     # or None
    key: str         # field of the report that holds the event's id
    within: int
    otherwise: object
    after: int


class Application:
    def __init__(self, path):
        with open(path) as file:
            root = yaml.safe_load(file)
        self.constants = root.get("constants", {})
        self.late = duration(root.get("late", "1d"))
        self.offset = offset_of(root.get("timezone", "UTC"))
        self.events, self.ids, self.times, self.tables = {}, {}, {}, {}
        for name, event in root["events"].items():
            self.events[name] = fields_of(event)
            self.ids[name], self.times[name] = event.get("id"), event["time"]
        for name, table in root.get("tables", {}).items():
            self.events[name] = fields_of(table)
            keys = table["key"]
            self.tables[name] = keys if isinstance(keys, list) else [keys]
        self.labels = {name: label_of(name, label) for name, label in
                       root.get("labels", {}).items()}
        self.columns = {name: {} for name in self.events}
        sets = {name: [str(v) for v in values] for name, values in root.get("sets", {}).items()}
        for block in root.get("features", {}).values():
            for name, text in block["columns"].items():
                for one, expression in multiplied(name, str(text), sets):
                    self.columns[block["of"]][one] = parse(expression)
        self.decisions = {name: {} for name in self.events}
        for name, decision in root.get("decisions", {}).items():
            self.decisions[decision["of"]][name] = [
                (parse(case["when"]) if "when" in case else ("value", True), case["then"])
                for case in decision["cases"]]
        self.models = {name for name in root.get("models", {})}
        self.reach = 0
        self.groups = set()  # (source event type, key fields)
        for event, columns in self.columns.items():
            trees = list(columns.values())
            trees += [when for cases in self.decisions[event].values() for when, _ in cases]
            for tree in trees:
                self.survey(event, tree)

    def survey(self, event, tree):
        if not isinstance(tree, (tuple, list)):
            return
        if isinstance(tree, tuple) and tree and tree[0] == "aggregate":
            clauses = tree[3]
            self.groups.add((clauses.get("from", event), keys_of(clauses)))
            if clauses["over"][0] in ("time", "session"):
                self.reach = max(self.reach, clauses["over"][1] + clauses.get("delayed", 0))
            return
        for part in tree:
            self.survey(event, part)

    def reads_label(self, tree):
        if not isinstance(tree, (tuple, list)):
            return False
        if len(tree) == 2 and tree[0] == "name":
            return tree[1] in self.labels
        return any(self.reads_label(part) for part in tree)

    def admit(self, event, given):
        """The typed fields of a raw event {input name: raw value}, or Refused."""
        values = {}
        for field in self.events[event]:
            raw = given.get(field.source)
            value = None if raw is None else self.typed(field, raw)
            if value is None:
                value = field.default
            if value is None and not field.optional:
                raise Refused(f"{field.name} is missing")
            if value is not None and field.minimum is not None:
                if Fraction(*map(int, (value.mantissa, 10**value.scale))
                            if isinstance(value, Dec) else (value,)) < Fraction(field.minimum):
                    raise Refused(f"{field.name} is below its minimum")
            values[field.name] = value
        return values

    def typed(self, field, raw):
        kind = field.type
        if kind == "string":
            return str(raw)
        if kind == "bool":
            if raw in (True, False):
                return bool(raw)
            return {"true": True, "1": True, "false": False, "0": False}[raw]
        if kind == "int64":
            value = int(raw)
            if value not in kInt64:
                raise Refused(f"{field.name} is out of range")
            return value
        if kind == "double":
            return float(raw) + 0.0
        if kind == "decimal":
            exactly = Fraction(str(raw)) * 10**field.scale
            if exactly.denominator != 1:
                raise Refused(f"{field.name} has too many digits")
            return Dec(int(exactly), field.scale)
        if kind == "timestamp":
            return self.timestamp(raw)
        if kind == "duration":
            return duration(raw)
        raise SyntaxError(kind)

    def timestamp(self, raw):
        if not isinstance(raw, str) or re.fullmatch(r"-?\d+(\.\d+)?", raw):
            return Time(Fraction(str(raw)) * 10**6)
        moment = datetime.fromisoformat(raw.replace("Z", "+00:00"))
        naive = moment.tzinfo is None
        moment = moment.replace(tzinfo=timezone.utc) if naive else moment
        since = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
        micros = (since.days * 86400 + since.seconds) * 10**6 + since.microseconds
        return Time(micros - (self.offset if naive else 0))


def offset_of(text):
    match = re.fullmatch(r"([-+])(\d\d):(\d\d)", text)
    if not match:
        return 0
    minutes = int(match[2]) * 60 + int(match[3])
    return Span((minutes if match[1] == "+" else -minutes) * 60 * 10**6)


def fields_of(event):
    fields = []
    for name, given in event["fields"].items():
        given = {"type": given} if isinstance(given, str) else given
        match = re.fullmatch(r"(\w+)(?:\((\d+)\))?", given["type"])
        fields.append(Field(name, match[1], int(match[2] or 0), given.get("from", name),
                            given.get("optional", False), given.get("default"),
                            given.get("minimum"), given.get("use") == "label"))
    return fields


def label_of(name, label):
    tree = parse(label["value"])
    otherwise = label.get("otherwise")
    if tree[0] == "name":
        return Label(name, label["of"], tree[1], None, None, None, None, 0, otherwise,
                     duration(label.get("after", "0s")))
    _, function, arguments, clauses = tree
    if function not in ("any", "all", "first", "last", "min", "max"):
        raise SyntaxError(f"label {name}: {function}")
    within = clauses["over"][1]
    return Label(name, label["of"], None, clauses["from"], arguments[0], clauses.get("where"),
                 clauses["by"][0][0], within, otherwise,
                 duration(label["after"]) if "after" in label else within)


def keys_of(clauses):
    return tuple(key for key, _ in clauses["by"])


def multiplied(name, text, sets):
    """x_{days} once a member of `days`; several sets in one name give all pairs."""
    used = [one for one in re.findall(r"\{(\w+)\}", name) if one in sets]
    for members in itertools.product(*(sets[one] for one in used)):
        one, expression = name, text
        for marker, member in zip(used, members):
            one = one.replace("{%s}" % marker, member)
            expression = expression.replace("{%s}" % marker, member)
        yield one, expression
