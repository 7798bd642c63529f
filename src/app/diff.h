// What changes for an application when its file is replaced: which columns compute the same, which
// models stay bound to them, which state must be folded again, and what is incomplete for a while.
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/spec.h"

namespace quintet::app {

enum class Change : unsigned char { same, added, changed, removed, renamed };
std::string_view name_of(Change change);

struct ColumnChange {
  std::string event;
  std::string name;  // in the new file; of a removed column, in the old one
  std::string was;   // of a renamed column: its old name
  Change change = Change::same;
  // Old models that were trained on a column that is no longer there as it was, and so cannot be
  // used any more.
  std::vector<std::string> unbound;
  // How far back the column looks, through all that it reads.
  Micros reach = 0;
  bool whole_history = false;  // a window by count, or over all
  // It starts incomplete: it is new or changed and the log that is kept does not reach so far, or
  // `blank` is not empty.
  bool cold = false;
  // Fields "EVENT.FIELD" that it reads in history and that records from before have as null.
  std::vector<std::string> blank;
};

// A field under the same name as another type, or private in another way: what the log holds of it
// is no value of the new field, and reads as null.
struct FieldChange {
  std::string event, field;
  std::string was, is;  // "int64", "string, pseudonymize"
};

struct ModelChange {
  std::string name;
  Change change = Change::same;  // same: old versions stay usable
  std::string why;               // of `changed`
  // Of `same`: what the next version will be made from that the present ones were not, as "the
  // label `fraud`", "max_depth".
  std::vector<std::string> training;
};

struct GroupChange {
  std::string name;
  // same: state is kept. changed: it keeps more, or something else, and is folded again.
  Change change = Change::same;
  bool empty = false;  // added, and the log has no records of its event
};

// The application's name, an event, table, label, decision or view, by kind and name.
struct PartChange {
  std::string kind;
  std::string name;
  Change change = Change::same;
};

struct Difference {
  std::vector<ColumnChange> columns;  // in the order of the new file, then the removed ones
  std::vector<FieldChange> fields;    // those that read as null in records from before
  std::vector<ModelChange> models;
  std::vector<GroupChange> groups;
  std::vector<PartChange> parts;
  Micros reach_before = 0, reach_after = 0;
  bool same_meaning = false;  // the digests are equal
  // Any column, model, group or part changed, came or went.
  bool any() const;
};

// `kept` is how far back the log reaches; 0 means that all of it is there.
Difference compare(const Spec& before, const Spec& after, Micros kept = 0);

// One line per change for people, unchanged columns counted; and everything as one JSON object.
std::string to_text(const Difference& difference);
std::string to_json(const Difference& difference);

}  // namespace quintet::app
