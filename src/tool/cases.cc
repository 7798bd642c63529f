#include "tool/cases.h"

#include <algorithm>
#include <map>

#include "app/yaml.h"
#include "base/decimal.h"
#include "base/json_in.h"
#include "base/json_out.h"
#include "event/decode.h"
#include "stage/infer.h"
#include "stage/ingest.h"
#include "tool/unsealed.h"

namespace quintet::tool {

namespace {

using app::Node;

// What became of one given event.
struct Found {
  std::string status;                                       // "", "refused: ...", "repeated"
  std::vector<std::pair<std::string, std::string>> values;  // name and JSON, in order
};

// A YAML value as JSON: plain scalars that JSON knows stay as they are, all else is a text.
void append_json(std::string& out, const Node& node) {
  if (node.is_sequence()) {
    out += '[';
    for (const Node& item : node.items) {
      if (&item != node.items.data()) out += ',';
      append_json(out, item);
    }
    out += ']';
  } else if (node.is_null()) {
    out += "null";
  } else if (const auto value = JsonDocument::parse(node.text);
             node.plain && value && !value->root().is(JsonKind::array) &&
             !value->root().is(JsonKind::object)) {
    out += node.text;
  } else {
    append_json_text(out, node.text);
  }
}

std::string json_of(const Node& node) {
  std::string out;
  append_json(out, node);
  return out;
}

// Equal as JSON texts, or as numbers: 1 is 1.00.
bool same(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto x = JsonDocument::parse(a), y = JsonDocument::parse(b);
  if (!x || !y) return false;
  if (x->root().is(JsonKind::array) && x->root().size() == y->root().size()) {
    auto i = x->root().first(), j = y->root().first();
    for (; i && j; i = i.next(), j = j.next()) {
      if (!same(std::string(i.source()), std::string(j.source()))) return false;
    }
    return true;
  }
  const auto i = x->root().as_double(), j = y->root().as_double();
  return i && j && *i == *j;
}

class Run {
 public:
  Run(const CaseOptions& options, std::string_view text)
      : spec_(*options.spec),
        source_(text),
        ingest_(options.spec, 1, 1, unsealed_),
        infer_(options.spec) {
    ingest_.keep_no_blocks();
  }

  Expected<CaseReport> perform(const CaseOptions& options) {
    for (const auto& [name, model] : options.models) {
      TRY_DO(infer_.score().install(name, 1, model));
      event::Record promotion;
      promotion.kind = event::RecordKind::promote;
      promotion.plain = stage::write_promotion({name, 1, model->digest(), "given"});
      TRY_DO(infer_.score().control(promotion));
    }
    const app::Yaml yaml = app::read_yaml(source_);
    if (!yaml.problems.empty()) {
      const auto& problem = yaml.problems.front();
      return invalid(std::to_string(problem.place.line) + ": " + problem.message);
    }
    const Node& root = *yaml.root;
    const Node* given = root.find("given");
    if (given == nullptr || !given->is_sequence()) return at(root, "expected `given:` with a list");
    for (const Node& event : given->items) TRY_DO(give(event));
    const Node* expect = root.find("expect");
    if (expect == nullptr || expect->is_null()) return propose();
    if (!expect->is_mapping()) return at(*expect, "expected ids, each with names and values");
    for (const Node::Entry& entry : expect->entries) TRY_DO(compare(entry));
    update();
    return std::move(report_);
  }

 private:
  Error at(const Node& node, const std::string& message) const {
    return invalid(std::to_string(source_.place(node).line) + ": " + message);
  }

  // The event's type, and its fields.
  Expected<std::pair<const event::EventType*, const Node*>> parts_of(const Node& node) const {
    if (!node.is_mapping() || node.entries.empty()) {
      return at(node, "expected an event, as `- transaction: {...}`");
    }
    const Node* type = node.find("type");
    const Node* fields = &node;
    std::string name = type != nullptr ? type->text : std::string();
    if (node.entries.size() == 1 && node.entries.front().value.is_mapping()) {
      name = node.entries.front().key.text;
      fields = &node.entries.front().value;
    }
    const int index = spec_.event_index(name);
    if (index < 0) return at(node, "the application has no event or table \"" + name + "\"");
    return std::pair(&spec_.events[static_cast<std::size_t>(index)], fields);
  }

  Expected<void> give(const Node& node) {
    TRY(const auto parts, parts_of(node));
    const auto& [type, fields] = parts;
    std::string json;
    for (const Node::Entry& entry : fields->entries) {
      if (fields == &node && entry.key.text == "type" && type->field_index("type") < 0) continue;
      const int field = type->field_index(entry.key.text);
      json += json.empty() ? "{" : ",";
      append_json_text(
          json, field < 0 ? entry.key.text : type->fields[static_cast<std::size_t>(field)].from);
      json += ':';
      append_json(json, entry.value);
    }
    json += json.empty() ? "{}" : "}";
    event::Decoder decoder(*type, {std::string(32, '\0'), spec_.utc_offset_minutes});
    event::Event event;
    ++report_.events;
    const std::size_t size = json.size();
    json.append(kPadding, '\0');
    if (auto decoded = decoder.json(std::string_view(json).substr(0, size), event); !decoded) {
      const Node* id = type->id_field < 0 ? nullptr : id_of(*type, *fields);
      if (id == nullptr) {
        return at(node, decoded.error().place() + ": " + decoded.error().message());
      }
      found(name_of(id->text)).status =
          "refused: " + decoded.error().place() + ": " + decoded.error().message();
      return {};
    }
    if (event.id.empty()) event.id = event.arena.copy(std::to_string(report_.events));
    return fold(std::move(event));
  }

