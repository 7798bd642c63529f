#include "host/request.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "base/decimal.h"
#include "base/text.h"

namespace quintet::host {

Expected<std::uint64_t> number_of(const HttpRequest& request, std::string_view name,
                                  std::uint64_t fallback, std::uint64_t most) {
  const auto text = request.query_value(name);
  if (!text) return fallback;
  const auto number = parse_int64(*text);
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) > most) {
    return invalid("expected a number from 0 to " + std::to_string(most)).at(std::string(name));
  }
  return static_cast<std::uint64_t>(*number);
}

namespace {

constexpr std::size_t kNamesSaid = 10;  // of those that there are

// What follows a name that is not known.
std::string hint(std::string_view name, const std::vector<std::string_view>& known) {
  if (const auto near = nearest(name, known)) return "; did you mean " + std::string(*near) + "?";
  std::string out;
  for (std::size_t i = 0; i < known.size() && i < kNamesSaid; ++i) {
    out.append(i == 0 ? "; there is " : ", ").append(known[i]);
  }
  return known.size() > kNamesSaid ? out + " and others" : out;
}

}  // namespace

Error unknown_name(std::string_view thing, std::string_view name,
                   const std::vector<std::string_view>& known) {
  return not_found("the application has no " + std::string(thing) + " " + shown(name) +
                   hint(name, known));
}

Expected<void> only_parameters(const HttpRequest& request,
                               const std::vector<std::string_view>& known) {
  for (const auto& [name, value] : request.query) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return invalid("there is no such parameter" + hint(name, known)).at(std::string(name));
  }
  return {};
}

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Cuts up to the next separator off, trimmed.
std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  return trim(part);
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

// How well an Accept header likes a media type, 0 to 1 (RFC 9110, 12.5.1): the most exact range
// that holds the type decides.
double liking(std::string_view accept, std::string_view type) {
  const std::string_view family = type.substr(0, type.find('/') + 1);
  double best = 0;
  int exactness = 0;
  while (!accept.empty()) {
    std::string_view range = cut(accept, ',');
    const std::string_view name = cut(range, ';');
    int exact = 0;
    if (name == "*/*") exact = 1;
    if (name.ends_with("/*") && same_name(name.substr(0, name.size() - 1), family)) exact = 2;
    if (same_name(name, type)) exact = 3;
    if (exact <= exactness) continue;
    double quality = 1;
    while (!range.empty()) {
      const std::string_view parameter = cut(range, ';');
      if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) continue;
      const std::string_view text = parameter.substr(2);
      if (std::from_chars(text.data(), text.data() + text.size(), quality).ec != std::errc()) {
        quality = 1;
      }
    }
    exactness = exact;
    best = quality;
  }
  return best;
}

}  // namespace

Expected<std::string_view> answer_format(const HttpRequest& request,
                                         std::initializer_list<Format> formats) {
  std::string known;
  for (const auto& [name, type] : formats) known += (known.empty() ? "" : ", ") + std::string(name);
  if (const auto wanted = request.query_value("format")) {
    for (const auto& [name, type] : formats) {
      if (name == *wanted) return name;
    }
    return invalid("expected one of " + known).at("format");
  }
  const std::string_view accept = request.header("accept");
  if (accept.empty()) return formats.begin()->first;
  std::string_view best;
  double most = 0;
  for (const auto& [name, type] : formats) {
    const double like = liking(accept, type);
    if (like > most) {
      most = like;
      best = name;
    }
  }
  if (best.empty()) {
    return invalid("the answer can be " + known + "; Accept takes none of them")
        .with_id("not_acceptable");
  }
  return best;
}

std::optional<std::string_view> preference(const HttpRequest& request, std::string_view name) {
  for (const Header& header : request.headers) {
    if (!same_name(header.name, "prefer")) continue;
    std::string_view rest = header.value;
    while (!rest.empty()) {
      std::string_view one = cut(rest, ',');
      one = cut(one, ';');
      const std::string_view key = cut(one, '=');
      if (!same_name(key, name)) continue;
      if (one.size() >= 2 && one.front() == '"' && one.back() == '"') {
        one = one.substr(1, one.size() - 2);
      }
      return one;
    }
  }
  return std::nullopt;
}

}  // namespace quintet::host
