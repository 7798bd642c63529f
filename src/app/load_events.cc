// constants, sets, tables and events.
#include <algorithm>
#include <charconv>

#include "app/draft.h"
#include "event/decode.h"

namespace quintet::app {
namespace {

using event::EventType;
using event::Field;
using event::Kind;
using event::Type;

std::optional<Type> scalar_type(std::string_view text) {
  if (text == "bool") return Type::of(Kind::boolean);
  if (text == "int64") return Type::of(Kind::int64);
  if (text == "double") return Type::of(Kind::real);
  if (text == "string") return Type::of(Kind::text);
  if (text == "timestamp") return Type::of(Kind::timestamp);
  if (text == "duration") return Type::of(Kind::duration);
  if (text == "bytes") return Type::of(Kind::bytes);
  if (!text.starts_with("decimal(") || !text.ends_with(')')) return std::nullopt;
  text.remove_prefix(8);
  text.remove_suffix(1);
  unsigned scale = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), scale);
  if (error != std::errc() || stop != text.data() + text.size() || scale > 18) return std::nullopt;
  return Type::decimal(static_cast<std::uint8_t>(scale));
}

std::optional<Type> parse_type(std::string_view text) {
  if (!text.starts_with("list(") || !text.ends_with(')')) return scalar_type(text);
  std::optional<Type> element = scalar_type(text.substr(5, text.size() - 6));
  if (!element) return std::nullopt;
  return Type::list(*element);
}

class EventLoader {
 public:
  EventLoader(Draft& draft, EventType& type, DeclaredEvent& declared)
      : draft_(draft), report_(draft.report), type_(type), declared_(declared) {}

  void load(const Reading& block) {
    for (const Node::Entry* entry : block.named("fields")) {
      const Place place = report_.source().place(entry->key);
      if (load_field(*entry)) {
        declared_.fields.push_back(place);
        if (!draft_.declare_on_row(type_.index, entry->key.text, place)) continue;
      } else {
        declared_.failed.insert(entry->key.text);
      }
    }
    if (block.has("fields") && block.find("fields")->entries.empty()) {
      report_.error("QNT-0102", *block.find("fields"), "`fields` is empty",
                    "an event has at least one field");
    }
    refuse_same_source(block);
    if (const Node* input = block.find("input")) load_input(*input);
    for (std::size_t i = 0; i < type_.fields.size() && type_.subject_field < 0; ++i) {
      if (type_.fields[i].privacy == event::Privacy::pseudonymize) {
        type_.subject_field = static_cast<int>(i);
      }
    }
  }

  // The field that a key of the block names, or -1 (reported).
  int field(const Node& name) {
    const int index = type_.field_index(name.text);
    if (index >= 0 || declared_.failed.contains(name.text)) return index;
    std::vector<std::string> known;
    for (const Field& field : type_.fields) known.push_back(field.name);
    std::string hint = expr::did_you_mean(name.text, known);
    if (hint.empty()) hint = "the fields are " + list_names(known);
    report_.error("QNT-0202", name, "`" + type_.name + "` has no field `" + name.text + "`", hint);
    return -1;
  }

 private:
  bool load_field(const Node::Entry& entry) {
    Field field;
    field.name = entry.key.text;
    field.from = field.name;
    if (entry.value.is_scalar()) {
      if (!read_type(entry.value, field)) return false;
      type_.fields.push_back(std::move(field));
      return true;
    }
    Reading block(report_, entry.value, kFieldBlock, report_.source().place(entry.key));
    const Node* type = block.find("type");
    if (type == nullptr || !read_type(*type, field)) return false;
    if (block.has("from")) field.from = block.text("from");
    field.optional = block.boolean("optional");
    const std::string use = block.text("use");
    if (use == "label") field.use = event::Use::label;
    if (use == "audit") field.use = event::Use::audit;
    const std::string privacy = block.text("privacy");
    if (privacy == "drop") field.privacy = event::Privacy::drop;
    if (privacy == "pseudonymize") field.privacy = event::Privacy::pseudonymize;
    if (privacy == "mask") field.privacy = event::Privacy::mask;
    if (field.sealed() && field.type.kind != Kind::text) {
      report_.error("QNT-0203", *block.find("privacy"),
                    "only a string can be `" + privacy + "`d, `" + field.name + "` is " +
                        to_string(field.type),
                    "declare it as string, or use `privacy: drop`");
    }
    read_limits(block, field);
    type_.fields.push_back(std::move(field));
    return true;
  }

  bool read_type(const Node& node, Field& field) {
    std::optional<Type> type = parse_type(node.text);
    if (type) {
      field.type = *type;
      return true;
    }
    std::string hint;
    const std::pair<std::string_view, std::string_view> others[] = {
        {"int", "int64"},          {"integer", "int64"},    {"long", "int64"},
        {"float", "double"},       {"real", "double"},      {"number", "double"},
        {"str", "string"},         {"text", "string"},      {"boolean", "bool"},
        {"datetime", "timestamp"}, {"date", "timestamp"},   {"time", "timestamp"},
        {"decimal", "decimal(2)"}, {"list", "list(string)"}};
    for (const auto& [wrong, right] : others) {
      if (node.text == wrong) hint = "did you mean `" + std::string(right) + "`?";
    }
    std::vector<std::string> known(kTypeWords.begin(), kTypeWords.end());
    if (hint.empty()) hint = expr::did_you_mean(node.text, known);
    if (hint.empty()) hint = "the types are " + list_names(known, 20);
    if (node.text.starts_with("tensor")) hint = "tensors come in a later version";
    report_.error("QNT-0204", node, "there is no type `" + node.text + "`", hint);
    return false;
  }

