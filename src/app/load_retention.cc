// `retain` at the top: records are kept long enough for what looks back, and what stays of removed
// ones can still be erased (S10.5).
#include "app/draft.h"
#include "app/erasable.h"

namespace quintet::app {

namespace {

void check_length(Draft& draft, const Node& node) {
  const Spec& spec = draft.spec;
  Micros longest = spec.reach;
  for (const Label& label : spec.labels) longest = std::max(longest, label.within);
  if (spec.retain >= longest + spec.late) return;
  if (longest == 0) {  // no column has a window, or the one that has it is wrong itself
    draft.report.error("QNT-0114", node,
                       "records are kept for " + expr::print_duration(spec.retain) +
                           ", and late events may come " + expr::print_duration(spec.late) +
                           " after others",
                       "keep at least " + expr::print_duration(spec.late));
    return;
  }
  draft.report.error("QNT-0114", node,
                     "records are kept for " + expr::print_duration(spec.retain) +
                         ", and the longest window looks back " + expr::print_duration(longest) +
                         " with " + expr::print_duration(spec.late) + " for late ones",
                     "keep at least " + expr::print_duration(longest + spec.late));
}

// The first column that reads the slot.
std::string reader_of(const Spec& spec, std::size_t type, Slot slot) {
  for (const Column& column : spec.rows[type].columns) {
    if (std::find(column.reads.begin(), column.reads.end(), slot) != column.reads.end()) {
      return spec.events[type].name + "." + column.name;
    }
  }
  return spec.events[type].name;
}

void check_aggregates(Draft& draft, const Node& node) {
  const Spec& spec = draft.spec;
  for (std::size_t type = 0; type < spec.rows.size(); ++type) {
    for (const GroupUse& asked : spec.rows[type].groups) {
      const Group& group = spec.groups[static_cast<std::size_t>(asked.group)];
      for (const AggregateUse& use : asked.aggregates) {
        const Aggregate& aggregate = group.aggregates[static_cast<std::size_t>(use.aggregate)];
        const bool endless =
            aggregate.window.kind == WindowKind::all || aggregate.window.kind == WindowKind::count;
        if (!endless || !keeps_private_of_others(spec, group, aggregate)) continue;
        draft.report.error(
            "QNT-0115", node,
            "`" + reader_of(spec, type, use.slot) + "` keeps private fields of `" +
                spec.events[static_cast<std::size_t>(group.source)].name +
                "` after their records were removed, and an erase could not find a person's there",
            "key it by the person's pseudonym, leave the private fields out, or use a window of "
            "time");
      }
    }
  }
}

void check_tables(Draft& draft, const Node& node) {
  for (const event::EventType& table : draft.spec.events) {
    if (!table.is_table) continue;
    const auto holds = [&](auto&& test) {
      return std::any_of(table.key_fields.begin(), table.key_fields.end(), test);
    };
    const bool hidden =
        holds([&](int field) { return table.fields[static_cast<std::size_t>(field)].sealed(); });
    const bool named = holds([&](int field) { return field == table.subject_field; });
    if (!hidden || named) continue;
    draft.report.error("QNT-0115", node,
                       "table `" + table.name +
                           "` has a private key, and an erase could not find a person's rows "
                           "after their records were removed",
                       "add the pseudonym to the key");
  }
}

void check_views(Draft& draft, const Node& node) {
  for (const View& view : draft.spec.views) {
    const event::EventType& type = draft.spec.events[static_cast<std::size_t>(view.of)];
    if (type.subject_field < 0 || (view.every > 0 && view.retain > 0)) continue;
    draft.report.error("QNT-0115", node,
                       "view `" + view.name + "` counts results of `" + type.name +
                           "` for ever, and an erase could not take a person's out of it after "
                           "their records were removed",
                       "give the view `every` and `retain`");
  }
}

}  // namespace

void check_retention(Draft& draft, const Reading& top) {
  if (draft.spec.retain == 0) return;
  const Node& node = *top.find("retain");
  check_length(draft, node);
  if (draft.report.has_errors()) return;
  check_aggregates(draft, node);
  check_tables(draft, node);
  check_views(draft, node);
}

}  // namespace quintet::app
