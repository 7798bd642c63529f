"""The log of docs/SEMANTICS.md replayed by recomputing every window from all entries: S1 to S6."""
from collections import defaultdict
from fractions import Fraction

from aggregate import aggregate
from application import keys_of
from expression import evaluate

kBlock = 1000
kRankOfLowTime = 10


class Entry:
    """An event in the log: its fields, and for each of its labels (position, value) last heard."""

    def __init__(self, event, position, time, fields, row_id):
        self.event, self.position, self.time = event, position, time
        self.fields, self.id = fields, row_id
        self.labels = {}
        self.seen = {}  # what a label-free argument or filter gave, by its tree


class Replay:
    def __init__(self, app, first_position=3):
        """The application is recorded at position 1 and activated at 2 (S1.1, S1.2)."""
        self.app = app
        self.position = first_position - 1
        self.low_time = None
        self.block_times = []
        self.by_id = {}
        self.groups = {group: defaultdict(list) for group in app.groups}
        self.tables = defaultdict(dict)
        self.waiting = defaultdict(list)  # (label, event id) -> reports
        self.refused = self.repeated = self.conflicts = 0

    def refuse(self, place, error):
        self.refused += 1

    def offer(self, event, fields, place):
        """Gives the event the next position; its (entry, row), or None if it is repeated."""
        if event in self.app.tables:
            self.advance(None)
            key = tuple(fields[name] for name in self.app.tables[event])
            self.tables[event][key] = fields
            return None
        id_field = self.app.ids[event]
        row_id = fields[id_field] if id_field else place
        known = self.by_id.get((event, row_id))
        if known:
            if known.fields == fields:
                self.repeated += 1
            else:
                self.conflicts += 1
            return None
        entry = Entry(event, self.position + 1, fields[self.app.times[event]], fields, row_id)
        self.know_labels(entry)
        row = self.row(entry)
        self.enter(entry)
        self.advance(entry.time)
        return entry, row

    def advance(self, time):
        """S2.2: at the end of a block its tenth smallest time may become the low time."""
        self.position += 1
        if time is not None:
            self.block_times.append(time)
        if self.position % kBlock == 0:
            if len(self.block_times) >= kRankOfLowTime:
                candidate = sorted(self.block_times)[kRankOfLowTime - 1]
                if self.low_time is None or candidate > self.low_time:
                    self.low_time = candidate
            self.block_times = []

    def know_labels(self, entry):
        """What is known with the event: its label fields, and reports that waited (S5.1, S5.2)."""
        for label in self.app.labels.values():
            if label.of != entry.event:
                continue
            if label.field:
                entry.labels[label.name] = (entry.position, entry.fields[label.field])
            for report in self.waiting.pop((label.name, str(entry.id)), []):
                self.join(label, report, entry)

    def enter(self, entry):
        self.by_id[entry.event, entry.id] = entry
        for (source, keys), groups in self.groups.items():
            if source == entry.event:
                key = tuple(entry.fields[name] for name in keys)
                if None not in key:
                    groups[key].append(entry)
        for label in self.app.labels.values():
            if label.report == entry.event:
                target_id = entry.fields[label.key]
                target = self.by_id.get((label.of, target_id))
                if target:
                    self.join(label, entry, target)
                else:
                    self.waiting[label.name, str(target_id)].append(entry)

    def join(self, label, report, target):
        """S5.1: of the reports in the window the one with the greatest position counts."""
        if not target.time < report.time <= target.time + label.within:
            return
        if label.where and evaluate(label.where, by_field(report), self.app.offset) is not True:
            return
        if report.position > target.labels.get(label.name, (0, None))[0]:
            value = evaluate(label.value, by_field(report), self.app.offset)
            target.labels[label.name] = (report.position, value)

    def row(self, entry):
        """{column or decision: value}, in the order of the file."""
        columns, decisions = self.app.columns[entry.event], self.app.decisions[entry.event]
        done = {}

        def look_up(tree):
            if tree[0] == "aggregate":
                return self.aggregate(tree, entry, look_up)
            if tree[0] == "row":
                return self.tables[tree[1]].get(tuple(tree[2]), {}).get(tree[3])
            name = tree[1]
            if name in entry.fields:
                return entry.fields[name]
            if name in columns and name not in done:
                done[name] = evaluate(columns[name], look_up, self.app.offset)
            if name in decisions and name not in done:
                done[name] = next((then for when, then in decisions[name]
                                   if evaluate(when, look_up, self.app.offset) is True), None)
            if name in done:
                return done[name]
            if name in self.app.constants:
                return self.app.constants[name]
            table, _, field = name.partition(".")
            if table in self.app.tables:
                key = tuple(entry.fields[part] for part in self.app.tables[table])
                return self.tables[table].get(key, {}).get(field)
            if table in self.app.models:
                return None  # none was promoted (S7.4)
            raise SyntaxError(f"{name} is unknown on {entry.event}")

        return {name: look_up(("name", name)) for name in [*columns, *decisions]}

    def aggregate(self, tree, asker, look_up):
        _, name, arguments, clauses = tree
        source = clauses.get("from", asker.event)
        groups = self.groups[source, keys_of(clauses)]
        key = tuple(look_up(("name", part)) if of is None else
                    evaluate(of, look_up, self.app.offset) for part, of in clauses["by"])
        history = groups[key] if key in groups else []
        entries = self.window(history, asker, clauses, None not in key)
        where = clauses.get("where")
        if where:
            entries = [entry for entry in entries if self.of(where, entry, asker) is True]
        entries.sort(key=lambda entry: (entry.time, entry.position))
        if not arguments:
            return aggregate(name, None, len(entries), [])
        values = [self.of(arguments[0], entry, asker) for entry in entries]
        literals = [Fraction(tree[1]) for tree in arguments[1:]]
        return aggregate(name, values, len(entries),
                         literals if name == "quantile" else [int(n) for n in literals])

    def window(self, history, asker, clauses, has_key):
        """The entries of S3, this event last if it is included."""
        kind, *size = clauses["over"]
        this = [asker] if clauses.get("including") and has_key else []
        if kind == "all":
            return history + this
        if kind == "count":
            wanted = size[0] - len(this)
            return (history[-wanted:] if wanted else []) + this
        every = clauses.get("every", 1)

        def floor(time):
            return time // every * every

        if self.low_time is not None:
            horizon = self.low_time - self.app.reach - self.app.late
            history = [entry for entry in history if floor(entry.time) > horizon]
        if kind == "session":
            return self.session(history, asker.time, size[0], this)
        right = floor(asker.time) - clauses.get("delayed", 0)
        left = right - size[0]
        return [entry for entry in history + this if left < floor(entry.time) <= right]

    def session(self, history, time, gap, this):
        chain, edge = [], time
        past = [entry for entry in history if entry.time <= time]
        for entry in sorted(past, key=lambda entry: (entry.time, entry.position), reverse=True):
            if edge - entry.time > gap:
                break
            chain.append(entry)
            edge = entry.time
        return chain + this

    def of(self, tree, entry, asker):
        """An argument or filter on `entry`; kept with it unless a label can still change it."""
        if id(tree) in entry.seen:
            return entry.seen[id(tree)]
        value = evaluate(tree, self.seen(entry, asker), self.app.offset)
        if not self.app.reads_label(tree):
            entry.seen[id(tree)] = value
        return value

    def seen(self, entry, asker):
        """Names as an aggregate's argument sees them: the source's fields and labels (S5.3)."""
        def look_up(tree):
            name = tree[1]
            label = self.app.labels.get(name)
            if label is None or label.of != entry.event:
                if name in self.app.constants and name not in entry.fields:
                    return self.app.constants[name]
                return entry.fields[name]
            value = entry.labels.get(name, (0, None))[1]
            if value is None and entry.time + label.after <= asker.time:
                return label.otherwise
            return value

        return look_up


def by_field(entry):
    return lambda tree: entry.fields[tree[1]]
