#!/usr/bin/env python3
"""The kill harness finds what it is for: lost, doubled, changed results are planted and found."""
import copy
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kill  # noqa: E402


def result(number, **more):
    return {"event": "payment", "id": f"e{number}", "position": number + 2, "features": {"n": 1},
            "trace_id": "t", **more}


class Planted(unittest.TestCase):
    def setUp(self):
        self.results = [result(number) for number in range(5)]
        self.undisturbed = copy.deepcopy(self.results)
        self.writer = kill.Writer(1, 0)
        for one in self.results:
            self.writer.take("payment", {"id": one["id"]}, copy.deepcopy(one))

    def found(self):
        return kill.faults_of([self.writer], self.results, self.undisturbed)

    def test_equal_runs_have_no_fault(self):
        self.results[2]["trace_id"] = "other"
        self.assertEqual(self.found(), [])

    def test_an_acknowledged_event_that_is_lost_is_found(self):
        del self.results[4]
        self.assertTrue(any("lost" in fault for fault in self.found()))

    def test_an_event_with_two_results_is_found(self):
        self.results.append(result(1, position=7))
        self.assertTrue(any("two results" in fault for fault in self.found()))

    def test_a_gap_and_a_repeated_position_are_found(self):
        self.results[4]["position"] = 9
        self.assertTrue(any("gaps" in fault for fault in self.found()))
        self.results[4]["position"] = 5
        self.assertTrue(any("doubled" in fault for fault in self.found()))

    def test_a_result_that_changed_after_its_acknowledgement_is_found(self):
        self.results[3]["features"] = {"n": 2}
        self.undisturbed[3]["features"] = {"n": 2}
        self.assertTrue(any("was acknowledged as" in fault for fault in self.found()))

    def test_a_result_that_differs_from_the_undisturbed_run_is_found(self):
        self.undisturbed[3]["features"] = {"n": 2}
        self.assertTrue(any("undisturbed" in fault for fault in self.found()))

    def test_another_answer_to_the_same_event_is_found(self):
        self.writer.take("payment", {"id": "e1"}, result(1, features={"n": 3}))
        self.assertTrue(any("then" in fault for fault in self.found()))

    def test_a_feed_is_the_same_for_the_same_seed(self):
        first, second = kill.Feed(3, 1), kill.Feed(3, 1)
        second.at(400)
        self.assertEqual([first.at(n) for n in range(300)], [second.at(n) for n in range(300)])


if __name__ == "__main__":
    done = unittest.main(exit=False, verbosity=0).result
    bad = len(done.failures) + len(done.errors)
    print(f"{done.testsRun - bad} passed, {bad} failed")
    sys.exit(1 if bad else 0)
