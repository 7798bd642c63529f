#!/usr/bin/env python3
"""A made-up stream of card transactions as CSV, the same for the same seed.

Customers spend around their own mean, a few times a day; some terminals are taken over for two
weeks and most of what they see then is fraud; some cards are copied and then spend five times as
much.
"""
import argparse
import csv
import datetime
import random
import sys

BEGIN = datetime.datetime(2024, 1, 1)
HEADER = ["TRANSACTION_ID", "TX_DATETIME", "CUSTOMER_ID", "TERMINAL_ID", "TX_AMOUNT", "TX_FRAUD"]
SECONDS = 86400


def transactions(days, customers, terminals, seed):
    dice = random.Random(seed)
    means = [dice.uniform(5, 100) for _ in range(customers)]
    near = [[dice.randrange(terminals) for _ in range(12)] for _ in range(customers)]
    taken, copied = {}, {}
    number = 0
    for day in range(days):
        if dice.random() < .9:
            taken[dice.randrange(terminals)] = day + 14
        copied[dice.randrange(customers)] = day + 7
        rows = []
        for customer in range(customers):
            for _ in range(dice.choices((0, 1, 2, 3, 4), (2, 4, 3, 2, 1))[0]):
                terminal = dice.choice(near[customer])
                amount = abs(dice.gauss(means[customer], means[customer] / 2)) + .5
                fraud = taken.get(terminal, -1) > day and dice.random() < .8
                if copied.get(customer, -1) > day and dice.random() < .3:
                    amount, fraud = amount * 5, True
                rows.append((dice.randrange(SECONDS), customer, terminal, amount, fraud))
        for second, customer, terminal, amount, fraud in sorted(rows):
            number += 1
            at = BEGIN + datetime.timedelta(days=day, seconds=second)
            yield [number, at.strftime("%Y-%m-%d %H:%M:%S"), customer, terminal, f"{amount:.2f}",
                   int(fraud)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--terminals", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skip", type=int, default=0, help="days left out at the beginning")
    args = parser.parse_args()
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(HEADER)
    first = (BEGIN + datetime.timedelta(days=args.skip)).strftime("%Y-%m-%d")
    for row in transactions(args.days, args.customers, args.terminals, args.seed):
        if row[1] >= first:
            out.writerow(row)


if __name__ == "__main__":
    main()
