// The text of a first application file.
#include <algorithm>
#include <set>

#include "app/profile.h"
#include "app/reading.h"
#include "app/templates.h"

namespace quintet::app {
namespace {

// "31.12.2023", "1/2/24": the order of day and month is anybody's guess, so it stays a text.
bool looks_like_date(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789./-");
  if (end != text.npos && text[end] != ' ' && text[end] != 'T') return false;
  text = text.substr(0, end);
  for (const char separator : {'.', '/', '-'}) {
    if (std::count(text.begin(), text.end(), separator) != 2) continue;
    const std::size_t first = text.find(separator), second = text.find(separator, first + 1);
    return first >= 1 && first <= 2 && second - first >= 2 && second - first <= 3 &&
           text.size() - second >= 3;
  }
  return false;
}

// "2024-01-01 10:00", "2024-01-01T10:00:00.123456789Z": a date as ours, and more behind it.
bool looks_like_time(std::string_view text) {
  if (text.size() < 12 || text[4] != '-' || text[7] != '-') return false;
  const std::size_t end = text.find_first_not_of("0123456789-");
  return end == 10 && (text[10] == ' ' || text[10] == 'T') && text[11] >= '0' && text[11] <= '9';
}

// "1.234,50"
bool looks_like_comma(std::string_view text) {
  const std::size_t comma = text.find(',');
  return comma != text.npos && comma > 0 && comma + 1 < text.size() &&
         text.find_first_not_of("-0123456789.,") == text.npos &&
         text.find(',', comma + 1) == text.npos;
}

using event::Kind;

constexpr std::string_view kModeline = "# yaml-language-server: $schema=app.schema.json\n";

// A scalar that YAML reads as this text and nothing else.
std::string scalar(std::string_view text) {
  const bool word = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
  if (word && !yaml11_boolean(text) && text != "null" && text != "Null" && text != "NULL") {
    return std::string(text);
  }
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else if (byte < 0x20 || byte == 0x7F)
      out += std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
    else
      out += c;
  }
  return out + "\"";
}

std::string application_name(std::string_view name) {
  std::string out = possible_name(name);
  std::replace(out.begin(), out.end(), '_', '-');
  if (out.size() > 64) out.resize(64);
  return out.empty() ? "my-app" : out;
}

class Writer {
 public:
  explicit Writer(const Profile& profile) : profile_(profile) {
    for (const ColumnProfile& column : profile.columns) taken_.insert(column.name);
  }

  std::string write(std::string_view name) {
    out_ += kModeline;
    out_ += "#\n# A first file, made from " + std::to_string(profile_.rows) +
            " rows of data. Look through it: types and roles are guesses.\n"
            "# `quintet check` says what is wrong.\nquintet: 1\napp: " +
            application_name(name) + "\npattern: monolithic\n\nevents:\n  record:\n";
    write_roles();
    write_input();
    out_ += "    fields:\n";
    for (std::size_t i = 0; i < profile_.columns.size(); ++i) write_field(static_cast<int>(i));
    if (profile_.keys.empty() && !profile_.amounts.empty()) write_series();
    write_label();
    write_features();
    write_model();
    return std::move(out_);
  }

 private:
  const ColumnProfile& at(int index) const {
    return profile_.columns[static_cast<std::size_t>(index)];
  }

  void write_roles() {
    if (profile_.id >= 0) {
      out_ += "    id: " + at(profile_.id).name + "    # never repeats in the sample\n";
    } else {
      out_ +=
          "    # no column is distinct in every row, so an event's place in the file is its id\n";
    }
    if (profile_.time >= 0) {
      const ColumnProfile& time = at(profile_.time);
      out_ += "    time: " + time.name;
      if (time.disorder > 0 || time.repeats > 0) {
        out_ += "    # repeats " + std::to_string(time.repeats) + " times, goes back " +
                std::to_string(time.disorder) + " times";
      }
      out_ += "\n";
    } else {
      out_ +=
          "    # no column is a timestamp: the time of admission counts, and windows count "
          "events\n";
    }
  }

  void write_input() {
    std::string rules;
    auto add = [&](const std::string& rule) { rules += (rules.empty() ? "" : ", ") + rule; };
    if (profile_.separator != ',') {
      add("separator: " +
          (profile_.separator == '\t' ? std::string("\"\\t\"") : scalar({&profile_.separator, 1})));
    }
    if (profile_.nulls.size() > 1 || (profile_.nulls.size() == 1 && !profile_.nulls[0].empty())) {
      std::string texts;
      for (const std::string& text : profile_.nulls) {
        texts += (texts.empty() ? "" : ", ") + scalar(text);
      }
      add("\"null\": [" + texts + "]");
    }
    for (const ColumnProfile& column : profile_.columns) {
      if (!column.epoch_millis) continue;
      add("timestamps: millis");
      break;
    }
    if (!rules.empty()) out_ += "    input: {" + rules + "}\n";
  }

  void write_field(int index) {
    const ColumnProfile& column = at(index);
    std::string rules = to_string(column.type);
    bool longer = false;
    auto add = [&](const std::string& rule) {
      rules += ", " + rule;
      longer = true;
    };
    if (column.input != column.name) add("from: " + scalar(column.input));
    const bool label = index == profile_.label;
    if (column.nulls > 0 || label) add("optional: true");
    if (label) add("use: label");
    if (hints_at_label(profile_, index)) add("use: audit");
    if (!column.levels.empty()) {
      std::string levels;
      for (const std::string& level : column.levels) {
        levels += (levels.empty() ? "" : ", ") + scalar(level);
      }
      add("levels: [" + levels + "]");
    }
    out_ += "      " + column.name + ": " + (longer ? "{type: " + rules + "}" : rules);
    const std::string note = note_on(column);
    out_ += (note.empty() ? "" : "    # " + note) + "\n";
  }

