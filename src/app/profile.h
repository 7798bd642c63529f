// A first application file: from what a data file looks like, or from a template. The caller reads
// the file; here are only texts. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "event/value.h"

namespace quintet::app {

// What is seen of one column of a CSV file.
struct ColumnProfile {
  std::string input;  // its name in the header
  std::string name;   // a possible name made of it; distinct
  event::Type type;   // the narrowest that takes every value
  std::size_t nulls = 0;
  std::size_t distinct = 0;         // counted up to kMaxDistinct
  std::size_t repeats = 0;          // values that were there before
  std::size_t disorder = 0;         // of a timestamp: values smaller than the one before
  bool epoch_millis = false;        // a timestamp written as milliseconds since 1970
  std::vector<std::string> levels;  // of a string with few values, in order
  std::string sample;               // the first value
};

inline constexpr std::size_t kMaxDistinct = 100'000;

struct Profile {
  std::vector<ColumnProfile> columns;
  std::size_t rows = 0;
  std::size_t unread = 0;  // lines left out: no UTF-8, a quote not closed, too many cells
  char separator = ',';
  std::vector<std::string> nulls;  // texts that were taken for null
  // Indexes into columns, or -1.
  int id = -1, time = -1, label = -1;
  std::vector<int> keys;     // what repeats and looks like an identity
  std::vector<int> amounts;  // numbers that vary
};

// The column is named after the label, as TX_FRAUD_SCENARIO after TX_FRAUD: reading it would be
// reading the answer.
bool hints_at_label(const Profile& profile, int column);

// The name is that of what is to be foretold: "fraud", "label", "species_class".
bool named_as_label(std::string_view name);

// The separator of a CSV file, by its first line.
char guess_separator(std::string_view header);

// `lines` are as many records after the header as the caller wants looked at. Refuses a header that
// cannot be read; lines that cannot are left out.
Expected<Profile> profile(std::string_view header, std::span<const std::string_view> lines);

// The first application file for the data, with comments on what was seen. load() accepts it.
// `name` is made an application's name.
std::string first_application(const Profile& profile, std::string_view name);

// The templates of `quintet new`: "blank", "fraud", "maintenance", "chargebacks".
std::vector<std::string_view> template_names();
// The file of a template with the application's name put in; empty for an unknown template.
std::string from_template(std::string_view template_name, std::string_view name);

}  // namespace quintet::app
