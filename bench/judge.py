"""Figures of one run: ratios round by round, refused where the floor itself moved.

A figure is {"figure", "unit", "floor", "goals", "rounds"}; a round is {"floor": [first, last] or
[], "ours": [...], "peers": {name: value}}. The ratio of a round is that of the means; of the rounds
the median is quoted, with least and most.
"""
import statistics

DRIFT = .15  # by how much the two ends of the floor may differ
FEWEST = 5   # rounds, below which no ratio is quoted


def spread(values):
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def drift(first, last):
    return max(first, last) / min(first, last) - 1 if min(first, last) > 0 else float("inf")


def value_of(name, entry):
    if name == "ours":
        return statistics.mean(entry["ours"])
    if name == "floor":
        return statistics.mean(entry["floor"])
    return entry["peers"][name]


def values_of(of, rounds):
    upper, _, lower = of.partition("/")
    values = []
    for entry in rounds:
        under = value_of(lower, entry) if lower else 1
        values.append(value_of(upper, entry) / under if under else float("inf"))
    return values


def why_refused(figure):
    rounds = figure["rounds"]
    if len(rounds) < FEWEST:
        return f"{len(rounds)} rounds, fewer than {FEWEST}"
    if figure["floor"]:
        ends = [statistics.median(entry["floor"][end] for entry in rounds) for end in (0, 1)]
        if drift(*ends) > DRIFT:
            return (f"the floor's two ends, {ends[0]:.4g} and {ends[1]:.4g} {figure['unit']}, "
                    f"differ by {drift(*ends):.0%}")
    return ""


def judge(figure):
    """Adds "refused" (why, or empty), "values" and, unless refused, what came of each goal."""
    rounds = figure["rounds"]
    figure["refused"] = why_refused(figure)
    names = ["ours"] + (["floor"] if figure["floor"] else []) + sorted(rounds[0]["peers"])
    figure["values"] = {name: spread(values_of(name, rounds)) for name in names}
    if figure["floor"]:
        figure["moved"] = sum(drift(*entry["floor"]) > DRIFT for entry in rounds)
    for goal in figure["goals"]:
        if figure["refused"]:
            continue
        goal["measured"] = spread(values_of(goal["of"], rounds))
        median = goal["measured"]["median"]
        goal["met"] = median <= goal["at_most"] if "at_most" in goal else median >= goal["at_least"]
    return figure


def number(value):
    if value >= 1e4:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def with_range(entry):
    return f"{number(entry['median'])} ({number(entry['least'])} .. {number(entry['most'])})"


def lines(figure):
    """The figure for a terminal."""
    yield f"{figure['figure']}, {figure['unit']}, {len(figure['rounds'])} rounds"
    for name, entry in figure["values"].items():
        shown = figure["floor"] if name == "floor" else name
        yield f"    {shown:32} {with_range(entry)}"
    if figure["refused"]:
        yield f"    refused: {figure['refused']}"
    for goal in figure["goals"]:
        if "measured" not in goal:
            continue
        bound = f"<= {goal['at_most']:g}" if "at_most" in goal else f">= {goal['at_least']:g}"
        verdict = "met" if goal["met"] else "missed"
        yield f"    {goal['of']:32} {with_range(goal['measured'])}, goal {bound}: {verdict}"
