// The application that a seed of roles_test.cc is about, and what is offered to it.
#pragma once

#include "app/load.h"
#include "host/roles_world.h"
#include "learn/linear.h"

namespace quintet::host {

inline constexpr Micros kRolesBegin = 1'700'000'000 * kSecond;

struct RolesApplication {
  std::shared_ptr<const app::Spec> first, second;  // two forms of it
  bool model = false;
  bool retains = false;  // not all of its log
};

inline std::shared_ptr<const app::Spec> load_roles(const std::string& text) {
  const app::Loaded loaded = app::load(text);
  for (const auto& diagnostic : loaded.diagnostics) {
    if (!diagnostic.warning) ADD_FAILURE() << diagnostic.message << "\n" << text;
  }
  return loaded.spec;
}

// Some of these, each a line of the application's `features`.
inline std::string some_columns(RolesWorld& world, bool retains, bool report, bool table) {
  std::string text;
  // Of what was removed nothing private may stay that an erase could not find.
  const std::string last = retains ? "1h" : "all";
  const std::vector<std::string> columns = {"spent: sum(amount) over 1h by shop",
                                            "cards: distinct(card) over 1h by shop",
                                            "last_card: last(card) over " + last + " by shop",
                                            "ever: max(amount) over all by shop",
                                            "spread: std(amount) over all by customer",
                                            "three: list(amount, 3) over 5 events by customer",
                                            "burst: count() over session 30s by shop",
                                            "p90: quantile(amount, 0.9) over 1h by shop",
                                            "pair: count() over 10m by (customer, shop)"};
  for (const std::string& column : columns) {
    if (world.chance(0.5)) text += "      " + column + "\n";
  }
  if (report) text += "      bad_ones: count() where reported over 1h delayed 2m by customer\n";
  if (table) text += "      town: branch.town\n";
  return text;
}

// Windows of every kind, labels on the event and by report, a table, private fields, a model,
// decisions and views: each may be missing.
// `much`: it will see so much time that some of its log can go.
inline RolesApplication make_application(RolesWorld& world, bool much) {
  const bool privacy = world.chance(0.8), report = world.chance(0.8), table = world.chance(0.7);
  RolesApplication made;
  made.model = world.chance(0.8);
  const std::string pseudonym = privacy ? ", privacy: pseudonymize" : "";
  std::string text = "quintet: 1\napp: roles\nlate: ";
  text += world.chance(0.5) ? "1h\n" : "2m\n";
  made.retains = much && world.chance(0.8);
  if (made.retains) text += "retain: 130m\n";
  if (table) text += "tables:\n  branch: {key: shop, fields: {shop: string, town: string}}\n";
  text +=
      "events:\n  payment:\n    id: id\n    time: at\n    fields:\n      id: string\n"
      "      at: timestamp\n      customer: {type: string, optional: true" +
      pseudonym +
      "}\n"
      "      card: {type: string, optional: true" +
      pseudonym +
      "}\n      shop: string\n"
      "      amount: {type: decimal(2), minimum: 0}\n"
      "      bad: {type: bool, optional: true, use: label}\n";
  if (report) {
    text +=
        "  report: {id: id, time: at, fields: {id: string, at: timestamp, of: string, "
        "fraud: bool}}\n";
  }
  text += "labels:\n  known: {of: payment, value: bad, otherwise: false, after: 1m}\n";
  if (report) {
    text +=
        "  reported: {of: payment, value: any(fraud) from report over next 1h by of, "
        "otherwise: false, after: 2m}\n";
  }
  text +=
      "features:\n  tx:\n    of: payment\n    columns:\n"
      "      n_5m: count() over 5m by customer including this\n"
      "      risk: coalesce(mean(known) over 1h delayed 1m by shop, 0)\n";
  text += some_columns(world, made.retains, report, table);
  std::string tail;
  if (made.model) {
    tail +=
        "models:\n  score: {of: payment, type: linear, inputs: [n_5m, amount, risk], "
        "file: none.json}\n";
  }
  tail += "decisions:\n  verdict:\n    of: payment\n    cases:\n";
  if (made.model) tail += "      - {when: score >= 0.6, then: stop}\n";
  tail +=
      "      - {when: risk > 0.3, then: review}\n      - {then: go}\nviews:\n"
      "  verdicts: {of: payment, by: verdict, ";
  if (made.retains) tail += "every: 5m, retain: 20m, ";
  tail += "aggregate: {n: count(), money: sum(amount), end: last(customer)}}\n";
  if (report) tail += "  reports: {of: report, by: fraud, aggregate: {n: count(), of: last(of)}}\n";
  if (world.chance(0.6)) {
    tail +=
        "  shops: {of: payment, by: [shop], every: 1m, retain: 30m, aggregate: "
        "{n: count(), cards: 'top_k(card, 2)'}}\n";
  }
  const std::string more =
      "      later: min(amount) over 1h by customer\n      weekday: weekday(at)\n";
  made.first = load_roles(text + tail);
  made.second = load_roles(text + more + tail);
  return made;
}

inline stage::ModelVersion roles_model(int number) {
  learn::LinearParts parts;
  parts.bias = -2;
  parts.inputs = {{"n_5m", 0.5 * number, 0}, {"amount", 0.002, 0}, {"risk", 1, 0}};
  stage::ModelVersion model;
  model.model = "score";
  model.digest = learn::Linear::make(parts)->digest();
  model.bytes = learn::to_json(parts);
  return model;
}

struct RolesEvent {
  std::string type, id, json;
};

// Payments, repeats of ids with equal and with other content, reports before and after their
// payment, rows of the table; event times go back and forth, some too far.
class RolesEvents {
 public:
  // With `recent`, what is sent again is not long ago.
  RolesEvents(RolesWorld& world, const app::Spec& spec, bool recent)
      : world_(world), spec_(spec), recent_(recent) {}

