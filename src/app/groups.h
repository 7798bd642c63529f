// From the aggregate calls and table look-ups of one event type's expressions to the groups and
// tables that its rows ask. Used during load() only.
#pragma once

#include "app/draft.h"
#include "app/scope.h"
#include "expr/aggregates.h"

namespace quintet::app {

class RowAsker {
 public:
  // Slots are taken from the plan's end; both outlive the asker.
  RowAsker(Draft& draft, int event, RowPlan& plan) : draft_(draft), event_(event), plan_(plan) {}

  // Resolve every aggregate call, and every look-up, of an expression (failed ones too, once they
  // are reported).
  void resolve_aggregates(const Expression& expression, expr::Resolved& resolved);
  void resolve_look_ups(const Expression& expression, expr::Resolved& resolved);
  // `table.field`, by the key fields of the same names.
  expr::Symbol look_up(int table, int field);

 private:
  struct Key {
    std::vector<int> fields;              // of the source, in order of their names
    std::vector<expr::Program> programs;  // over the asking event's fields
    std::string canonical;
    bool own = false;  // the event's own group: same type, same fields
  };
  struct Call {
    const Expression& expression;
    const expr::Ast& ast;
    expr::AggregateCall parts;
    int source = -1;
  };

  std::optional<expr::Symbol> aggregate(const Expression& expression, const expr::Ast& ast);
  expr::Symbol keyed_look_up(const Expression& expression, const expr::Ast& ast);
  bool find_source(Call& call);
  bool check_window(const Call& call);
  std::optional<Key> find_key(const Call& call);
  std::optional<expr::Program> key_part(const Call& call, const expr::KeyPart& part,
                                        const event::Field& field);
  bool check_label_delay(const Call& call, const std::set<int>& labels);
  std::optional<int> add_input(const Call& call, Group& group, bool filter);
  Group& group_for(int source, const Key& key);
  int add_aggregate(Group& group, Aggregate aggregate);
  expr::Symbol use(const Call& call, Group& group, Key key, int aggregate);
  expr::Symbol read_table(int table, int field, std::vector<expr::Program> key);
  Slot new_slot(event::Type type);
  bool error(const Call& call, std::string_view code, expr::Span span, std::string message,
             std::string hint = {});
  const event::EventType& type(int event) const {
    return draft_.spec.events[static_cast<std::size_t>(event)];
  }

  Draft& draft_;
  int event_;
  RowPlan& plan_;
};

}  // namespace quintet::app
