#!/usr/bin/env python3
"""The metrics of a model card against scikit-learn's, on models with many equal scores: binary, a
regression, three classes.

Trains on made-up rows, scores them with `quintet backfill`, and computes each metric of the holdout
again with scikit-learn (deps/metrics.lock). Equal means to 1e-12 of the figure.
"""
import csv
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
kRows, kHoldout = 6000, datetime.timedelta(days=7)
APP = """quintet: 1
app: metrics
events:
  e:
    id: id
    time: at
    fields:
      {id: string, at: timestamp, a: int64, b: int64, c: double,
       is_fraud: {type: bool, use: label},
       paid: {type: double, use: label},
       sort: {type: int64, use: label}}
labels:
  fraud: {of: e, value: is_fraud, after: 0d}
  price: {of: e, value: paid, after: 0d}
  kind: {of: e, value: sort, after: 0d}
models:
  two:
    of: e
    type: xgboost
    inputs: [a, b]
    train: {label: fraud, holdout: last 7d, rounds: 5, max_depth: 2,
            metrics: [auc, average_precision, log_loss, brier]}
  number:
    of: e
    type: xgboost
    objective: reg:squarederror
    inputs: [a, b, c]
    train: {label: price, holdout: last 7d, rounds: 5, max_depth: 2, metrics: [rmse, mae]}
  many:
    of: e
    type: xgboost
    objective: multi:softprob
    classes: 3
    inputs: [a, b, c]
    train: {label: kind, holdout: last 7d, rounds: 5, max_depth: 2, metrics: [accuracy, macro_f1]}
"""


def python_with_judge():
    """This script needs scikit-learn: it runs again in the environment that has it."""
    made = subprocess.run([os.path.join(ROOT, "deps", "python"), "metrics"], check=True, text=True,
                          stdout=subprocess.PIPE)
    return os.path.join(made.stdout.strip(), "bin", "python")


def made_up_rows(path):
    """(time, is_fraud, paid, sort) of each row, in order."""
    chance = random.Random(7)
    rows = []
    begin = datetime.datetime(2023, 11, 14, tzinfo=datetime.timezone.utc)
    with open(path, "w") as file:
        file.write("id,at,a,b,c,is_fraud,paid,sort\n")
        for i in range(kRows):
            at = begin + i * datetime.timedelta(minutes=10)
            a, b, c = chance.randrange(6), chance.randrange(5), chance.random()
            z = a - b + chance.gauss(0, 2)
            fraud, paid, sort = z > 2, round(z + c, 4), min(2, max(0, int(z + 1)))
            file.write(f"e{i},{at:%Y-%m-%dT%H:%M:%SZ},{a},{b},{c:.3f},{str(fraud).lower()},{paid},"
                       f"{sort}\n")
            rows.append((at, fraud, paid, sort))
    return rows


def expected_metrics(truths, scored):
    import numpy
    from sklearn import metrics
    fraud = [truth[1] for truth in truths]
    # Labels are float32 for training, and so they are for judging.
    paid = numpy.array([truth[2] for truth in truths], dtype=numpy.float32).astype(numpy.float64)
    kind = [truth[3] for truth in truths]
    chances = [float(row["two.probability"]) for row in scored]
    numbers = [float(row["number.value"]) for row in scored]
    classes = [int(row["many.class"]) for row in scored]
    return {
        "two": {"auc": metrics.roc_auc_score(fraud, chances),
                "average_precision": metrics.average_precision_score(fraud, chances),
                "log_loss": metrics.log_loss(fraud, chances),
                "brier": metrics.brier_score_loss(fraud, chances)},
        "number": {"rmse": metrics.mean_squared_error(paid, numbers) ** .5,
                   "mae": metrics.mean_absolute_error(paid, numbers)},
        "many": {"accuracy": metrics.accuracy_score(kind, classes),
                 "macro_f1": metrics.f1_score(kind, classes, average="macro")},
    }


def main():
    try:
        import sklearn  # noqa: F401
    except ImportError:
        python = python_with_judge()
        os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])
    program = os.environ.get("QUINTET", os.path.join(ROOT, "build", "quintet"))
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        app, data, out = (os.path.join(folder, name) for name in ("app.yaml", "e.csv", "out.csv"))
        with open(app, "w") as file:
            file.write(APP)
        rows = made_up_rows(data)
        cards, models = {}, []
        for name in ("two", "number", "many"):
            model = os.path.join(folder, name + ".ubj")
            subprocess.run([program, "train", app, "--input", "e=" + data, "--model", name,
                            "--output", model], check=True, stderr=subprocess.DEVNULL)
            with open(os.path.join(folder, name + ".card.json")) as file:
                cards[name] = json.load(file)
            models += ["--model", f"{name}={model}"]
        subprocess.run([program, "backfill", app, "--input", "e=" + data, *models, "--output", out],
                       check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        with open(out, newline="") as file:
            scored = list(csv.DictReader(file))
        first = next(i for i, row in enumerate(rows) if row[0] >= rows[-1][0] - kHoldout)
        expected = expected_metrics(rows[first:], scored[first:])
    for name, figures in expected.items():
        for metric, truth in figures.items():
            ours = cards[name]["metrics"][metric]
            good = abs(ours - truth) <= 1e-12 * abs(truth)
            passed, failed = passed + good, failed + (not good)
            print(f"{'ok' if good else 'FAILED':6}  {name}.{metric}: ours {ours!r}, "
                  f"scikit-learn {float(truth)!r}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
