#include "feature/plan.h"

#include <set>

#include "feature/shard.h"

namespace quintet::feature {

using app::Aggregate;
using app::Function;
using app::Group;
using app::GroupInput;
using app::WindowKind;

namespace {

void add_columns(GroupPlan& plan) {
  const Group& group = *plan.group;
  const app::Spec& spec = *plan.spec;
  for (const GroupInput& input : group.inputs) plan.types.push_back(input.program.type());
  plan.first_filter = plan.types.size();
  for (std::size_t i = 0; i < group.filters.size(); ++i) {
    plan.types.push_back(event::Type::of(event::Kind::boolean));
  }
  plan.first_kept = plan.types.size();
  const auto source = static_cast<std::size_t>(group.source);
  const auto& fields = spec.events[source].fields;
  std::set<int> kept;
  const auto keep = [&](const GroupInput& input) {
    if (!input.reads_label) return;
    const std::vector<int>& slots = input.program.slots();
    const bool reported = std::any_of(slots.begin(), slots.end(), [&](int slot) {
      const auto label = static_cast<std::size_t>(slot) - fields.size();
      return static_cast<std::size_t>(slot) >= fields.size() &&
             spec.labels[static_cast<std::size_t>(plan.labels[label])].report >= 0;
    });
    // A program of one slot is that of the report alone.
    if (reported && slots.size() > 1) kept.insert(slots.begin(), slots.end());
  };
  for (const GroupInput& input : group.inputs) keep(input);
  for (const GroupInput& filter : group.filters) keep(filter);
  for (const int slot : kept) {
    const auto at = static_cast<std::size_t>(slot);
    plan.kept.push_back(slot);
    plan.types.push_back(
        at < fields.size()
            ? fields[at].type
            : spec.labels[static_cast<std::size_t>(plan.labels[at - fields.size()])].type);
  }
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    const bool filter = i >= plan.first_filter && i < plan.first_kept;
    plan.kinds.push_back(filter ? RawKind::flag : raw_kind(plan.types[i]));
    plan.holds_texts |= plan.kinds.back() == RawKind::text;
  }
}

void add_readers(GroupPlan& plan) {
  const Group& group = *plan.group;
  plan.read_by.resize(plan.labels.size());
  const std::size_t first = plan.slots() - plan.labels.size();
  const auto note = [&](const std::vector<int>& slots, std::size_t column) {
    for (const int slot : slots) {
      const auto at = static_cast<std::size_t>(slot);
      if (at >= first) plan.read_by[at - first].push_back(static_cast<int>(column));
    }
  };
  for (std::size_t i = 0; i < group.inputs.size(); ++i) {
    note(group.inputs[i].program.slots(), i);
  }
  for (std::size_t i = 0; i < group.filters.size(); ++i) {
    note(group.filters[i].program.slots(), plan.first_filter + i);
  }
  for (std::size_t i = 0; i < plan.kept.size(); ++i) {
    note({plan.kept[i]}, plan.first_kept + i);
  }
}

int view_of(GroupPlan& plan, const Aggregate& aggregate) {
  app::Window window = aggregate.window;
  // "This one and the N - 1 before it."
  if (window.kind == WindowKind::count && aggregate.including_this) --window.n;
  for (std::size_t i = 0; i < plan.views.size(); ++i) {
    if (plan.views[i].window == window) return static_cast<int>(i);
  }
  plan.views.push_back({window, {}, 0});
  return static_cast<int>(plan.views.size() - 1);
}

// Whether the answer is read from the entries themselves.
bool reads_entries(Function function) {
  return function == Function::first || function == Function::last || function == Function::list;
}

int lane_of(const GroupPlan& plan, View& view, const Aggregate& aggregate, const Answer& answer) {
  if (reads_entries(aggregate.function)) return -1;
  if (answer.column < 0 && answer.filter < 0) return -1;
  Lane wanted;
  wanted.column = answer.column;
  wanted.filter = answer.filter;
  if (answer.column >= 0) {
    wanted.kind = plan.kinds[static_cast<std::size_t>(answer.column)];
    wanted.type = plan.types[static_cast<std::size_t>(answer.column)];
  }
  auto found = std::find_if(view.lanes.begin(), view.lanes.end(),
                            [&](const Lane& lane) { return lane.same_source(wanted); });
  if (found == view.lanes.end()) found = view.lanes.insert(found, wanted);
  ask(*found, aggregate.function);
  return static_cast<int>(found - view.lanes.begin());
}

}  // namespace

void ask(Lane& lane, Function function) {
  switch (function) {
    case Function::count: lane.count = true; break;
    case Function::sum:
    case Function::mean:
    case Function::any:
    case Function::all: lane.sum = true; break;
    case Function::var:
    case Function::std: lane.squares = true; break;
    case Function::top_k: lane.ordered = true; break;
    case Function::distinct: lane.distinct = true; break;
    case Function::quantile: lane.buckets = true; break;
    default: break;
  }
}

std::size_t GroupPlan::slots() const {
  return spec->events[static_cast<std::size_t>(group->source)].fields.size() + labels.size();
}

GroupPlan plan_group(std::shared_ptr<const app::Spec> spec, int group) {
  GroupPlan plan;
  plan.group = &spec->groups[static_cast<std::size_t>(group)];
  plan.labels = spec->labels_of(plan.group->source);
  plan.spec = std::move(spec);
  add_columns(plan);
  add_readers(plan);
  for (const Aggregate& aggregate : plan.group->aggregates) {
    Answer answer;
    answer.view = view_of(plan, aggregate);
    answer.column = aggregate.input;
    if (aggregate.filter >= 0) {
      answer.filter = static_cast<int>(plan.first_filter) + aggregate.filter;
    }
    answer.lane =
        lane_of(plan, plan.views[static_cast<std::size_t>(answer.view)], aggregate, answer);
    plan.answers.push_back(answer);
    switch (aggregate.window.kind) {
      case WindowKind::all: plan.keeps_all = true; break;
      case WindowKind::count:
        plan.count_reach = std::max(plan.count_reach, aggregate.window.n);
        break;
      case WindowKind::time:
      case WindowKind::session: plan.keeps_time = true; break;
    }
  }
  for (View& view : plan.views) {
    view.first_tally = plan.tallies;
    plan.tallies += view.lanes.size();
  }
  return plan;
}

Plans::Plans(std::shared_ptr<const app::Spec> spec) : spec_(std::move(spec)) {
  for (std::size_t i = 0; i < spec_->groups.size(); ++i) {
    groups_.push_back(std::make_shared<const GroupPlan>(plan_group(spec_, static_cast<int>(i))));
  }
}

Micros horizon_of(const app::Spec& spec, Micros low_time) {
  Micros horizon;
  if (low_time == kNoTime || __builtin_sub_overflow(low_time, spec.reach, &horizon) ||
      __builtin_sub_overflow(horizon, spec.late, &horizon)) {
    return kNoTime;
  }
  return horizon;
}

}  // namespace quintet::feature
