#include "tool/canonical.h"

#include <algorithm>
#include <map>

#include "base/json_out.h"

namespace quintet::tool {

namespace {

std::vector<JsonValue> sorted_members(JsonValue object) {
  std::vector<JsonValue> members;
  for (auto member = object.first(); member; member = member.next()) members.push_back(member);
  std::sort(members.begin(), members.end(),
            [](JsonValue x, JsonValue y) { return x.name() < y.name(); });
  return members;
}

void append_object(std::string& out, JsonValue object, std::span<const std::string_view> left_out) {
  out += '{';
  for (const JsonValue member : sorted_members(object)) {
    if (std::find(left_out.begin(), left_out.end(), member.name()) != left_out.end()) continue;
    if (out.back() != '{') out += ',';
    append_json_text(out, member.name());
    out += ':';
    append_canonical(out, member);
  }
  out += '}';
}

using Leaves = std::map<std::string, std::string>;

// Every scalar, and every list or object without any, by where it stands.
void collect(JsonValue value, const std::string& field, Leaves& leaves) {
  std::size_t index = 0;
  for (auto part = value.first(); part; part = part.next()) {
    const std::string name(part.name());
    collect(part,
            value.is(JsonKind::array) ? field + "[" + std::to_string(index++) + "]"
            : field.empty()           ? name
                                      : field + "." + name,
            leaves);
  }
  if (value.size() == 0) append_canonical(leaves[field], value);
}

}  // namespace

void append_canonical(std::string& out, JsonValue value,
                      std::span<const std::string_view> left_out) {
  switch (value.kind()) {
    case JsonKind::object: return append_object(out, value, left_out);
    case JsonKind::array:
      out += '[';
      for (auto item = value.first(); item; item = item.next()) {
        if (out.back() != '[') out += ',';
        append_canonical(out, item);
      }
      out += ']';
      return;
    case JsonKind::text: return append_json_text(out, value.text());
    default: out += value.source();
  }
}

std::vector<Differing> differing(std::string_view a, std::string_view b, std::size_t most) {
  const auto one = JsonDocument::parse(a), other = JsonDocument::parse(b);
  if (!one || !other) return {{"", std::string(a), std::string(b)}};
  Leaves in_a, in_b;
  collect(one->root(), "", in_a);
  collect(other->root(), "", in_b);
  std::vector<Differing> out;
  auto x = in_a.begin();
  auto y = in_b.begin();
  while (out.size() < most && (x != in_a.end() || y != in_b.end())) {
    const bool only_a = y == in_b.end() || (x != in_a.end() && x->first < y->first);
    const bool only_b = x == in_a.end() || (y != in_b.end() && y->first < x->first);
    if (only_a) {
      out.push_back({x->first, x->second, std::string(kAbsent)});
    } else if (only_b) {
      out.push_back({y->first, std::string(kAbsent), y->second});
    } else if (x->second != y->second) {
      out.push_back({x->first, x->second, y->second});
    }
    if (!only_b) ++x;
    if (!only_a) ++y;
  }
  return out;
}

}  // namespace quintet::tool