  const Node* id_of(const event::EventType& type, const Node& fields) const {
    const event::Field& field = type.fields[static_cast<std::size_t>(type.id_field)];
    const Node* id = fields.find(field.name);
    return id != nullptr ? id : fields.find(field.from);
  }

  // Under which it is expected: the id, "ID/2" when it is given again.
  std::string name_of(const std::string& id) {
    const std::size_t count = ++given_[id];
    return count == 1 ? id : id + "/" + std::to_string(count);
  }

  Found& found(const std::string& id) {
    if (!found_.contains(id)) order_.push_back(id);
    return found_[id];
  }

  Expected<void> fold(event::Event&& event) {
    const Micros time = event.time == kNoTime ? 0 : event.time;
    const std::string id = name_of(std::string(event.id));
    const auto admission = ingest_.offer({std::move(event), false, {}}, time, admitted_);
    if (admission.what == stage::Admission::What::refused) {
      found(id).status = "refused: " + admission.error.message();
      return {};
    }
    if (admission.what == stage::Admission::What::repeated) {  // changes nothing
      found(id).status = "repeated";
      return {};
    }
    TRY_DO(infer_.apply(admitted_, outcome_));
    if (outcome_.status != stage::OutcomeStatus::result) return {};
    Found& row = found(id);
    const app::RowPlan& plan = spec_.rows[outcome_.event_type];
    const auto add = [&](app::Slot slot) {
      const auto i = static_cast<std::size_t>(slot);
      std::string json;
      event::append_json(json, plan.slot_types[i], outcome_.slots[i]);
      row.values.emplace_back(plan.slot_names[i], std::move(json));
    };
    for (const app::Column& column : plan.columns) add(column.slot);
    for (const app::Decision& decision : plan.decisions) add(decision.slot);
    return {};
  }

  Expected<void> compare(const Node::Entry& entry) {
    const std::string& id = entry.key.text;
    const auto it = found_.find(id);
    if (it == found_.end()) return at(entry.key, "no given event has the id " + id);
    const Found& row = it->second;
    if (entry.value.is_scalar()) {
      ++report_.values;
      const std::string status = row.status.substr(0, row.status.find(':'));
      if (entry.value.text != status) {
        miss(entry.value, id, "outcome", entry.value.text,
             row.status.empty() ? "a result" : row.status);
        changes_.emplace_back(&entry.value, row.status.empty() ? flow_of(row) : status);
      }
      return {};
    }
    if (!row.status.empty()) {
      miss(entry.value, id, "outcome", "a result", row.status);
      changes_.emplace_back(&entry.value, row.status.substr(0, row.status.find(':')));
      return {};
    }
    for (const Node::Entry& value : entry.value.entries) TRY_DO(compare_value(id, row, value));
    return {};
  }

  static std::string flow_of(const Found& row) {
    std::string text = "{";
    for (const auto& [name, json] : row.values) {
      text += (text.size() == 1 ? "" : ", ") + name + ": " + json;
    }
    return text + "}";
  }

  Expected<void> compare_value(const std::string& id, const Found& row, const Node::Entry& entry) {
    ++report_.values;
    const std::string& name = entry.key.text;
    const auto value = std::find_if(row.values.begin(), row.values.end(),
                                    [&](const auto& pair) { return pair.first == name; });
    if (value == row.values.end()) {
      return at(entry.key, id + " has no column or decision \"" + name + "\"");
    }
    const std::string expected = json_of(entry.value);
    if (same(expected, value->second)) return {};
    miss(entry.value, id, name, expected, value->second);
    changes_.emplace_back(&entry.value, value->second);
    return {};
  }

  void miss(const Node& node, const std::string& id, const std::string& name,
            const std::string& expected, const std::string& actual) {
    report_.mismatches.push_back({source_.place(node).line, id, name, expected, actual});
  }

  // Puts the actual values where the expected ones stand; all else stays.
  void update() {
    report_.updated = source_.text();
    std::sort(changes_.begin(), changes_.end(),
              [](const auto& a, const auto& b) { return a.first->begin > b.first->begin; });
    for (const auto& [node, json] : changes_) {
      report_.updated.replace(node->begin, node->end - node->begin, json);
    }
  }

  Expected<CaseReport> propose() {
    std::string& text = report_.updated;
    text = source_.text();
    if (!text.ends_with('\n')) text += '\n';
    if (text.find("\nexpect:") == std::string::npos) text += "expect:\n";
    for (const std::string& id : order_) {
      text += "  ";
      append_json_text(text, id);
      text += ':';
      const Found& row = found_[id];
      text += row.status.empty() ? "\n" : " " + row.status.substr(0, row.status.find(':')) + "\n";
      for (const auto& [name, json] : row.values) text += "    " + name + ": " + json + "\n";
    }
    return std::move(report_);
  }

  static constexpr std::size_t kPadding = 64;  // that the JSON reader may look at

  const app::Spec& spec_;
  app::Source source_;
  Unsealed unsealed_;
  stage::Ingest ingest_;
  stage::Infer infer_;
  stage::Admitted admitted_;
  stage::Outcome outcome_;
  std::map<std::string, std::size_t> given_;  // by id, how often
  std::map<std::string, Found> found_;
  std::vector<std::string> order_;
  std::vector<std::pair<const Node*, std::string>> changes_;
  CaseReport report_;
};

}  // namespace

Expected<CaseReport> run_cases(const CaseOptions& options, std::string_view text) {
  return Run(options, text).perform(options);
}

}  // namespace quintet::tool
