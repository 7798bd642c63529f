#include "app/codes.h"

#include "expr/problem.h"

namespace quintet::app {
namespace {

constexpr CodeEntry kCodes[] = {
    // The text and its YAML.
    {"QNT-0001", "The file is too large",
     "An application file has at most 1 MiB. Larger ones are refused unread.", "", ""},
    {"QNT-0002", "Not a text in UTF-8",
     "The file holds a byte that is not UTF-8, or a control character. Files saved as Latin-1 have "
     "this fault wherever a letter has an accent.",
     "", ""},
    {"QNT-0003", "A tab in the indentation",
     "YAML is indented with spaces; a tab has no width that everybody agrees on.",
     "events:\n<tab>order: ...", "events:\n  order: ..."},
    {"QNT-0004", "Nested too deeply, or too many parts",
     "A file may nest 64 levels and hold 100,000 nodes.", "", ""},
    {"QNT-0005", "An alias that cannot be followed",
     "Anchors (&a) and aliases (*a) may repeat small parts, a thousand nodes in all. Larger "
     "expansions are how a small file is made to fill the memory.",
     "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b, ...]", "sets: {days: [1d, 7d, 30d]}"},
    {"QNT-0006", "Several documents in one file", "An application is one YAML document.",
     "quintet: 1\n---\nquintet: 1", "quintet: 1"},
    {"QNT-0007", "A feature of YAML that is not used here",
     "Tags (!name) and keys that are lists or mappings have no meaning in an application.",
     "amount: !decimal 2", "amount: decimal(2)"},
    {"QNT-0008", "A key that stands twice",
     "Many readers of YAML keep the last one and say nothing. Here both are shown.",
     "columns:\n  night: hour(at) <= 6\n  night: hour(at) <= 5",
     "columns:\n  night: hour(at) <= 6\n  early: hour(at) <= 5"},
    {"QNT-0009", "Not valid YAML",
     "The text cannot be read as YAML. Often a value holds `: ` or ` #` and needs quotes, or an "
     "expression stands inside { } and needs a line of its own.",
     "label: ratio: a / b", "label: \"ratio: a / b\""},
    {"QNT-0010", "An empty file", "There is nothing to load. `quintet new` writes a first file.",
     "", ""},
    // Keys and values.
    {"QNT-0101", "An unknown key",
     "Each block knows its keys, and anything else is refused: a misspelt key that is ignored "
     "would change answers in silence.",
     "events:\n  order:\n    feilds: {...}", "events:\n  order:\n    fields: {...}"},
    {"QNT-0102", "A missing key", "The block cannot do without this key.",
     "labels:\n  fraud: {value: is_fraud}", "labels:\n  fraud: {of: order, value: is_fraud}"},
    {"QNT-0103", "A value of the wrong kind",
     "The key wants another kind of value: a mapping, a list, a duration, true or false.",
     "late: 5 days", "late: 5d"},
    {"QNT-0104", "Not a possible name",
     "Names are small letters, digits and `_`, and begin with a letter, so that they can stand in "
     "expressions, in CSV headers and in URLs. `from:` says what a field is called in the input.",
     "fields: {TX_AMOUNT: double}", "fields: {amount: {type: double, from: TX_AMOUNT}}"},
    {"QNT-0105", "A word that YAML 1.1 reads as a boolean",
     "on, off, yes, no, y and n are booleans for loaders of YAML 1.1, among them PyYAML: the file "
     "would mean something else there.",
     "features: {tx: {on: order}}", "features: {tx: {of: order}}"},
    {"QNT-0106", "A word that is kept for later",
     "The language has room for it and this version does not do it yet. It is refused, not "
     "ignored.",
     "models: {m: {type: onnx}}", "models: {m: {type: xgboost}}"},
    {"QNT-0107", "An expression that YAML cut at a comma",
     "Inside { } and [ ] a comma ends a value, also in the middle of an expression. Write the "
     "expression on a line of its own, or quote it.",
     "columns: {risk: coalesce(mean(x) over 7d by k, 0)}",
     "columns:\n  risk: coalesce(mean(x) over 7d by k, 0)"},
    {"QNT-0108", "Not one of the words", "The key takes one of a few words.", "pattern: monolith",
     "pattern: monolithic"},
    {"QNT-0109", "A number or duration out of bounds",
     "The value must be a whole number between the bounds, or of the form that is shown.",
     "train: {rounds: 0}", "train: {rounds: 100}"},
    {"QNT-0110", "Another version of the language",
     "`quintet: 1` names the version in which the file is written. A build refuses what it does "
     "not know.",
     "quintet: 2", "quintet: 1"},
    {"QNT-0111", "Not a fixed time zone",
     "hour(), weekday() and the like use a fixed offset from UTC. Zones with summer time change "
     "their rules, and answers would change with them.",
     "timezone: Europe/Brussels", "timezone: \"+01:00\""},
    {"QNT-0112", "A pattern that is not in this version",
     "All five patterns give the same answers; this version runs the monolithic one.",
     "pattern: lambda", "pattern: monolithic"},
    {"QNT-0113", "A name that is taken",
     "Events, tables, labels, models and constants share one set of names; fields, columns, models "
     "and decisions of one event another. So a name means one thing in an expression.",
     "columns: {amount: amount * 2}", "columns: {double_amount: amount * 2}"},
    {"QNT-0114", "Records are kept shorter than windows look back",
     "State can always be rebuilt from the log. A log that forgets what a window still sees could "
     "not.",
     "retain: 7d   # with a window of 30d", "retain: 40d"},
    {"QNT-0115", "What could not be erased any more",
     "`retain` removes old records, and what they came to stays in counts without end, tables and "
     "views. Who is erased later is taken out of it by the keys alone: a private field under "
     "another key could not be found.",
     "retain: 90d   # with last(card) over 5 events by terminal_id",
     "last(card) over 5 events by customer_id"},
    // Events, labels, columns.
    {"QNT-0201", "An unknown event or table", "No event or table of this name is declared.",
     "features: {tx: {of: ordr}}", "features: {tx: {of: order}}"},
    {"QNT-0202", "An unknown field", "The event, table or row has no such field or column.",
     "order: {id: order_nr, fields: {order_id: string}}",
     "order: {id: order_id, fields: {order_id: string}}"},
    {"QNT-0203", "Parts that do not fit together",
     "What is named here exists and belongs to something else, or is of another type.",
     "amount: {type: double, privacy: mask}", "phone: {type: string, privacy: mask}"},
    {"QNT-0204", "An unknown type",
     "The types are bool, int64, double, decimal(n), string, timestamp, duration, bytes and "
     "list(T).",
     "amount: float", "amount: double"},
    {"QNT-0205", "A limit or default that does not fit its field",
     "`default`, `minimum`, `maximum`, `levels` and `otherwise` are values of the field's own "
     "type, "
     "and a default must be admitted by the limits itself.",
     "amount: {type: decimal(2), minimum: low}", "amount: {type: decimal(2), minimum: 0}"},
    {"QNT-0206", "Two fields from one name of the input",
     "Each name of the input fills one field. Compute the other in a column.",
     "a: {type: double, from: X}\nb: {type: string, from: X}", "a: {type: double, from: X}"},
    {"QNT-0207", "A field that cannot be the id",
     "An id is always there, is kept, and is compared exactly: no list, no double, not optional, "
     "not dropped. Without `id` the source's own place is the id.",
     "id: note   # {type: string, optional: true}", "id: order_id"},
    {"QNT-0208", "A field that cannot be the time",
     "`time` names a timestamp that is always there. Without `time` the time of admission counts, "
     "and no window of time can be used.",
     "time: day   # a string", "time: at   # a timestamp"},
    {"QNT-0209", "A field that cannot be a table's key",
     "A key is always there and is kept: not optional, no list, not dropped, each field once.",
     "key: nickname   # {type: string, optional: true}", "key: terminal_id"},
    {"QNT-0210", "Not a form of a label",
     "A label is a field of the event itself, or the value that a later event reports.",
     "value: amount > 100", "value: is_fraud"},
    {"QNT-0211", "A label that columns could read",
     "The field of a label is declared `use: label`, so that no column can read the answer it is "
     "to predict.",
     "is_fraud: bool", "is_fraud: {type: bool, use: label}"},
    {"QNT-0212", "A label that is neither last() nor any()",
     "Of several reports the one with the greatest position counts, as the newest word on the "
     "matter. Other functions would mean something else.",
     "value: sum(x) from report over next 30d by order_id",
     "value: last(x) from report over next 30d by order_id"},
    {"QNT-0213", "A label without its report", "`from` names the event type that brings the label.",
     "value: any(fraud) over next 30d by order_id",
     "value: any(fraud) from chargeback over next 30d by order_id"},
    {"QNT-0214", "A label without a key that fits",
     "`by` names the one field of the report that holds the id of the labelled event, with the "
     "id's type and privacy. A label is never joined by another field of the labelled event.",
     "value: any(fraud) from chargeback by (a, b)",
     "value: any(fraud) from chargeback by order_id"},
    {"QNT-0215", "A window that a label cannot have",
     "A label looks forward: `over next 30d`, or no window at all.",
     "value: any(fraud) from chargeback over 30d by order_id",
     "value: any(fraud) from chargeback over next 30d by order_id"},
    {"QNT-0216", "An unknown set", "`{name}` in a column's name stands for a set under `sets`.",
     "x_{day}: count() over {day} by k", "sets: {day: [1d, 7d]}"},
    {"QNT-0217", "A set in the expression alone",
     "Each member of a set makes a column, so the set must stand in the column's name.",
     "x: count() over {days} by k", "x_{days}: count() over {days} by k"},
    {"QNT-0218", "Too many parts",
     "An application has at most 4,096 columns, and at most 1,024 events, fields of an event, "
     "labels, models and so on.",
     "", ""},
    {"QNT-0219", "An unknown label", "No label of this name is declared.", "train: {label: fruad}",
     "train: {label: fraud}"},
    {"QNT-0220", "Something that may not be read here",
     "The name is known, and reading it here would use what is not known yet, or what is dropped.",
     "inputs: [is_fraud]", "inputs: [amount]"},
    // Aggregates and look-ups.
    {"QNT-0402", "A window of time over events without time",
     "Windows by time and sessions need `time` on the event that is read and on the one that asks. "
     "Count windows and `over all` do not.",
     "order: {fields: {k: string}}   # count() over 7d by k",
     "order: {time: at, fields: {k: string, at: timestamp}}"},
    {"QNT-0403", "A label that is read before it is known",
     "A label is known `after` its event, not earlier. An aggregate over labels waits at least so "
     "long, with `delayed`, and so never meets an unknown one.",
     "mean(fraud) over 7d by k", "mean(fraud) over 7d delayed 7d by k"},
    {"QNT-0404", "Columns that need each other",
     "Columns, models and decisions are computed one after the other; a circle has no first one.",
     "a: b + 1\nb: a + 1", "a: amount + 1\nb: a + 1"},
    {"QNT-0405", "An aggregate without a window or a key",
     "An aggregate over earlier events says how far it looks back and whose events it means.",
     "mean(amount)", "mean(amount) over 7d by customer_id"},
    {"QNT-0406", "A column that looks forward",
     "`over next` is for labels. A column knows the past alone.", "count() over next 7d by k",
     "count() over 7d by k"},
    {"QNT-0407", "`including this` on another group",
     "This event can be included only where it is a member: in its own event type's groups, by its "
     "own fields.",
     "count() from refund over 7d by k including this", "count() from refund over 7d by k"},
    {"QNT-0408", "A key that does not fit",
     "A key is made of fields that may be read, has the type and privacy of the group's field, and "
     "is found by the same name or with `by (KEY = EXPRESSION)`.",
     "count() from refund over 7d by buyer",
     "count() from refund over 7d by (buyer = customer_id)"},
    {"QNT-0409", "A look-up that needs another key",
     "`table[x].field` is for tables with one key field; tables with several are looked up by the "
     "event's fields of the same names.",
     "price[product].amount   # key: [product, shop]", "price.amount"},
    // Models.
    {"QNT-0501", "A model without inputs", "`inputs` names the columns and fields a model reads.",
     "inputs: []", "inputs: [amount, ratio]"},
    {"QNT-0502", "A training parameter that the library would refuse",
     "Keys under `train` that are not Quintet's own are passed to the library: they are parameters "
     "of the model's type, each with one value in its range.",
     "train: {eta: [0.1, 0.2]}", "train: {eta: 0.1}"},
    {"QNT-0503", "A label that cannot be learned", "Models learn bools and numbers.",
     "label: reason   # a string", "label: fraud"},
    {"QNT-0504", "An unknown metric", "The metrics are listed in the message.", "metrics: [roc]",
     "metrics: [auc]"},
    {"QNT-0505", "A model from nowhere",
     "A model is trained here (`train`) or brought along "
     "(`file`).",
     "score: {of: tx, type: xgboost, inputs: [a]}",
     "score: {of: tx, type: xgboost, inputs: [a], train: {label: fraud}}"},
    {"QNT-0506", "Not a digest",
     "`sha256` is the digest of `file`, in 64 small hexadecimal digits.", "sha256: 12ab",
     "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    {"QNT-0507", "An objective that is not known or not complete",
     "The objective decides what is learned and which outputs there are. multi:softprob needs "
     "`classes`.",
     "objective: binary", "objective: binary:logistic"},
    {"QNT-0508", "Not a rule for promotion",
     "A new version is promoted if a metric on the same holdout is better than the current "
     "one's: >= where more is better, <= where less is.",
     "when: auc > 0.9", "when: auc >= current"},
    {"QNT-0509", "An unknown input", "No column or field fits this name.", "inputs: [amuont]",
     "inputs: [amount]"},
    {"QNT-0510", "An input that stands twice", "A model reads each input once.",
     "inputs: [amount, amount]", "inputs: [amount]"},
    {"QNT-0511", "An input that is no number",
     "Models read numbers and bools. Make a number of a text in a column, as bucket(x, 64).",
     "inputs: [country]", "inputs: [country_bucket]"},
    {"QNT-0512", "A metric for another kind of model",
     "auc, average_precision, log_loss, brier and precision_at_K judge binary models, accuracy and "
     "macro_f1 multi-class ones, rmse and mae regressions.",
     "objective: binary:logistic\ntrain: {label: fraud, metrics: [rmse]}",
     "train: {label: fraud, metrics: [auc]}"},
    {"QNT-0513", "A model file that cannot be used",
     "`file` is looked for beside the application file. It must be there, be a model that XGBoost "
     "or "
     "Quintet wrote, and have the model's inputs by name and its kind of output.",
     "file: models/scroe.ubj", "file: models/score.ubj"},
    {"QNT-0514", "Not a rule for training again",
     "`retrain` stands beside `train`: `every` so long, after so many `labels`, or at so much "
     "`drift`. With several of them, the first that is met counts.",
     "score: {of: tx, type: xgboost, file: score.ubj, retrain: {every: 1d}}",
     "score: {of: tx, type: xgboost, inputs: [a], train: {label: fraud}, retrain: {every: 1d}}"},
    // Decisions, views, sinks.
    {"QNT-0601", "Not an aggregate of a view",
     "A view keeps one aggregate function under each name. Rows are chosen by `where`, `by` and "
     "`every` of the view.",
     "aggregate: {share: sum(a) / count()}", "aggregate: {sum: sum(a), n: count()}"},
    {"QNT-0602", "Retention without buckets", "`retain` drops old buckets, which `every` makes.",
     "retain: 7d", "every: 1h\nretain: 7d"},
    {"QNT-0603", "A case that is never reached",
     "The first case whose `when` is true counts; one without `when` always does, so it is the "
     "last.",
     "cases: [{then: fine}, {when: score > 0.9, then: block}]",
     "cases: [{when: score > 0.9, then: block}, {then: fine}]"},
    {"QNT-0604", "A sink that nothing is delivered to",
     "This version delivers to no topic and no address yet. It refuses a sink rather than keep "
     "silent.",
     "sinks: {alerts: {of: tx, to: \"topic:alerts\"}}", "views: {alerts: {...}}"},
};

std::string indented(std::string_view text) {
  std::string out = "    ";
  for (char c : text) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out + "\n";
}

std::string full_code(std::string_view code) {
  std::string digits;
  for (char c : code) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return "QNT-" + digits;
}

}  // namespace

std::span<const CodeEntry> codes() {
  return kCodes;
}

std::string explain(std::string_view code) {
  const std::string wanted = full_code(code);
  for (const CodeEntry& entry : kCodes) {
    if (entry.code != wanted) continue;
    std::string out =
        wanted + ": " + std::string(entry.title) + "\n\n" + std::string(entry.text) + "\n";
    if (!entry.wrong.empty()) out += "\nWrong:\n" + indented(entry.wrong);
    if (!entry.right.empty()) out += "\nRight:\n" + indented(entry.right);
    return out;
  }
  for (const expr::CodeText& entry : expr::codes()) {
    if (entry.code != wanted) continue;
    return wanted + ": " + std::string(entry.title) + "\n\n" + std::string(entry.text) + "\n";
  }
  return {};
}

}  // namespace quintet::app
