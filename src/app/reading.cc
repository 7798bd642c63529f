#include "app/reading.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/decimal.h"
#include "expr/parse.h"
#include "expr/problem.h"

namespace quintet::app {
namespace {

std::string_view describe(const Node& node) {
  if (node.is_mapping()) return "a mapping";
  if (node.is_sequence()) return "a list";
  if (node.is_null()) return "nothing";
  return "a scalar";
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// The words that YAML 1.1 calls booleans. The first ones are that to the loaders that follow it and
// texts to others; single letters are taken for booleans by few of them, the last ones are
// booleans to all.
constexpr std::array<std::string_view, 8> kYaml11Booleans = {"yes", "no", "on",   "off",
                                                             "y",   "n",  "true", "false"};
constexpr std::size_t kBooleansThereAlone = 4;

bool is_list_of_scalars(const Node& value) {
  return value.is_sequence() &&
         std::all_of(value.items.begin(), value.items.end(),
                     [](const Node& item) { return item.is_scalar() && !item.is_null(); });
}

}  // namespace

bool yaml11_boolean(std::string_view text) {
  return std::find(kYaml11Booleans.begin(), kYaml11Booleans.end(), lower(text)) !=
         kYaml11Booleans.end();
}

std::string possible_name(std::string_view text) {
  std::string out;
  for (char c : lower(text)) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (fine)
      out += c;
    else if (!out.empty() && out.back() != '_')
      out += '_';
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  if (!out.empty() && !(out[0] >= 'a' && out[0] <= 'z')) out = "x_" + out;
  return out;
}

bool check_name(Report& report, const Node& name, std::string_view what) {
  const bool braces = what == "column";
  const bool counted = what == "aggregate" && name.text.size() == 1;
  if (yaml11_boolean(name.text) && !counted) {
    report.error("QNT-0105", name,
                 "`" + name.text + "` cannot be a name: YAML 1.1 loaders read it as a boolean",
                 "choose another word");
    return false;
  }
  bool good = !name.text.empty() && name.text.size() <= 64;
  bool inside = false;
  for (std::size_t i = 0; i < name.text.size() && good; ++i) {
    const char c = name.text[i];
    if (braces && (c == '{' || c == '}')) {
      good = inside == (c == '}') && i > 0;
      inside = c == '{';
    } else {
      good = (c >= 'a' && c <= 'z') || (i > 0 && ((c >= '0' && c <= '9') || c == '_'));
    }
  }
  if (!good || inside) {
    const std::string proposal = possible_name(name.text);
    std::string hint = "a name is a small letter, then small letters, digits and `_`";
    if (!proposal.empty() && !braces) {
      hint += ": `" + proposal + "`";
      if (what == "field") hint += ", with `from: " + name.text + "`";
    }
    report.error("QNT-0104", name,
                 "`" + name.text + "` cannot be the name of a " + std::string(what), hint);
    return false;
  }
  if (expr::reserved_word(name.text)) {
    report.error("QNT-0104", name,
                 "`" + name.text + "` cannot be a name: it means something in expressions",
                 "choose another word");
    return false;
  }
  return true;
}

Reading::Reading(Report& report, const Node& node, const Block& block, Place owner)
    : report_(report), block_(block) {
  if (!node.is_mapping()) {
    report.error("QNT-0103", node.is_null() ? owner : report.source().place(node),
                 std::string(block.what) + " is a mapping, this is " + std::string(describe(node)));
    return;
  }
  for (const Node::Entry& entry : node.entries) {
    if (!known_key(entry)) continue;
    const Key* key = block.find(entry.key.text);
    if (fits(*key, entry.value)) found_.emplace_back(key, &entry.value);
  }
  for (const Key& key : block.keys) {
    if (key.required && node.find_entry(key.name) == nullptr) {
      report.error("QNT-0102", owner,
                   std::string(block.what) + " needs `" + std::string(key.name) + "`",
                   std::string(key.doc));
    }
  }
}

bool Reading::known_key(const Node::Entry& entry) {
  const std::string& name = entry.key.text;
  if (block_.find(name) != nullptr) return true;
  for (const Later& later : block_.later) {
    if (later.name != name) continue;
    report_.error("QNT-0106", entry.key,
                  "`" + name + "` cannot be used in " + std::string(block_.what) + ": " +
                      std::string(later.why));
    return false;
  }
  if (yaml11_boolean(name)) {
    const bool of = lower(name) == "on" && block_.find("of") != nullptr;
    report_.error("QNT-0105", entry.key,
                  "`" + name + "` cannot be a key: YAML 1.1 loaders read it as a boolean",
                  of ? "write `of:`" : "");
    return false;
  }
  std::vector<std::string> names;
  for (const Key& key : block_.keys) names.emplace_back(key.name);
  for (const Parameter& parameter : block_.parameters) {
    if (parameter.name == name) {
      others_.push_back(&entry);
      return false;
    }
    names.emplace_back(parameter.name);
  }
  std::string hint = expr::did_you_mean(name, names);
  if (hint.empty()) hint = "it knows " + list_names(names, 20);
  report_.error("QNT-0101", entry.key, "`" + name + "` is not a key of " + std::string(block_.what),
                hint);
  return false;
}

void Reading::mismatch(const Key& key, const Node& value, std::string_view wanted,
                       std::string hint) {
  std::string is(describe(value));
  if (value.is_scalar() && !value.is_null()) is = "`" + value.text + "`";
  report_.error(
      "QNT-0103", value,
      "`" + std::string(key.name) + "` must be " + std::string(wanted) + ", this is " + is,
      std::move(hint));
}

bool Reading::fits_scalar(const Key& key, const Node& value) {
  if (!value.is_scalar() || value.is_null()) {
    std::string hint;
    if (key.shape == Shape::expression && value.flow) {
      hint = "quote an expression that begins with `[` or `{`";
    }
    mismatch(key, value, key.shape == Shape::expression ? "an expression" : "one value", hint);
    return false;
  }
  if (key.shape != Shape::boolean && !check_word(value)) return false;
  switch (key.shape) {
    case Shape::boolean:
      if (value.plain && (value.text == "true" || value.text == "false")) return true;
      mismatch(key, value, "true or false",
               yaml11_boolean(value.text) ? "only true and false are booleans" : "");
      return false;
    case Shape::number: {
      const Expected<double> given = parse_double(value.text);
      if (given && *given > 0 && value.plain) return true;
      mismatch(key, value, "a number above 0");
      return false;
    }
    case Shape::duration:
      if (expr::parse_duration(value.text)) return true;
      mismatch(key, value, "a duration", "as 30s, 5m, 12h, 7d or 1d12h");
      return false;
    case Shape::word: {
      if (key.words.empty()) return true;
      std::vector<std::string> words(key.words.begin(), key.words.end());
      if (std::find(words.begin(), words.end(), value.text) != words.end()) return true;
      std::string hint = expr::did_you_mean(value.text, words);
      report_.error("QNT-0108", value,
                    "`" + std::string(key.name) + "` is one of " + list_names(words) +
                        ", this is `" + value.text + "`",
                    hint);
      return false;
    }
    default: return true;
  }
}

// A text that another loader of the same file would take for a boolean.
bool Reading::check_word(const Node& value) {
  const auto* const end = kYaml11Booleans.begin() + kBooleansThereAlone;
  const bool taken = std::find(kYaml11Booleans.begin(), end, lower(value.text)) != end;
  if (!taken || !value.plain) return true;
  report_.error("QNT-0105", value,
                "`" + value.text + "` is a boolean to YAML 1.1 loaders, and a text to others",
                "write it in quotes: \"" + value.text + "\"");
  return false;
}

bool Reading::fits(const Key& key, const Node& value) {
  switch (key.shape) {
    case Shape::names:
    case Shape::texts:
      if (value.is_scalar() ? !value.is_null() || !value.plain : is_list_of_scalars(value)) {
        bool good = value.is_sequence() || check_word(value);
        for (const Node& item : value.items) good &= check_word(item);
        return good;
      }
      mismatch(key, value, "a value or a list of values");
      return false;
    case Shape::block:
      if (value.is_mapping()) return true;
      mismatch(key, value, "a mapping");
      return false;
    case Shape::block_list:
      if (value.is_sequence() && !value.items.empty()) return true;
      mismatch(key, value, "a list of mappings");
      return false;
    case Shape::blocks:
    case Shape::fields:
    case Shape::expressions:
    case Shape::literals:
    case Shape::lists:
      if (value.is_mapping()) return true;
      mismatch(key, value, "a mapping from names");
      return false;
    default: return fits_scalar(key, value);
  }
}

const Node* Reading::find(std::string_view key) const {
  for (const auto& [known, node] : found_) {
    if (known->name == key) return node;
  }
  return nullptr;
}

std::string Reading::text(std::string_view key) const {
  const Node* node = find(key);
  return node != nullptr ? node->text : std::string();
}

std::optional<Micros> Reading::duration(std::string_view key) const {
  const Node* node = find(key);
  return node != nullptr ? expr::parse_duration(node->text) : std::nullopt;
}

std::optional<double> Reading::number(std::string_view key) const {
  const Node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const Expected<double> given = parse_double(node->text);
  return given ? std::optional(*given) : std::nullopt;
}

std::optional<Micros> Reading::length(std::string_view key) const {
  const std::optional<Micros> given = duration(key);
  if (given != Micros{0}) return given;
  report_.error("QNT-0109", *find(key), "`" + std::string(key) + "` is longer than zero",
                "leave it out for none");
  return std::nullopt;
}

std::optional<std::int64_t> Reading::integer(std::string_view key, std::int64_t least,
                                             std::int64_t most) const {
  const Node* node = find(key);
  if (node == nullptr) return std::nullopt;
  std::int64_t value = 0;
  const char* end = node->text.data() + node->text.size();
  const auto [stop, error] = std::from_chars(node->text.data(), end, value);
  if (!node->plain || error != std::errc() || stop != end || value < least || value > most) {
    report_.error("QNT-0109", *node,
                  "`" + std::string(key) + "` must be a whole number from " +
                      std::to_string(least) + " to " + std::to_string(most) + ", this is `" +
                      node->text + "`");
    return std::nullopt;
  }
  return value;
}

bool Reading::boolean(std::string_view key) const {
  const Node* node = find(key);
  return node != nullptr && node->text == "true";
}

std::vector<const Node*> Reading::items(std::string_view key) const {
  std::vector<const Node*> out;
  const Node* node = find(key);
  if (node == nullptr) return out;
  if (node->is_scalar()) out.push_back(node);
  for (const Node& item : node->items) out.push_back(&item);
  return out;
}

std::vector<const Node::Entry*> Reading::named(std::string_view key) const {
  std::vector<const Node::Entry*> out;
  const Node* node = find(key);
  if (node == nullptr) return out;
  const std::size_t most = key == "columns" ? kMaxColumns : kMaxNamed;
  if (node->entries.size() > most) {
    report_.error("QNT-0218", node->entries[most].key,
                  "`" + std::string(key) + "` has more than " + std::to_string(most) + " entries");
    return out;
  }
  for (const Node::Entry& entry : node->entries) {
    std::string what(key);
    if (what.ends_with('s')) what.pop_back();
    // What stands under a name that cannot be is read all the same: it may be wrong as well.
    // Columns multiply by their names.
    const bool good = check_name(report_, entry.key, what);
    if (good || (key != "columns" && !entry.key.text.empty())) out.push_back(&entry);
  }
  return out;
}

}  // namespace quintet::app
