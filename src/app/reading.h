// A mapping of the file, checked against its table of keys (app/vocabulary.h): unknown keys,
// missing ones and values of the wrong shape are reported once, here, and read as if they were
// absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/report.h"
#include "app/vocabulary.h"
#include "app/yaml.h"
#include "base/clock.h"

namespace quintet::app {

// Entries of one mapping of user names: columns (after sets are put in), and all else.
inline constexpr std::size_t kMaxColumns = 4096;
inline constexpr std::size_t kMaxNamed = 1024;

class Reading {
 public:
  // `owner` is where a missing key is reported: the name of the block.
  Reading(Report& report, const Node& node, const Block& block, Place owner);

  // The value of a key; null if it is absent or was refused.
  const Node* find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key) != nullptr; }
  std::string text(std::string_view key) const;  // empty if absent
  std::optional<Micros> duration(std::string_view key) const;
  // The same, and zero is refused: it would read as if the key were left out.
  std::optional<Micros> length(std::string_view key) const;
  // Refuses what is not between the two.
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t least,
                                      std::int64_t most) const;
  std::optional<double> number(std::string_view key) const;
  bool boolean(std::string_view key) const;  // false if absent
  // A scalar, or the scalars of a list; empty if absent.
  std::vector<const Node*> items(std::string_view key) const;
  // The entries of a mapping of user names; names that cannot be are reported.
  std::vector<const Node::Entry*> named(std::string_view key) const;
  // Those that are a library's parameters.
  const std::vector<const Node::Entry*>& others() const { return others_; }

 private:
  bool known_key(const Node::Entry& entry);
  bool fits(const Key& key, const Node& value);
  void mismatch(const Key& key, const Node& value, std::string_view wanted, std::string hint = {});
  bool fits_scalar(const Key& key, const Node& value);
  bool check_word(const Node& value);

  Report& report_;
  const Block& block_;
  std::vector<std::pair<const Key*, const Node*>> found_;
  std::vector<const Node::Entry*> others_;
};

// on, off, yes, no, y, n, true, false in any case: YAML 1.1 loaders turn them into booleans.
bool yaml11_boolean(std::string_view text);
// A name made of any text: small letters, digits and `_`; empty if nothing is left.
std::string possible_name(std::string_view text);
// Reports a name of the user's choice that is not [a-z][a-z0-9_]* or means something else. The name
// of a `column` may hold {set}; that of an `aggregate` may be y or n, as DESIGN writes it.
bool check_name(Report& report, const Node& name, std::string_view what);

}  // namespace quintet::app
