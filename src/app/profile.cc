#include "app/profile.h"

#include <algorithm>
#include <set>

#include "app/reading.h"
#include "base/decimal.h"
#include "base/text.h"
#include "event/decode.h"
#include "expr/parse.h"

namespace quintet::app {
namespace {

using event::Kind;
using event::Type;

constexpr std::string_view kNulls[] = {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "?"};
constexpr std::size_t kMaxLevels = 12;

bool is_null(std::string_view text) {
  return std::find(std::begin(kNulls), std::end(kNulls), text) != std::end(kNulls);
}

bool fits(Type type, std::string_view text, bool millis) {
  event::InputRules rules;
  if (millis) rules.epoch = event::InputRules::Epoch::millis;
  event::Arena arena;
  return event::value_of_text(type, text, rules, 0, arena).has_value();
}

// Digits that a number would not give back: "00012" is not 12, and a double has 15 of them.
bool is_code(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.size() < 2 || digits.find_first_not_of("0123456789") != digits.npos) return false;
  return digits[0] == '0' || digits.size() > 18;
}

std::size_t fraction_digits(std::string_view text) {
  const std::size_t point = text.find('.');
  return point == text.npos ? 0 : text.size() - point - 1;
}

bool mentions(std::string_view name, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    for (std::size_t at = name.find(word); at != name.npos; at = name.find(word, at + 1)) {
      const bool begins = at == 0 || name[at - 1] == '_';
      const std::size_t end = at + word.size();
      if (begins && (end == name.size() || name[end] == '_')) return true;
    }
    return false;
  });
}

// Looks at one column, cell after cell, and decides at the end.
class ColumnWatch {
 public:
  void see(std::string_view text) {
    ++rows_;
    if (is_null(text)) {
      ++nulls_;
      return;
    }
    if (sample_.empty()) sample_ = text;
    if (seen_.size() < kMaxDistinct) {
      if (!seen_.insert(std::string(text)).second) ++repeats_;
    } else if (seen_.contains(std::string(text))) {
      ++repeats_;
    }
    digits_ = std::max(digits_, fraction_digits(text));
    for (Candidate& each : candidates_) each.possible = each.possible && !is_code(text);
    for (Candidate& each : candidates_) {
      if (each.possible) each.possible = fits(each.type, text, false);
    }
    if (Expected<std::int64_t> number = parse_int64(text)) {
      least_ = std::min(least_, *number);
      most_ = std::max(most_, *number);
    }
    if (candidates_[kTime].possible) {
      event::Arena arena;
      const Micros t =
          event::value_of_text(Type::of(Kind::timestamp), text, {}, 0, arena)->as_int64();
      if (t < last_) ++disorder_;
      last_ = t;
    }
  }

  ColumnProfile finish(std::string input, std::string name) const {
    ColumnProfile out;
    out.input = std::move(input);
    out.name = std::move(name);
    out.nulls = nulls_;
    out.distinct = seen_.size();
    out.repeats = repeats_;
    out.sample = sample_;
    decide_type(out);
    if (out.type.kind == Kind::timestamp) out.disorder = disorder_;
    const bool few = out.distinct > 0 && out.distinct <= kMaxLevels && rows_ >= 10 * out.distinct;
    if (out.type.kind == Kind::text && few) out.levels.assign(seen_.begin(), seen_.end());
    return out;
  }

 private:
  struct Candidate {
    Type type;
    bool possible = true;
  };
  static constexpr std::size_t kBool = 0, kInt = 1, kReal = 2, kTime = 3;

  void decide_type(ColumnProfile& out) const {
    const bool any = !seen_.empty();
    const bool timely = mentions(out.name, {"time", "timestamp", "ts", "at", "date", "datetime"});
    out.type = Type::of(Kind::text);
    if (!any) return;
    if (candidates_[kInt].possible) {
      const bool seconds = least_ > 100'000'000 && most_ < 20'000'000'000;
      const bool millis = least_ > 100'000'000'000 && most_ < 20'000'000'000'000;
      out.type = Type::of(Kind::int64);
      if (timely && (seconds || millis)) {
        out.type = Type::of(Kind::timestamp);
        out.epoch_millis = millis;
      } else if (candidates_[kBool].possible && seen_.size() == 2) {
        out.type = Type::of(Kind::boolean);
      }
    } else if (candidates_[kBool].possible) {
      out.type = Type::of(Kind::boolean);
    } else if (candidates_[kTime].possible) {
      out.type = Type::of(Kind::timestamp);
    } else if (candidates_[kReal].possible) {
      out.type = Type::of(Kind::real);
      if (digits_ <= 4 && all_decimal()) out.type = Type::decimal(decimal_scale());
    }
  }

  std::uint8_t decimal_scale() const { return static_cast<std::uint8_t>(digits_); }

  bool all_decimal() const {
    return std::all_of(seen_.begin(), seen_.end(), [&](const std::string& text) {
      return fits(Type::decimal(decimal_scale()), text, false);
    });
  }

  std::size_t rows_ = 0, nulls_ = 0, repeats_ = 0, disorder_ = 0, digits_ = 0;
  std::set<std::string> seen_;
  std::string sample_;
  std::int64_t least_ = INT64_MAX, most_ = INT64_MIN;
  Micros last_ = INT64_MIN;
  Candidate candidates_[4] = {{Type::of(Kind::boolean)},
                              {Type::of(Kind::int64)},
                              {Type::of(Kind::real)},
                              {Type::of(Kind::timestamp)}};
};

