"""A random application and its input files from a seed: late, repeated and equal-time events, null
keys, labels before and after their event, table rows, several event types."""
import json
import os
import random

HEAD = """quintet: 1
app: random-{seed}
pattern: monolithic
timezone: "{zone}"
late: {late}
sets: {{spans: [7m, 40m]}}
constants: {{limit: 20.5, least: 2}}
tables:
  shop_info:
    key: shop
    fields: {{shop: string, country: {{type: string, optional: true}}, rank: int64}}
    {table_input}
events:
  payment:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      card: {{type: string, optional: true, from: CARD}}
      shop: string
      amount: {{type: decimal(2), minimum: 0}}
      items: {{type: int64, optional: true}}
      risk: {{type: double, optional: true}}
      online: {{type: bool, optional: true}}
      took: {{type: duration, optional: true}}
      bad: {{type: bool, optional: true, use: label}}
  visit:
    id: id
    time: at
    fields: {{id: string, at: timestamp, card: string, page: string}}
  report:
    id: id
    time: at
    fields:
      id: string
      at: timestamp
      payment_id: string
      fraud: bool
      sure: {{type: bool, optional: true}}
      weight: {{type: decimal(3), optional: true}}
labels:
  known_bad: {{of: payment, value: bad, after: 20m}}
  reported:
    of: payment
    value: any(fraud) from report over next 50m by payment_id
    otherwise: false
    after: 30m
  confirmed:
    of: payment
    value: last(fraud) from report where sure over next 20m by payment_id
    after: 20m
features:
"""

PLAIN = ["weekday(at)", "hour(at)", "day(at) + 100 * month(at) + 10000 * year(at)",
         "amount * 3", "amount / 7", "amount * amount", "items + 1", "items % 3", "risk * 2.5",
         "amount > 12.5", "if(online, amount, 0)", "coalesce(items, -1)", "not online",
         "online and items > 2", "online or items > 2", "shop_info.country",
         "shop_info.rank * items", "amount + items", "amount - 0.25", "risk > amount",
         "items is null or card is not null", "took", 'upper(shop) == "SHOP-1"', "-amount",
         "items / 0", "at", "shop_info[lower(shop)].rank", "amount > limit", "items + least"]
NUMBERS = ["amount", "items", "risk", "amount * items", "risk * risk", "items - 3", "amount / 3"]
ANY = NUMBERS + ["shop", "card", "at", "online"]
WINDOWS = ["over {w}", "over {w}", "over {w}", "over {w} delayed {d}", "over {n} events",
           "over all", "over session {g}", "over {m} every {e}", "over {m} every {e} delayed {e}"]
FILTERS = ["", "", "", " where amount > 20", " where online", " where not online or items > 2",
           ' where shop != "shop-1"', " where amount > limit", " where items >= least"]
# What other events' windows are asked: a call, a filter and the key, from the row of a payment.
FOREIGN = [("visit", ["count()", "last(page)", "distinct(page)", "list(page, 3)", "first(at)",
                      "top_k(page, 2)"],
            ["", ' where page != "shop-1"'], ["card", "(page = shop)", "(card, page = shop)"]),
           ("report", ["count()", "any(fraud)", "sum(weight)", "std(weight)", "max(weight)",
                       "quantile(weight, 0.5)", "last(fraud)"],
            ["", " where sure", " where not fraud"], ["(payment_id = id)", "(sure = online)"])]