  // Windows are of a key: without one that is in the data, all events have the same.
  void write_series() {
    series_ = fresh("series");
    out_ += "      " + series_ +
            ": {type: string, optional: true, default: all}    # one series: the key of every "
            "window\n";
  }

  std::string note_on(const ColumnProfile& column) const {
    if (column.distinct == 0) return "always null";
    std::string note;
    auto add = [&](const std::string& text) { note += (note.empty() ? "" : "; ") + text; };
    if (column.distinct == 1 && profile_.rows > 1) add("always the same");
    if (column.nulls > 0) {
      add("null in " + std::to_string(column.nulls) + " of " + std::to_string(profile_.rows));
    }
    if (column.type.kind == Kind::text && looks_like_date(column.sample)) {
      add("a date? it is a timestamp once it is written as 2024-02-29");
    }
    if (column.type.kind == Kind::text && looks_like_time(column.sample)) {
      add("a time? it is a timestamp once it is written as 2024-02-29 13:45:30, with at most 6 "
          "digits of a second");
    }
    if (column.type.kind == Kind::text && profile_.label < 0 && named_as_label(column.name)) {
      add("an outcome? it can be learned once it is written as true and false, or as numbers");
    }
    if (column.type.kind == Kind::text && looks_like_comma(column.sample)) {
      add("a number? it is one once it is written with a point");
    }
    for (const std::string_view word : {"name", "mail", "phone", "address", "card", "iban"}) {
      if (column.type.kind != Kind::text || column.name.find(word) == std::string::npos) continue;
      add("personal? consider `privacy: pseudonymize`");
      break;
    }
    return note;
  }

  std::string fresh(std::string name) {
    if (name.size() > 60) name.resize(60);
    std::string free = name;
    for (int i = 2; !taken_.insert(free).second; ++i) free = name + "_" + std::to_string(i);
    return free;
  }

  void write_label() {
    if (profile_.label < 0) return;
    label_ = fresh("outcome");
    out_ += "\nlabels:\n  " + label_ + ":\n    of: record\n    value: " + at(profile_.label).name +
            "\n    otherwise: false\n    after: 1d    # how long until it is known: yours to say\n";
  }

  void column(const std::string& name, const std::string& expression) {
    const std::string free = fresh(name);
    out_ += "      " + free + ": " + expression + "\n";
    columns_.push_back(free);
  }

  void write_features() {
    const bool time = profile_.time >= 0;
    if (profile_.keys.empty() && !time) return;
    out_ += "\nfeatures:\n  record:\n    of: record\n    columns:\n";
    if (time) column("hour_of_day", "hour(" + at(profile_.time).name + ")");
    const std::string window = time ? "7d" : "20 events";
    const std::string suffix = time ? "7d" : "20";
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < profile_.keys.size() && i < 2; ++i) {
      keys.push_back(at(profile_.keys[i]).name);
    }
    if (!series_.empty()) keys.push_back(series_);
    for (const std::string& key : keys) {
      if (time) column(key + "_count_" + suffix, "count() over " + window + " by " + key);
      if (profile_.amounts.empty()) continue;
      const std::string& amount = at(profile_.amounts[0]).name;
      column(key + "_mean_" + amount, "mean(" + amount + ") over " + window + " by " + key);
    }
    if (columns_.empty()) out_ += "      one: 1 + 0    # columns go here\n";
  }

  void write_model() {
    std::vector<std::string> inputs;
    for (int amount : profile_.amounts) inputs.push_back(at(amount).name);
    inputs.insert(inputs.end(), columns_.begin(), columns_.end());
    if (label_.empty() || inputs.empty()) return;
    const std::string score = fresh("score");
    out_ += "\nmodels:\n  " + score + ":\n    of: record\n    type: xgboost\n    inputs:\n";
    for (const std::string& input : inputs) out_ += "      - " + input + "\n";
    out_ += "    train:\n      label: " + label_ + "\n";
    if (profile_.time >= 0) out_ += "      holdout: last 7d\n";
    out_ +=
        "      rounds: 100\n      max_depth: 5\n      metrics: [auc, average_precision]\n"
        "    promote:\n      when: average_precision >= current\n";
    out_ += "\ndecisions:\n  " + fresh("verdict") +
            ":\n    of: record\n    cases:\n      - when: " + score +
            " >= 0.5\n        then: look\n      - then: fine\n";
  }

  const Profile& profile_;
  std::string out_;
  std::set<std::string> taken_;
  std::string series_;  // a field that is always the same, where no column is a key
  std::string label_;
  std::vector<std::string> columns_;
};

}  // namespace

std::string first_application(const Profile& profile, std::string_view name) {
  return Writer(profile).write(name);
}

std::vector<std::string_view> template_names() {
  std::vector<std::string_view> out;
  for (const Template& each : templates()) out.push_back(each.name);
  return out;
}

std::string from_template(std::string_view template_name, std::string_view name) {
  for (const Template& each : templates()) {
    if (each.name != template_name) continue;
    const std::size_t body = each.text.find('\n') + 1;
    std::string out = std::string(kModeline) + std::string(each.text.substr(body));
    const std::size_t app = out.find("\napp: ") + 6;
    out.replace(app, out.find('\n', app) - app, application_name(name));
    return out;
  }
  return {};
}

}  // namespace quintet::app