  std::optional<event::Value> literal(const Node& node, const Field& field, std::string_view what) {
    Expected<event::Value> value =
        event::value_of_text(field.type, node.text, type_.input, 0, type_.arena);
    if (value) return *value;
    report_.error("QNT-0205", node,
                  "`" + std::string(what) + "` of `" + field.name + "` must be " +
                      to_string(field.type) + ", `" + node.text + "` is not");
    return std::nullopt;
  }

  void read_limits(const Reading& block, Field& field) {
    for (const std::string_view what : {"minimum", "maximum"}) {
      const Node* node = block.find(what);
      if (node == nullptr) continue;
      if (!field.type.numeric() && field.type.kind != Kind::duration &&
          field.type.kind != Kind::timestamp) {
        report_.error("QNT-0205", *node,
                      "`" + std::string(what) + "` needs a number or a time, `" + field.name +
                          "` is " + to_string(field.type));
        continue;
      }
      (what == "minimum" ? field.minimum : field.maximum) = literal(*node, field, what);
    }
    if (field.minimum && field.maximum && compare(*field.minimum, *field.maximum) > 0) {
      report_.error("QNT-0205", *block.find("maximum"), "`maximum` is below `minimum`")
          .relate(report_.source().place(*block.find("minimum")), "the minimum");
    }
    for (const Node* node : block.items("levels")) {
      if (field.type.kind != Kind::text) {
        report_.error("QNT-0205", *node,
                      "`levels` needs a string, `" + field.name + "` is " + to_string(field.type));
        break;
      }
      field.levels.push_back(node->text);
    }
    const Node* levels = block.find("levels");
    if (levels != nullptr && levels->is_sequence() && levels->items.empty()) {
      report_.error("QNT-0205", *levels, "no text is one of no `levels`, so nothing is admitted",
                    "leave `levels` out to admit any");
    }
    const Node* fallback = block.find("default");
    if (fallback == nullptr) return;
    if (std::optional<event::Value> value = literal(*fallback, field, "default")) {
      field.fallback = *value;
      check_default(*fallback, field);
    }
  }

  void check_default(const Node& node, const Field& field) {
    const bool level = field.levels.empty() || std::find(field.levels.begin(), field.levels.end(),
                                                         node.text) != field.levels.end();
    const bool low = field.minimum && compare(field.fallback, *field.minimum) < 0;
    const bool high = field.maximum && compare(field.fallback, *field.maximum) > 0;
    if (level && !low && !high) return;
    report_.error("QNT-0205", node, "the default of `" + field.name + "` is not admitted itself",
                  "`minimum`, `maximum` and `levels` hold for it too");
  }

  void refuse_same_source(const Reading& block) {
    const Node* fields = block.find("fields");
    for (std::size_t i = 0; fields != nullptr && i < type_.fields.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (type_.fields[i].from != type_.fields[j].from) continue;
        report_
            .error("QNT-0206", declared_.fields[i],
                   "`" + type_.fields[i].name + "` and `" + type_.fields[j].name +
                       "` are both read from `" + type_.fields[i].from + "`")
            .relate(declared_.fields[j], "the other one");
      }
    }
  }

  void load_input(const Node& node) {
    Reading block(report_, node, kInputBlock, report_.source().place(node));
    if (const Node* separator = block.find("separator")) {
      const std::string text = separator->text == "\\t" ? "\t" : separator->text;
      const bool good = text.size() == 1 && text[0] != '"' && text[0] != '\n';
      if (good)
        type_.input.separator = text[0];
      else
        report_.error("QNT-0103", *separator, "`separator` must be one character");
    }
    if (block.has("null")) {
      type_.input.nulls.clear();
      for (const Node* text : block.items("null")) type_.input.nulls.push_back(text->text);
    }
    type_.input.refuse_unknown = block.text("unknown") == "refuse";
    const std::string epoch = block.text("timestamps");
    using Epoch = event::InputRules::Epoch;
    if (epoch == "millis") type_.input.epoch = Epoch::millis;
    if (epoch == "micros") type_.input.epoch = Epoch::micros;
  }

  Draft& draft_;
  Report& report_;
  EventType& type_;
  DeclaredEvent& declared_;
};

