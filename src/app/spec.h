// The application file, parsed and fully checked: what every other room works from. A Spec is
// immutable, made by app/load.h, shared as shared_ptr<const Spec>. All cross references are indexes
// that were checked, so nobody downstream looks a name up or meets an unknown one.
//
// A row of event type E is one array of values, its *slots*:
//   fields of E | columns | model outputs | decisions | table look-ups and aggregates
// Everything that is computed on E reads and writes slots by index. Programs run in `steps` order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/diagnostic.h"
#include "event/schema.h"
#include "expr/program.h"

namespace quintet::app {

using Slot = int;

enum class Function : std::uint8_t {
  count,
  sum,
  mean,
  min,
  max,
  var,
  std,
  any,
  all,
  first,
  last,
  list,
  distinct,
  quantile,
  top_k,
};

enum class WindowKind : std::uint8_t { time, count, all, session };

struct Window {
  WindowKind kind = WindowKind::all;
  Micros length = 0;   // time: w; session: g
  Micros delay = 0;    // time only
  Micros every = 0;    // time only; 0 means exact edges
  std::int64_t n = 0;  // count: N
  bool operator==(const Window&) const = default;
};

// A label as an aggregate or a training run sees it (S5).
struct Label {
  std::string name;
  int of = -1;  // event type
  event::Type type;
  int field = -1;              // same-event label: the field of `of`; else -1
  int report = -1;             // event type that reports it; else -1
  int report_key = -1;         // field of the report that holds the id of the labelled event
  expr::Program report_value;  // over the report's fields
  expr::Program report_where;  // may be empty
  Micros within = 0;           // report time in (t, t + within]; 0 means any time
  event::Value otherwise;      // null if none
  Micros after = 0;
};

// What a group keeps of each source event, and what is asked of it.
struct Aggregate {
  Function function = Function::count;
  Window window;
  bool including_this = false;
  // Index into Group::inputs, or -1 for count() without argument.
  int input = -1;
  // Index into Group::filters, or -1.
  int filter = -1;
  double q = 0;            // quantile
  std::int64_t limit = 0;  // list, top_k
  event::Type type;        // of the answer
  std::string canonical;   // normal form, for digests
};

// One argument of a group's aggregates: an expression over the source event's fields, followed by
// its labels (slot fields.size() + label's place in Spec::labels_of(source)).
struct GroupInput {
  expr::Program program;
  bool reads_label = false;
};

// All aggregates over (source event type, key fields) share one state per key.
struct Group {
  int index = 0;
  std::string name;                   // "transaction by customer_id"; part of the shard hash
  int source = -1;                    // event type
  std::vector<int> key_fields;        // of the source
  std::vector<GroupInput> inputs;     // kept with each entry
  std::vector<GroupInput> filters;    // bool programs, kept with each entry as bits
  std::vector<Aggregate> aggregates;  // distinct ones
  Micros reach = 0;                   // largest window + delay of its time windows and sessions
  std::int64_t count_reach = 0;       // largest N of its count windows
};

// One aggregate read on a row: key expressions over the asking row's fields, answer into `slot`.
struct AggregateUse {
  Slot slot = -1;
  int group = -1;
  int aggregate = -1;  // in Group::aggregates
};

// The groups that an event type asks, each once, with the key to ask by.
struct GroupUse {
  int group = -1;
  std::vector<expr::Program> key;  // over the asking event's fields
  std::vector<AggregateUse> aggregates;
};

struct TableUse {
  int table = -1;  // event type that is a table
  std::vector<expr::Program> key;
  struct Read {
    Slot slot;
    int field;
  };
  std::vector<Read> reads;
};

struct Column {
  std::string name;
  Slot slot = -1;
  expr::Program program;
  std::string digest;       // SHA-256 hex of definition, inputs and semantics version
  int line = 0;             // in the application file
  std::vector<Slot> reads;  // what the program reads, each once, in rising order
};

struct ModelOutput {
  std::string name;
  Slot slot = -1;
};

enum class ModelType : std::uint8_t { xgboost, linear };

struct TrainRules {
  int label = -1;      // in Spec::labels
  Micros holdout = 0;  // "last D"
  int rounds = 100;
  int segment_rounds = 25;
  std::uint64_t seed = 1;
  int threads = 1;
  std::vector<std::pair<std::string, std::string>> parameters;  // library's own, as text
  std::vector<std::string> metrics;
  expr::Program where;  // over the row; may be empty
};

// When a model is trained again by itself; 0: not for this reason.
struct RetrainRules {
  Micros every = 0;         // since the last training was asked for
  std::int64_t labels = 0;  // that came since then
  double drift = 0;         // of an input, as learn/drift.h measures it
};

struct ModelSpec {
  int index = 0;
  std::string name;
  int of = -1;  // event type
  ModelType type = ModelType::xgboost;
  std::string objective;  // "binary:logistic", ...
  std::vector<Slot> inputs;
  std::vector<std::string> input_names;
  std::vector<std::string> input_digests;  // of columns; of fields name:type
  std::vector<ModelOutput> outputs;
  std::string file;    // a model brought along; empty if trained here
  Place file_place;    // where the application file says so
  std::string sha256;  // of that file; may be empty
  std::optional<TrainRules> train;
  std::optional<RetrainRules> retrain;  // with `train` alone
  std::string promote_metric;           // empty: by hand
  bool promote_smaller_is_better = false;
  expr::Program where;  // rows it scores; may be empty (all)
};

struct Case {
  expr::Program when;  // empty: always
  std::string then;
  std::string reason;
};

struct Decision {
  std::string name;
  Slot slot = -1;
  std::vector<Case> cases;
};

// What to compute on a row, in dependency order.
struct Step {
  enum class What : std::uint8_t { column, model, decision } what;
  int index;  // in RowPlan::columns, Spec::models, RowPlan::decisions
};

struct RowPlan {
  int slots = 0;
  std::vector<std::string> slot_names;  // by slot: field, column, model.output, decision; "" inside
  std::vector<event::Type> slot_types;
  std::vector<GroupUse> groups;  // order fixes the home shard: the first one's
  std::vector<TableUse> tables;
  std::vector<Column> columns;
  std::vector<int> models;  // in Spec::models
  std::vector<Decision> decisions;
  std::vector<Step> steps;
};

struct ViewAggregate {
  std::string name;
  Function function = Function::count;
  expr::Program argument;  // over the row; may be empty
  expr::Program where;
  double q = 0;
  std::int64_t limit = 0;
  event::Type type;
};

struct View {
  std::string name;
  int of = -1;
  expr::Program where;
  std::vector<Slot> by;
  Micros every = 0;  // 0: one bucket for all time
  Micros retain = 0;
  std::vector<ViewAggregate> aggregates;
};

struct Sink {
  std::string name;
  int of = -1;
  expr::Program where;
  std::vector<Slot> fields;  // empty: all columns and outputs
  std::string to;
};

struct Spec {
  std::string app;
  std::string pattern;
  int utc_offset_minutes = 0;
  Micros late = kDay;
  Micros ahead = 5 * kMinute;
  Micros reach = 0;   // S2.3, over all groups
  Micros retain = 0;  // how long records are kept; 0: for ever

  std::vector<event::EventType> events;  // tables too (is_table)
  std::vector<Label> labels;
  std::vector<Group> groups;
  std::vector<RowPlan> rows;  // by event type; empty plan for tables
  std::vector<ModelSpec> models;
  std::vector<View> views;
  std::vector<Sink> sinks;

  std::string text;    // the file as given, kept for the application record
  std::string digest;  // SHA-256 hex over the meaning (comments and order of keys do not count)

  int event_index(std::string_view name) const;  // -1 if none
  int label_index(std::string_view name) const;  // -1 if none
  // Labels of an event type, by index into `labels`, in file order.
  std::vector<int> labels_of(int event_type) const;
};

}  // namespace quintet::app
