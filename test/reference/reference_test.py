#!/usr/bin/env python3
"""The reference itself, on examples worked out by hand from docs/SEMANTICS.md."""
import os
import sys
import tempfile
import unittest
from fractions import Fraction

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from aggregate import aggregate, bucket, xxh3_64  # noqa: E402
from application import Application  # noqa: E402
from compare import equal  # noqa: E402
from expression import Dec, Span, Time, civil, evaluate, parse  # noqa: E402
from replay import Replay  # noqa: E402

APP = """
quintet: 1
app: t
late: {late}
events:
  e: {{id: id, time: at, fields: {{id: string, at: timestamp, k: {{type: string, optional: true}},
       v: {{type: int64, optional: true}}, bad: {{type: bool, optional: true, use: label}}}}}}
  r: {{id: id, time: at, fields: {{id: string, at: timestamp, e: string, bad: bool}}}}
labels:
  own: {{of: e, value: bad, after: 10s, otherwise: false}}
  told: {{of: e, value: any(bad) from r over next 20s by e, otherwise: false, after: 10s}}
features:
  f:
    of: e
    columns: {{x: '{x}'}}
"""


class Examples(unittest.TestCase):
    def replay(self, column, events, late="1d"):
        """Values of `column` on events ('e', id, seconds, key, v) or ('r', id, seconds, e, bad)."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(APP.format(x=column, late=late))
            file.flush()
            app = Application(file.name)
        replay, values = Replay(app), []
        for event, name, seconds, *rest in events:
            raw = {"id": name, "at": str(seconds)}
            if event == "e":
                raw |= {"k": rest[0], "v": rest[1], "bad": rest[2] if len(rest) > 2 else None}
            else:
                raw |= {"e": rest[0], "bad": rest[1]}
            admitted = replay.offer(event, app.admit(event, raw), name)
            if admitted and event == "e":
                values.append(admitted[1]["x"])
        return values

    def test_a_window_is_open_at_the_left_and_closed_at_the_right(self):  # S3.1
        events = [("e", "a", 0, "k", 1), ("e", "b", 10, "k", 1), ("e", "c", 10, "k", 1),
                  ("e", "d", 5, "k", 1)]
        self.assertEqual(self.replay("count() over 10s by k", events), [0, 0, 1, 1])
        self.assertEqual(self.replay("count() over 10s by k including this", events), [1, 1, 2, 2])
        self.assertEqual(self.replay("count() over 5s delayed 5s by k", events), [0, 0, 0, 1])

    def test_null_keys_and_repeated_ids_are_in_no_group(self):  # S3.7, S1.4
        events = [("e", "a", 0, None, 1), ("e", "b", 1, None, 1), ("e", "c", 2, "k", 1),
                  ("e", "c", 2, "k", 1), ("e", "c", 3, "k", 1), ("e", "d", 3, "k", 1)]
        self.assertEqual(self.replay("count() over all by k including this", events), [0, 0, 1, 2])

    def test_count_windows_go_by_position_and_order_by_time(self):  # S3.2, S3.6
        events = [("e", "a", 9, "k", 1), ("e", "b", 8, "k", 2), ("e", "c", 7, "k", 3),
                  ("e", "d", 1, "k", 4)]
        self.assertEqual(self.replay("list(v) over 2 events by k", events),
                         [[], [1], [2, 1], [3, 2]])
        self.assertEqual(self.replay("first(v) over 2 events by k including this", events)[-1], 4)

    def test_sessions_end_at_a_gap(self):  # S3.4
        events = [("e", n, t, "k", 1) for n, t in (("a", 0), ("b", 3), ("c", 9), ("d", 12))]
        self.assertEqual(self.replay("count() over session 3s by k", events), [0, 1, 0, 1])
        self.assertEqual(self.replay("count() over session 6s by k", events), [0, 1, 2, 3])

    def test_every_rounds_both_times_down(self):  # S3.5
        events = [("e", n, t, "k", 1) for n, t in (("a", 9), ("b", 11), ("c", 19), ("d", 21))]
        self.assertEqual(self.replay("count() over 10s every 10s by k", events), [0, 0, 1, 0])

    def test_labels_are_known_late_and_by_report(self):  # S5.1, S5.2, S5.3
        events = [("e", "a", 0, "k", 1), ("r", "q", 5, "a", True), ("r", "s", 9, "b", True),
                  ("e", "b", 8, "k", 1), ("e", "c", 15, "k", 1), ("r", "t", 6, "a", False),
                  ("e", "d", 30, "k", 1)]
        told = self.replay("mean(told) over 1h delayed 10s by k", events)
        self.assertEqual(told, [None, None, 1.0, 1 / 3])
        known = [("e", "a", 0, "k", 1, True), ("e", "b", 20, "k", 1)]
        self.assertEqual(self.replay("mean(own) over 1h delayed 10s by k", known), [None, 1.0])

    def test_what_lies_behind_the_low_time_is_forgotten(self):  # S2.2, S2.3, S2.4
        many = [("e", f"m{n}", 1000 + n, "m", 1) for n in range(1000)]
        # The first event is at position 2, so the first block holds 999 events; without the first,
        # whose time is 900, the ninth of the others is the tenth: 1008.
        events = [("e", "a", 900, "k", 1), *many[:998], ("e", "b", 950, "k", 1)]
        self.assertEqual(self.replay("count() over 100s by k", events, "9s")[-1], 1)
        self.assertEqual(self.replay("count() over 100s by k", events, "7s")[-1], 0)
        self.assertEqual(self.replay("count() over all by k", events, "7s")[-1], 1)

    def test_sums_are_exact(self):  # S4.2
        self.assertEqual(aggregate("sum", [1e16, 1.0, -1e16], 3, []), 1.0)
        self.assertEqual(aggregate("sum", [Dec(1, 2), Dec(2, 2)], 2, []), Dec(3, 2))
        self.assertIsNone(aggregate("sum", [2**62, 2**62], 2, []))
        self.assertEqual(aggregate("mean", [True, False, None], 3, []), 0.5)
        self.assertEqual(aggregate("var", [1, 2, 3, 4], 4, []), 1.25)
        self.assertEqual(aggregate("std", [Dec(10, 1), Dec(30, 1)], 2, []), 1.0)
        self.assertEqual([aggregate(f, [], 0, []) for f in ("count", "sum", "list", "mean")],
                         [0, 0, [], None])

    def test_sketches_are_functions_of_the_multiset(self):  # S4.6
        self.assertEqual(aggregate("top_k", ["b", "a", "b", "a", "c"], 5, [2]), ["a", "b"])
        self.assertEqual(aggregate("quantile", [1, 2, 3, 4], 4, [Fraction("0.5")]), 2.0)
        self.assertEqual((bucket(1.999), bucket(-1.001), bucket(0.0)), (1.9921875, -1.0, 0.0))
        self.assertEqual(aggregate("distinct", ["a", "b", "a", None], 4, []), 2)
        self.assertEqual(xxh3_64(b""), 0x2D06800538D394C2)  # from the specification

    def test_expressions_follow_S6(self):
        def value(text, **names):
            return evaluate(parse(text), lambda tree: names[tree[1]])

        self.assertEqual(value("a + b", a=Dec(125, 2), b=Dec(5, 1)), Dec(175, 2))  # S6.3
        self.assertEqual(value("a / 3", a=Dec(100, 2)), 1 / 3)
        self.assertIsNone(value("a * 2", a=2**62))
        self.assertEqual(value("a % 3", a=-1), 2)
        self.assertTrue(value("a == 0.1", a=Dec(1, 1)))  # S6.4
        self.assertFalse(value("a == b", a=Dec(1, 1), b=0.1))
        self.assertIsNone(value("a and b", a=True, b=None))  # S6.2
        self.assertIs(value("a and b", a=False, b=None), False)
        self.assertEqual(value("if(a > 1, 1, 2)", a=None), 2)
        self.assertEqual(value("weekday(t)", t=Time(0)), 4)  # S6.5
        self.assertEqual(civil(11016), (2000, 2, 29))

    def test_cells_are_compared_by_value(self):
        self.assertTrue(equal(Dec(150, 2), "1.5") and equal(0.1, "0.1") and equal(None, ""))
        self.assertTrue(equal(Time(1_500_000), "1970-01-01T00:00:01.5Z"))
        self.assertTrue(equal(Span(90 * 10**6), "1m30s") and equal(["a", "b"], '["a","b"]'))
        self.assertFalse(equal(0.1, "0.10000000000000002") or equal(True, "1") or equal(0, ""))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
