#include "tool/window_story.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "feature/window.h"
#include "host/vault_sealer.h"
#include "stage/control.h"
#include "stage/infer.h"
#include "stage/ingest.h"
#include "tool/stored.h"
#include "tool/unsealed.h"

namespace quintet::tool {

namespace {

// "7d", "90m": the largest unit that fits.
std::string duration_text(Micros length) {
  constexpr std::pair<Micros, std::string_view> kUnits[] = {
      {kDay, "d"}, {kHour, "h"}, {kMinute, "m"}, {kSecond, "s"}, {1000, "ms"}};
  for (const auto& [unit, name] : kUnits) {
    if (length % unit == 0) return std::to_string(length / unit).append(name);
  }
  return std::to_string(length) + "us";
}

// The normal form of an expression as its author would write it: "amount:decimal(2)" is "amount",
// and "label{...}" the name of the event type's label.
std::string readable(std::string_view normal, const std::string& label) {
  std::string text;
  for (std::size_t i = 0; i < normal.size(); ++i) {
    const bool after_name = !text.empty() && (std::isalnum(text.back()) != 0 || text.back() == '_');
    if (normal.substr(i).starts_with("label{") && !after_name) {
      text += label;
      i = std::min(normal.find('}', i), normal.size() - 1);
    } else if (normal[i] == ':' && after_name) {
      const std::size_t end =
          normal.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", i + 1);
      const bool sized = end != normal.npos && normal[end] == '(';
      const std::size_t last = sized ? normal.find(')', end) : std::min(end, normal.size()) - 1;
      i = std::min(last, normal.size() - 1);
    } else {
      text += normal[i];
    }
  }
  return text;
}

// "mean(amount) over 7d delayed 7d, transaction by customer_id".
std::string name_of(const app::Spec& spec, const app::Aggregate& aggregate,
                    const app::Group& group) {
  const auto labels = spec.labels_of(group.source);
  const std::string label =
      labels.size() == 1 ? spec.labels[static_cast<std::size_t>(labels.front())].name : "label";
  std::string name =
      readable(aggregate.canonical.substr(0, aggregate.canonical.find(" over ")), label);
  if (name.ends_with(" where ()")) name.resize(name.size() - 9);
  const app::Window& window = aggregate.window;
  switch (window.kind) {
    case app::WindowKind::time: name += " over " + duration_text(window.length); break;
    case app::WindowKind::count: name += " over " + std::to_string(window.n) + " events"; break;
    case app::WindowKind::all: name += " over all"; break;
    case app::WindowKind::session: name += " over session " + duration_text(window.length); break;
  }
  if (window.delay != 0) name += " delayed " + duration_text(window.delay);
  if (window.every != 0) name += " every " + duration_text(window.every);
  if (aggregate.including_this) name += " including this";
  return name + ", " + group.name;
}

class Telling {
 public:
  explicit Telling(const StoryOptions& options) : options_(options) {}

  Expected<ColumnStory> perform() {
    TRY_DO(options_.data.empty() ? walk_files() : walk_log());
    if (target_ == nullptr) {
      return not_found("there is no event with the id " + options_.id +
                       (options_.event_type.empty() ? "" : " of type " + options_.event_type));
    }
    if (!ready()) {
      return not_found("the log ends at position " + std::to_string(last_) + ", before " +
                       std::to_string(options_.at));
    }
    return tell();
  }

 private:
  Expected<void> begin(const std::shared_ptr<const app::Spec>& spec) {
    spec_ = spec;
    fold_ = std::make_unique<stage::Fold>(spec, stage::all_shards());
    bool any = false;
    for (std::size_t type = 0; type < spec->rows.size(); ++type) {
      any = any || column_of(spec->rows[type]) != nullptr;
    }
    if (any) return {};
    return not_found("the application has no column \"" + options_.column + "\"").at("column");
  }

  const app::Column* column_of(const app::RowPlan& plan) const {
    for (const app::Column& column : plan.columns) {
      if (column.name == options_.column) return &column;
    }
    return nullptr;
  }