std::string free_name(std::string_view input, std::set<std::string>& taken) {
  std::string name = possible_name(input);
  if (name.empty()) name = "field";
  if (name.size() > 56) name.resize(56);
  if (yaml11_boolean(name) || expr::reserved_word(name) || name == "record") name += "_field";
  std::string free = name;
  for (int i = 2; !taken.insert(free).second; ++i) free = name + "_" + std::to_string(i);
  return free;
}

}  // namespace

char guess_separator(std::string_view header) {
  header = header.substr(0, header.find('\n'));
  char best = ',';
  std::ptrdiff_t most = std::count(header.begin(), header.end(), best);
  for (char c : {';', '\t', '|'}) {
    const std::ptrdiff_t n = std::count(header.begin(), header.end(), c);
    if (n > most) {
      most = n;
      best = c;
    }
  }
  return best;
}

namespace {

std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool plain_value(Kind kind) {
  return kind == Kind::text || kind == Kind::int64;
}

void choose_roles(Profile& out) {
  auto at = [&](std::size_t i) -> const ColumnProfile& { return out.columns[i]; };
  for (std::size_t i = 0; i < out.columns.size(); ++i) {
    const bool time = at(i).type.kind == Kind::timestamp && at(i).nulls == 0;
    if (time && out.time < 0) out.time = static_cast<int>(i);
  }
  for (const bool named : {true, false}) {
    for (std::size_t i = 0; i < out.columns.size() && out.id < 0; ++i) {
      const bool unique = at(i).repeats == 0 && at(i).nulls == 0 && at(i).distinct > 1;
      if (unique && plain_value(at(i).type.kind) &&
          (!named || mentions(at(i).name, {"id", "uuid", "key", "nr", "no", "number"}))) {
        out.id = static_cast<int>(i);
      }
    }
  }
  for (std::size_t i = 0; i < out.columns.size(); ++i) {
    const bool named = named_as_label(at(i).name);
    const bool learnable = at(i).type.kind == Kind::boolean;
    if (learnable && (named || out.label < 0)) {
      if (out.label < 0 || named) out.label = static_cast<int>(i);
      if (named) break;
    }
  }
  for (std::size_t i = 0; i < out.columns.size(); ++i) {
    const int index = static_cast<int>(i);
    if (index == out.id || index == out.time || index == out.label) continue;
    if (hints_at_label(out, index)) continue;
    const Kind kind = at(i).type.kind;
    const bool repeats = at(i).repeats > 0 && at(i).distinct > 1;
    const bool identity = mentions(at(i).name, {"id", "customer", "user", "card", "account",
                                                "terminal", "device", "machine", "sku"});
    if (plain_value(kind) && repeats && identity)
      out.keys.push_back(index);
    else if (at(i).type.numeric() && at(i).distinct > 2)
      out.amounts.push_back(index);
  }
}

}  // namespace

bool named_as_label(std::string_view name) {
  return mentions(name, {"fraud", "label", "target", "churn", "default", "class", "outcome",
                         "failure", "returned", "clicked", "species", "y"});
}

bool hints_at_label(const Profile& profile, int column) {
  if (profile.label < 0 || column == profile.label) return false;
  const std::string& label = profile.columns[static_cast<std::size_t>(profile.label)].name;
  return profile.columns[static_cast<std::size_t>(column)].name.starts_with(label + "_");
}

Expected<Profile> profile(std::string_view header, std::span<const std::string_view> lines) {
  Profile out;
  header = without_return(without_byte_order_mark(header));
  out.separator = guess_separator(header);
  std::string scratch;
  std::vector<std::string_view> cells;
  TRY_DO(event::split_csv(header, out.separator, scratch, cells));
  if (cells.empty() || (cells.size() == 1 && cells[0].empty())) {
    return invalid("the first line names no columns");
  }
  std::vector<std::string> inputs(cells.begin(), cells.end());
  std::set<std::string> taken = {"record"}, nulls;
  for (const std::string& input : inputs) {
    if (std::count(inputs.begin(), inputs.end(), input) > 1) {
      return invalid("the header names `" + input + "` twice");
    }
    if (!is_utf8(input)) return invalid("the header is not valid UTF-8");
  }
  std::vector<ColumnWatch> watches(inputs.size());
  for (std::string_view line : lines) {
    scratch.clear();
    cells.clear();
    line = without_return(line);
    if (line.empty()) continue;
    if (!is_utf8(line) || !event::split_csv(line, out.separator, scratch, cells) ||
        cells.size() > inputs.size()) {
      ++out.unread;
      continue;
    }
    ++out.rows;
    cells.resize(inputs.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      watches[i].see(cells[i]);
      if (is_null(cells[i])) nulls.insert(std::string(cells[i]));
    }
  }
  out.nulls.assign(nulls.begin(), nulls.end());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    out.columns.push_back(watches[i].finish(inputs[i], free_name(inputs[i], taken)));
  }
  choose_roles(out);
  return out;
}

}  // namespace quintet::app
