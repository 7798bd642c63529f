// What names mean in the expressions of an application: on the row of an event, on a source event
// of an aggregate, on a report of a label. Used during load() only.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/draft.h"

namespace quintet::app {

// How a field enters normal forms: name, type and what privacy does to its value.
std::string canonical_field(const event::Field& field);
// The same for a label: what it is made of, without its name.
std::string canonical_label(const Spec& spec, const Label& label);

// The fields of one event type, and perhaps its labels. What is not readable is known and refused.
class FieldScope : public expr::Scope {
 public:
  enum class Labels : unsigned char { refused, readable };
  // `who` is what wants to read, for messages: "a key", "an aggregate".
  FieldScope(const Draft& draft, int event, std::string who, Labels labels = Labels::refused);

  std::optional<expr::Symbol> find(std::string_view name) const override;
  std::vector<std::string> names() const override;
  // Labels that were found so far, as indexes into Spec::labels.
  const std::set<int>& labels_read() const { return labels_read_; }

 private:
  const Draft& draft_;
  int event_;
  std::string who_;
  Labels labels_;
  mutable std::set<int> labels_read_;
};

// A row while its columns, models and decisions are resolved one after the other.
class RowScope : public expr::Scope {
 public:
  RowScope(const Draft& draft, int event) : fields_(draft, event, "a column"), draft_(draft) {}

  // A column, a decision or a model with one output, by its bare name.
  void add(const std::string& name, expr::Symbol symbol) { symbols_[name] = std::move(symbol); }
  void add_member(const std::string& object, const std::string& name, expr::Symbol symbol) {
    members_[object][name] = std::move(symbol);
  }
  // Gives the symbol of a table's field, and enters it among what the row looks up.
  using Lookup = std::function<expr::Symbol(int table, int field)>;
  void set_lookup(Lookup lookup) { lookup_ = std::move(lookup); }

  std::optional<expr::Symbol> find(std::string_view name) const override;
  std::optional<expr::Symbol> member(std::string_view object,
                                     std::string_view field) const override;
  std::vector<std::string> names() const override;
  std::vector<std::string> members(std::string_view object) const override;
  std::vector<std::string> objects() const override;

 private:
  FieldScope fields_;
  const Draft& draft_;
  std::map<std::string, expr::Symbol, std::less<>> symbols_;
  std::map<std::string, std::map<std::string, expr::Symbol, std::less<>>, std::less<>> members_;
  Lookup lookup_;
};

}  // namespace quintet::app