  Expected<void> walk_files() {
    TRY_DO(begin(options_.spec));
    Unsealed unsealed;
    stage::Ingest ingest(spec_, 1, 1, unsealed);
    ingest.keep_no_blocks();
    TRY(const auto source, EventSource::open(*spec_, options_.inputs, std::string(32, '\0')));
    // As a run's log begins, so that positions and low times are a run's (S1.1).
    stage::ApplicationBody body;
    body.version = 1;
    body.digest = spec_->digest;
    for (const auto kind : {event::RecordKind::application, event::RecordKind::activate}) {
      stage::Admitted control;
      ingest.control(kind, stage::write_application(body), kNoTime, control);
      TRY_DO(one(std::move(control)));
    }
    const auto pass_over = [](const BadLine&) { return Expected<void>(); };
    event::Event event;
    while (!ready()) {
      TRY(const bool any, source->next(event, pass_over));
      if (!any) return {};
      const Micros time = event.time == kNoTime ? 0 : event.time;
      stage::Admitted admitted;
      const auto admission = ingest.offer({std::move(event), false, {}}, time, admitted);
      event = {};
      if (admission.what == stage::Admission::What::admitted) TRY_DO(one(std::move(admitted)));
    }
    return {};
  }

  Expected<void> walk_log() {
    TRY(const auto log, StoredLog::open(options_.data));
    TRY_DO(begin(log->spec()));
    if (options_.at != kNoPosition && options_.at + 1 < log->first()) {
      return expired("position " + std::to_string(options_.at) + " is older than what the log " +
                     "keeps: it begins at " + std::to_string(log->first()));
    }
    host::VaultSealer sealer(log->vault());
    if (const host::Base* base = log->base()) {
      TRY_DO(base->into(log->from_base(), *fold_));
      last_ = base->cut();
    }
    auto walked = log->records(
        [&](event::Record&& record, Epoch epoch, const app::Spec* written) -> Expected<void> {
          if (ready()) return expired("enough");
          if (written == nullptr) return {};
          stage::Admitted admitted;
          admitted.record = std::move(record);
          TRY_DO(stage::decode_record(*written, *spec_, epoch, sealer, admitted));
          return one(std::move(admitted));
        });
    return ready() ? Expected<void>() : walked;
  }

  // The target is known, and all is folded that it is to see.
  bool ready() const {
    return target_ != nullptr && (options_.at == kNoPosition || last_ >= options_.at);
  }

  bool is_target(const stage::Admitted& admitted) const {
    if (target_ != nullptr || !admitted.asks() || admitted.record.id != options_.id) return false;
    const event::EventType& type = *admitted.event.type;
    if (!options_.event_type.empty() && type.name != options_.event_type) return false;
    return column_of(spec_->rows[type.index]) != nullptr;
  }

  Expected<void> one(stage::Admitted&& admitted) {
    const Position position = admitted.record.position;
    ids_.resize(position + 1);
    ids_[position] = admitted.record.id;
    const bool target = is_target(admitted);
    if (target) own_position_ = position;
    if (own_position_ != kNoPosition) leave_out(admitted);
    if (options_.at == kNoPosition ? !target : position <= options_.at) {
      TRY_DO(fold_->apply(admitted, part_));
      low_time_ = admitted.record.low_time;
    }
    last_ = position;
    if (target) target_ = std::make_unique<stage::Admitted>(std::move(admitted));
    return {};
  }

  // At whatever position the event is told of, it comes only then: what the log has of it enters no
  // window, nor does a label that is reported of it.
  void leave_out(stage::Admitted& admitted) const {
    std::erase_if(admitted.touches, [&](const feature::Touch& t) {
      return t.label >= 0 && t.target == own_position_;
    });
    if (admitted.record.position != own_position_) return;
    for (feature::Touch& touch : admitted.touches) touch.insert = false;
  }

  Expected<ColumnStory> tell() {
    ColumnStory story;
    event::Record& record = target_->record;
    const event::EventType& type = *target_->event.type;
    const app::RowPlan& plan = spec_->rows[type.index];
    story.event_type = type.name;
    story.id = record.id;
    story.column = options_.column;
    story.position = story.at = record.position;
    story.time = record.time;
    if (options_.at != kNoPosition) {
      story.at = options_.at;
      record.position = options_.at + 1;
      record.low_time = low_time_;
    }
    const app::Column& column = *column_of(plan);
    story.definition = definition_of(column);
    score();
    story.value = text_of(plan, column.slot);
    std::set<app::Slot> seen;
    add_reads(story, plan, column, seen);
    return story;
  }

  // The row as it is; no model is in force.
  void score() {
    part_.clear();
    fold_->peek(*target_, part_.cells);
    const feature::PartialRow* const parts[] = {&part_.cells};
    stage::Score score(spec_);
    score.score(*target_, parts, outcome_);
  }

  std::string text_of(const app::RowPlan& plan, app::Slot slot) const {
    const auto i = static_cast<std::size_t>(slot);
    event::Value value = i < outcome_.slots.size() ? outcome_.slots[i] : event::Value();
    if (i < target_->event.values.size()) value = target_->event.values[i];
    for (const auto& cell : part_.cells.cells) {
      if (cell.slot == slot) value = cell.value;
    }
    std::string json;
    event::append_json(json, plan.slot_types[i], value);
    return json;
  }

