#!/usr/bin/env python3
"""AUC ROC, average precision and card precision at 100 a day on the published split of the fraud
data, from scored rows: --rows FILE (a CSV of `quintet backfill` with a column of scores).

Without --rows it trains first: apps/fraud as of 2018-08-22 with a window of seven days, so that
with the label's delay of seven days the training part is 07-25 to 07-31 and the holdout 08-08 to
08-14.
"""
import argparse
import csv
import gzip
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict

PUBLISHED = {"logistic regression": (.871, .606, .291), "random forest": (.867, .658, .287),
             "XGBoost": (.862, .639, .273)}
kAuc, kAveragePrecision = .87, .63


def auc_roc(pairs):
    """Of (score, is positive): the chance that a positive is above a negative, ties a half."""
    by_score = defaultdict(lambda: [0, 0])
    for score, positive in pairs:
        by_score[score][positive] += 1
    below = wins = positives = 0
    for score in sorted(by_score):
        negative, positive = by_score[score]
        wins += positive * (2 * below + negative)
        below += negative
        positives += positive
    return wins / (2 * below * positives)


def average_precision(pairs):
    """Sum of precision times the step in recall, equal scores taken together."""
    by_score = defaultdict(lambda: [0, 0])
    for score, positive in pairs:
        by_score[score][positive] += 1
    total = sum(counts[1] for counts in by_score.values())
    taken = hits = 0
    area = 0.0
    for score in sorted(by_score, reverse=True):
        negative, positive = by_score[score]
        taken += negative + positive
        hits += positive
        area += hits / taken * positive
    return area / total


def card_precision(rows, top=100):
    """Mean over days of the share of frauds among the `top` cards not yet known as compromised."""
    days = defaultdict(dict)
    for day, card, score, positive in rows:
        best, fraud = days[day].get(card, (-1.0, False))
        days[day][card] = (max(best, score), fraud or positive)
    shares, known = [], set()
    for day in sorted(days):
        cards = {card: value for card, value in days[day].items() if card not in known}
        first = sorted(cards, key=lambda card: -cards[card][0])[:top]
        caught = {card for card in first if cards[card][1]}
        known |= caught
        shares.append(len(caught) / top)
    return sum(shares) / len(shares)


def trained_rows(args, folder, scratch):
    """Trains on the split, scores everything; the path of the rows."""
    with open(args.app) as file:
        text = file.read()
    app = os.path.join(scratch, "app.yaml")
    split = re.sub(r"(\n *)holdout: last 7d\b", r"\1holdout: last 7d\1window: 7d", text)
    assert split != text, "no training with a holdout of seven days in the application"
    with open(app, "w") as file:
        file.write(split)
    transactions = os.path.join(folder, "transactions_20180611_20180814.csv.gz")
    model, rows = os.path.join(scratch, "model.ubj"), os.path.join(scratch, "rows.csv")
    subprocess.run([args.program, "train", app, "--input", "transaction=" + transactions,
                    "--as-of", "2018-08-22", "--output", model], check=True)
    subprocess.run([args.program, "backfill", app, "--input", "transaction=" + transactions,
                    "--model", f"{args.column}={model}", "--output", rows], check=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--app", default="apps/fraud/app.yaml")
    parser.add_argument("--data", default=os.environ.get("QUINTET_DATA", "../shared/data"))
    parser.add_argument("--program", default=os.environ.get("QUINTET", "build/quintet"))
    parser.add_argument("--rows", help="scored rows; without it, train and score first")
    parser.add_argument("--column", default="score")
    args = parser.parse_args()
    folder = os.path.join(args.data, "fraud")
    with tempfile.TemporaryDirectory() as scratch:
        path = args.rows or trained_rows(args, folder, scratch)
        with open(path, newline="") as file:
            scored = csv.DictReader(file)
            column = next(name for name in scored.fieldnames
                          if name == args.column or name.startswith(args.column + "."))
            scores = {row["id"]: row[column] for row in scored}
    name = os.path.join(folder, "reference_features_20180725_20180814.csv.gz")
    rows, baseline = [], []
    with gzip.open(name, "rt", newline="") as file:
        for row in csv.DictReader(file):
            if row["SPLIT"] == "test":
                fraud = row["TX_FRAUD"] == "1"
                day = row["TX_DATETIME"][:10]
                given = scores[row["TRANSACTION_ID"]]
                rows.append((day, row["CUSTOMER_ID"], float(given or 0), fraud))
                baseline.append((day, row["CUSTOMER_ID"], float(row["BASELINE_XGB_SCORE"]), fraud))
    print(f"{len(rows)} test transactions, {sum(row[3] for row in rows)} frauds"
          "   AUC ROC / average precision / card precision at 100")
    for label, figures in [("ours", measures(rows)), ("scores in the file", measures(baseline)),
                           *[(f"published, {k}", v) for k, v in PUBLISHED.items()]]:
        print(f"  {label:32} " + " / ".join(f"{figure:.3f}" for figure in figures))
    auc, precision, _ = measures(rows)
    good = auc >= kAuc and precision >= kAveragePrecision
    print(f"{int(good)} passed, {int(not good)} failed")
    return 0 if good else 1


def measures(rows):
    pairs = [(score, positive) for _, _, score, positive in rows]
    return auc_roc(pairs), average_precision(pairs), card_precision(rows)


if __name__ == "__main__":
    sys.exit(main())
