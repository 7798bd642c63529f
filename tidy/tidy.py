#!/usr/bin/env python3
"""Checks the rules of STYLE.md and ARCHITECTURE.md that a machine can check.

Prints `path:line: rule: what to do` for each break, and ends with 'N passed, N failed' (rules).
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import code_rules  # noqa: E402
import paper_rules  # noqa: E402
from source import Tree  # noqa: E402

RULES = code_rules.RULES + paper_rules.RULES


def check(root, rules=None):
    """[(rule name, path, line, message)] of the tree at `root`."""
    tree = Tree(root)
    return [(rule.__name__.replace("_", " "), *finding)
            for rule in rules or RULES for finding in rule(tree)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    found = check(root)
    for rule, path, line, message in found:
        print(f"{path}:{line}: {rule}: {message}")
    broken = len({rule for rule, *_ in found})
    print(f"{len(RULES) - broken} passed, {broken} failed")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