  // The line of the application file.
  std::string definition_of(const app::Column& column) const {
    std::string_view rest = spec_->text;
    for (int line = 1; line < column.line && !rest.empty(); ++line) {
      rest.remove_prefix(std::min(rest.size(), rest.find('\n') + 1));
    }
    rest = rest.substr(0, rest.find('\n'));
    const std::size_t begin = rest.find_first_not_of(' ');
    return begin == rest.npos ? std::string() : std::string(rest.substr(begin));
  }

  // What the column reads: fields and columns with their values, aggregates with their windows;
  // of a column all that it reads, too.
  void add_reads(ColumnStory& story, const app::RowPlan& plan, const app::Column& column,
                 std::set<app::Slot>& seen) {
    for (const app::Slot slot : column.reads) {
      if (!seen.insert(slot).second) continue;
      const std::string& name = plan.slot_names[static_cast<std::size_t>(slot)];
      if (!name.empty()) story.reads.emplace_back(name, text_of(plan, slot));
      for (const app::Column& other : plan.columns) {
        if (other.slot == slot) add_reads(story, plan, other, seen);
      }
      for (std::size_t i = 0; i < plan.groups.size(); ++i) {
        for (const app::AggregateUse& use : plan.groups[i].aggregates) {
          if (use.slot == slot) story.windows.push_back(window(plan, use, static_cast<int>(i)));
        }
      }
    }
  }

  // What the event itself brings to an aggregate that includes it.
  std::string own_value(const app::Group& group, const app::Aggregate& aggregate) const {
    if (aggregate.input < 0) return {};
    std::vector<event::Value> slots(target_->event.values.begin(), target_->event.values.end());
    slots.insert(slots.end(), target_->labels.begin(), target_->labels.end());
    const expr::Program& program = group.inputs[static_cast<std::size_t>(aggregate.input)].program;
    event::Arena arena;
    return event::to_text(program.type(), program.run(slots, arena));
  }

  WindowStory window(const app::RowPlan& plan, const app::AggregateUse& use, int group_use) const {
    const app::Group& group = spec_->groups[static_cast<std::size_t>(use.group)];
    const app::Aggregate& aggregate = group.aggregates[static_cast<std::size_t>(use.aggregate)];
    const event::Record& record = target_->record;
    WindowStory story;
    story.aggregate = name_of(*spec_, aggregate, group);
    story.value = text_of(plan, use.slot);
    if (aggregate.window.kind == app::WindowKind::time) {
      const feature::Edges edges = feature::edges_of(
          aggregate.window,
          {record.time, record.position, stage::horizon_of(*spec_, record.low_time)});
      story.timed = true;
      story.after = edges.after;
      story.until = edges.until;
    }
    const auto touch = std::find_if(
        target_->touches.begin(), target_->touches.end(), [&](const feature::Touch& t) {
          return t.what == feature::Touch::What::group && t.use == group_use && t.label < 0;
        });
    if (touch == target_->touches.end()) {
      story.why_empty = "a part of the key is null";
      return story;
    }
    const feature::FoldInput input{record.position,
                                   record.time,
                                   record.low_time,
                                   target_->event.type->index,
                                   target_->event.values,
                                   target_->labels,
                                   true};
    // The event itself is not in the window's group yet; it is counted all the same.
    if (aggregate.including_this) {
      story.entries.push_back(
          {own_position_, record.time, true, "this event", own_value(group, aggregate)});
    }
    const auto others = fold_->shard(touch->shard).explain(input, *touch, use, options_.limit);
    story.entries.insert(story.entries.end(), others.begin(), others.end());
    for (const feature::WindowEntry& entry : story.entries) {
      story.ids.push_back(entry.why == "this event"      ? record.id
                          : entry.position < ids_.size() ? ids_[entry.position]
                                                         : std::string());
    }
    return story;
  }

  const StoryOptions& options_;
  std::shared_ptr<const app::Spec> spec_;
  std::unique_ptr<stage::Fold> fold_;
  stage::Part part_;
  stage::Outcome outcome_;
  std::unique_ptr<stage::Admitted> target_;
  Position own_position_ = kNoPosition;  // of the target
  std::vector<std::string> ids_;         // by position
  Position last_ = kNoPosition;
  Micros low_time_ = kNoTime;
};

}  // namespace

Expected<ColumnStory> tell(const StoryOptions& options) {
  return Telling(options).perform();
}

}  // namespace quintet::tool