void finish_event(Draft& draft, EventLoader& loader, const Reading& block, EventType& type) {
  if (const Node* id = block.find("id")) {
    type.id_field = loader.field(*id);
    if (type.id_field >= 0) {
      const Field& field = type.fields[static_cast<std::size_t>(type.id_field)];
      const Kind kind = field.type.kind;
      if (kind == Kind::list || kind == Kind::real || field.privacy == event::Privacy::drop) {
        draft.report.error("QNT-0207", *id,
                           "`" + id->text + "` cannot be the id: it is " +
                               (kind == Kind::list || kind == Kind::real ? to_string(field.type)
                                                                         : std::string("dropped")));
      } else if (field.optional) {
        draft.report.error("QNT-0207", *id, "`" + id->text + "` cannot be the id: it is optional",
                           "an id must be there; leave `id` out to use the source's own place");
      }
    }
  }
  if (const Node* time = block.find("time")) {
    type.time_field = loader.field(*time);
    if (type.time_field < 0) return;
    const Field& field = type.fields[static_cast<std::size_t>(type.time_field)];
    if (field.type.kind != Kind::timestamp) {
      draft.report.error(
          "QNT-0208", *time,
          "`time` must name a timestamp, `" + time->text + "` is " + to_string(field.type));
    } else if (field.optional || field.privacy != event::Privacy::none) {
      draft.report.error("QNT-0208", *time,
                         "`" + time->text + "` cannot be the time: it is " +
                             (field.optional ? "optional" : "private"));
    }
  }
}

void finish_table(Draft& draft, EventLoader& loader, const Reading& block, EventType& type) {
  for (const Node* key : block.items("key")) {
    const int index = loader.field(*key);
    if (index < 0) continue;
    const Field& field = type.fields[static_cast<std::size_t>(index)];
    if (field.optional || field.type.kind == Kind::list || field.privacy == event::Privacy::drop) {
      draft.report.error("QNT-0209", *key,
                         "`" + key->text + "` cannot be a key: it is " +
                             (field.optional                  ? "optional"
                              : field.type.kind == Kind::list ? "a list"
                                                              : "dropped"));
    }
    if (std::find(type.key_fields.begin(), type.key_fields.end(), index) != type.key_fields.end()) {
      draft.report.error("QNT-0209", *key, "`" + key->text + "` stands twice in the key");
      continue;
    }
    type.key_fields.push_back(index);
  }
}

void load_event(Draft& draft, const Node::Entry& entry, const Block& block_type) {
  const bool table = &block_type == &kTableBlock;
  if (!draft.declare(entry.key, table ? "this table" : "this event")) return;
  EventType type;
  type.index = static_cast<std::uint16_t>(draft.spec.events.size());
  type.name = entry.key.text;
  type.is_table = table;
  draft.spec.events.push_back(std::move(type));
  draft.events.push_back({draft.report.source().place(entry.key), {}, {}});
  EventType& made = draft.spec.events.back();
  Reading block(draft.report, entry.value, block_type, draft.events.back().place);
  EventLoader loader(draft, made, draft.events.back());
  loader.load(block);
  if (table)
    finish_table(draft, loader, block, made);
  else
    finish_event(draft, loader, block, made);
}

}  // namespace

void load_constants(Draft& draft, const Reading& top) {
  for (const Node::Entry* entry : top.named("constants")) {
    if (!draft.declare(entry->key, "this constant")) continue;
    expr::AstPtr value;
    if (entry->value.is_scalar() && !entry->value.plain) {
      value = std::make_unique<expr::Ast>();
      value->kind = expr::Ast::Kind::text;
      value->text = entry->value.text;
    } else if (entry->value.is_scalar() && !entry->value.is_null()) {
      value = expr::parse(entry->value.text).ast;
      if (value && value->kind == expr::Ast::Kind::name) value->kind = expr::Ast::Kind::text;
    }
    using K = expr::Ast::Kind;
    if (!value ||
        (value->kind != K::integer && value->kind != K::number && value->kind != K::text &&
         value->kind != K::boolean && value->kind != K::duration)) {
      draft.report.error("QNT-0103", entry->value,
                         "a constant is a number, a text, true, false or a duration");
      draft.failed.insert(entry->key.text);
      continue;
    }
    draft.constants.emplace(entry->key.text, std::move(value));
  }
  for (const Node::Entry* entry : top.named("sets")) {
    std::vector<std::string>& members = draft.sets[entry->key.text];
    if (!entry->value.is_sequence() || entry->value.items.empty()) {
      draft.report.error("QNT-0103", entry->value, "a set is a list of words, as [1d, 7d, 30d]");
      continue;
    }
    for (const Node& item : entry->value.items) {
      const bool good = item.is_scalar() && !item.text.empty() && item.text.size() <= 32 &&
                        std::all_of(item.text.begin(), item.text.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                        });
      if (!good) {
        draft.report.error("QNT-0104", item,
                           "a member of a set becomes part of a name: small letters, digits, `_`");
      } else if (std::find(members.begin(), members.end(), item.text) != members.end()) {
        draft.report.error("QNT-0104", item, "`" + item.text + "` stands twice in the set");
      } else {
        members.push_back(item.text);
      }
    }
  }
}

void load_events(Draft& draft, const Reading& top) {
  // Pointers into these vectors are held while one of them is loaded.
  for (const Node::Entry* entry : top.named("tables")) load_event(draft, *entry, kTableBlock);
  for (const Node::Entry* entry : top.named("events")) load_event(draft, *entry, kEventBlock);
}

}  // namespace quintet::app