  RolesEvent next(Micros now) {
    const int what = world_.below(12);
    const std::int64_t at = now / kSecond - world_.below(60) -
                            (world_.chance(0.03) ? (recent_ ? 3000 : 7000) : 0) +
                            (world_.chance(0.03) ? 999'999 : 0);
    const std::string time = std::to_string(at);
    if (what == 0 && !sent_.empty()) {
      RolesEvent again = sent_[static_cast<std::size_t>(earlier(static_cast<int>(sent_.size())))];
      if (world_.chance(0.3)) again.json.insert(again.json.size() - 1, " ");
      return again;
    }
    if (what <= 2 && spec_.event_index("report") >= 0) {
      const std::string id = "r" + std::to_string(++reports_);
      const int of = std::max(1, payments_ - 10 + world_.below(16));
      return keep({"report", id,
                   R"({"id":")" + id + R"(","at":)" + time + R"(,"of":"p)" + std::to_string(of) +
                       R"(","fraud":)" + (world_.chance(0.6) ? "true}" : "false}")});
    }
    if (what == 3 && spec_.event_index("branch") >= 0) {
      const std::string shop = "s" + std::to_string(world_.below(4));
      return {"branch", shop,
              R"({"shop":")" + shop + R"(","town":"t)" + std::to_string(world_.below(9)) + R"("})"};
    }
    const bool conflict = world_.chance(0.04) && payments_ > 0;
    const std::string id = "p" + std::to_string(conflict ? 1 + earlier(payments_) : ++payments_);
    std::string json = R"({"id":")" + id + R"(","at":)" + time;
    if (world_.chance(0.95)) json += R"(,"customer":")" + customer() + "\"";
    if (world_.chance(0.7)) json += R"(,"card":"c)" + std::to_string(world_.below(12)) + "\"";
    json += R"(,"shop":"s)" + std::to_string(world_.below(4)) + R"(","amount":)" +
            std::to_string(world_.below(50000)) + ".25";
    if (world_.chance(0.4)) json += world_.chance(0.3) ? R"(,"bad":true)" : R"(,"bad":false)";
    return keep({"payment", id, json + "}"});
  }
  // New ones come: who was erased never comes back.
  std::string customer() { return "u" + std::to_string(payments_ / 15 + world_.below(9)); }

 private:
  // One of so many.
  int earlier(int count) {
    const int from = recent_ ? std::max(0, count - 40) : 0;
    return from + world_.below(count - from);
  }
  RolesEvent keep(RolesEvent event) {
    sent_.push_back(event);
    return event;
  }
  RolesWorld& world_;
  const app::Spec& spec_;
  const bool recent_;
  int payments_ = 0, reports_ = 0;
  std::vector<RolesEvent> sent_;
};

}  // namespace quintet::host