class Generator:
    def __init__(self, seed):
        self.seed, self.random = seed, random.Random(seed)

    def pick(self, *choices):
        return self.random.choice(choices)

    def window(self):
        text = self.random.choice(WINDOWS)
        return text.format(w=self.pick("90s", "5m", "{spans}", "1h", "3h"),
                           d=self.pick("1m", "30m"), n=self.pick(1, 2, 5, 17),
                           g=self.pick("20s", "2m", "15m"),
                           e="10m", m=self.pick("10m", "1h", "4h"))

    def call(self, labels):
        f = self.random.choice(["count", "count", "sum", "mean", "min", "max", "var", "std", "any",
                                "all", "first", "last", "list", "distinct", "quantile", "top_k"])
        numbers = NUMBERS if not labels else NUMBERS[:3]
        if f == "count":
            return self.pick("count()", "count(items)", "count(online)")
        if f in ("sum", "mean", "var", "std"):
            extra = [] if f == "sum" else ["online", "took"]
            return f"{f}({self.pick(*numbers, *extra)})"
        if f in ("min", "max"):
            return f"{f}({self.pick(*numbers, 'shop', 'at')})"
        if f in ("any", "all"):
            return f"{f}({self.pick('online', 'amount > 10', 'items == 2')})"
        if f == "quantile":
            return f"quantile({self.pick('amount', 'items', 'risk')}, {self.pick(0.5, 0.9, 0.25)})"
        if f == "top_k":
            return f"top_k({self.pick('shop', 'items', 'amount')}, {self.pick(1, 3)})"
        if f == "list":
            return f"list({self.pick(*ANY)}, {self.pick(1, 4, 10)})"
        return f"{f}({self.pick(*ANY)})"

    def aggregate(self):
        if self.random.random() < 0.15:
            call = self.pick("mean(known_bad)", "mean(reported)", "any(reported)",
                             "mean(confirmed)", "count(confirmed)", "first(confirmed)",
                             "count() where reported and not confirmed",
                             "count(known_bad)", "sum(amount) where reported",
                             "count() where known_bad",
                             "last(reported)", "all(known_bad)")
            delay = self.pick("30m", "40m", "45m")
            every = " every 10m" if delay == "40m" else ""
            clauses = f"over {self.pick('10m', '1h', '4h')}{every} delayed {delay}"
            return f"{call} {clauses} by {self.pick('shop', 'card')}"
        window, key = self.window(), self.pick("card", "shop", "(card, shop)", "online")
        text = self.call(False) + self.random.choice(FILTERS) + f" {window} by {key}"
        if "delayed" not in window and self.random.random() < 0.4:
            text += " including this"
        return text

    def foreign(self):
        event, calls, filters, keys = self.random.choice(FOREIGN)
        return (f"{self.pick(*calls)} from {event}{self.pick(*filters)} {self.window()} "
                f"by {self.pick(*keys)}")

    def app(self):
        columns = {f"p{n}": text for n, text in enumerate(self.random.sample(PLAIN, 9))}
        for n in range(16):
            text = self.aggregate()
            columns[f"a{n}" + ("_{spans}" if "{spans}" in text else "")] = text
        for n in range(4):
            text = self.foreign()
            columns[f"f{n}" + ("_{spans}" if "{spans}" in text else "")] = text
        columns["above"] = "amount > coalesce(mean(amount) over 1h by card, 0)"
        columns["nested"] = "if(above, p0, null) is null"
        columns["other"] = "count() from visit over 1h by card"
        visits = {"seen": "count() over all by card",
                  "page_last": "last(page) over 2 events by card",
                  "spent": "sum(amount) from payment where online over 2h by card",
                  "same": "max(amount) from payment over 3h by (shop = page)",
                  "risky": "mean(reported) from payment over 1h delayed 30m by card",
                  "land": "shop_info[page].country"}
        table = "input: {unknown: refuse}" if self.random.random() < 0.5 else ""
        text = HEAD.format(seed=self.seed, zone=self.pick("UTC", "+05:30", "-03:00"),
                           late=self.pick("1m", "30m", "2h"), table_input=table)
        for name, of, cols in (("tx", "payment", columns), ("page", "visit", visits)):
            text += f"  {name}:\n    of: {of}\n    columns:\n"
            text += "".join(f"      {c}: '{e}'\n" for c, e in cols.items())
        return text + ("decisions:\n  verdict:\n    of: payment\n    cases:\n"
                       "      - {when: amount > 50 and above, then: stop}\n"
                       "      - {when: items is null, then: ask}\n      - {then: go}\n")

    def events(self, count):
        """(event type, raw) in the order of arrival."""
        now, seen = 1_700_000_000 * 10**6, []
        for number in range(count):
            if self.random.random() < 0.6:
                now += self.random.randrange(30) * 10**6
            if self.random.random() < 0.1:
                now += self.random.randrange(10**6)
            late = self.random.random()
            time = now - (self.random.randrange(6 * 3600) * 10**6 if late < 0.03 else
                          self.random.randrange(1200) * 10**6 if late < 0.12 else 0)
            chance = self.random.random()
            if chance < 0.03 and seen:
                event, raw = self.random.choice(seen[-300:])
                if self.random.random() < 0.3:
                    raw = dict(raw, shop="other", page="other", fraud=True)
                yield event, raw
                continue
            if chance < 0.15:
                # Some reports come before their payment, or for one that never comes.
                # Several may speak of one, some outside of the window in which they count.
                target = self.random.randrange(max(0, number - 150), number + 20)
                # One far ahead holds the rest of its file back, so that is rare.
                shift = 3600 if self.random.random() < 0.02 else self.pick(0, 0, -1200, 30)
                time += int(self.random.random() * shift) * 10**6
                event, raw = "report", self.report(target)
            elif chance < 0.25:
                event, raw = "visit", {"card": self.card() or "c0",
                                       "page": f"shop-{self.random.randrange(6)}"}
            elif chance < 0.28:
                yield "shop_info", {"shop": f"shop-{self.random.randrange(6)}",
                                    "country": self.pick("BE", "FR", None),
                                    "rank": self.random.randrange(-5, 5)}
                continue
            else:
                event, raw = "payment", self.payment()
                # What is told of a late one before it comes itself.
                for n in range(self.random.randrange(4) if time < now else 0):
                    told = time + self.random.randrange(-120, 3600) * 10**6
                    yield "report", {"id": f"r{number}-{n}", "at": stamp(min(told, now)),
                                     **self.report(number)}
            raw = {"id": f"e{number}", "at": stamp(time), **raw}
            seen.append((event, raw))
            yield event, raw

    def report(self, target):
        raw = {"payment_id": f"e{target}", "fraud": self.random.random() < 0.6,
               "sure": self.pick(None, True, True, False),
               "weight": self.pick(None, "0.125", "-7", 12, "3.5")}
        return {name: value for name, value in raw.items() if value is not None}

    def card(self):
        return None if self.random.random() < 0.05 else f"c{int(self.random.expovariate(0.2))}"

    def payment(self):
        amount = self.random.randrange(-100 if self.random.random() < 0.01 else 0, 10_000) / 100
        risk = self.pick(None, self.random.gauss(0, 1), self.random.expovariate(1e-9), 0.1, -0.0,
                         1e16, -1e16, 1.0)
        raw = {"CARD": self.card(), "shop": f"shop-{self.random.randrange(6)}",
               "amount": f"{amount:.2f}", "items": self.pick(None, 0, 1, 2, 3, -4, 2**40),
               "risk": risk, "online": self.pick(None, True, False),
               "took": self.pick(None, "250ms", "3s", "1m"), "bad": self.pick(None, True, False)}
        return {name: value for name, value in raw.items() if value is not None}

    def write(self, folder, count):
        """app.yaml and the inputs, as [(event type, path)] in the order for the command line."""
        path = os.path.join(folder, "app.yaml")
        with open(path, "w") as file:
            file.write(self.app())
        names = ["shop_info", "payment", "report", "visit"]
        paths = [(name, os.path.join(folder, name + ".ndjson")) for name in names]
        files = {name: open(path, "w") for name, path in paths}
        for event, raw in self.events(count):
            files[event].write(json.dumps(raw) + "\n")
        for file in files.values():
            file.close()
        return path, paths


def stamp(micros):
    seconds, fraction = divmod(micros, 10**6)
    days, rest = divmod(seconds, 86400)
    from expression import civil
    year, month, day = civil(days)
    text = f"{year:04}-{month:02}-{day:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return text + (f".{fraction:06}" if fraction else "") + "Z"
