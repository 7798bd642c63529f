// YAML text as a small tree of our own, each node with its place. This is the only way from YAML
// into the program, and it is safe with hostile text: everything beyond the limits below, and every
// YAML feature that the application language does not use, is refused with a diagnostic.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/source.h"

namespace quintet::app {

inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxNodes = 100'000;
inline constexpr std::size_t kMaxDepth = 64;
// Nodes that aliases may add, all together: enough to share a list, too few for a bomb.
inline constexpr std::size_t kMaxAliasNodes = 1'000;

struct Node {
  enum class Kind : unsigned char { scalar, sequence, mapping };
  struct Entry;

  Kind kind = Kind::scalar;
  bool plain = true;               // a scalar without quotes
  bool block = false;              // a scalar written with | or >
  bool flow = false;               // a collection written with { } or [ ]
  std::size_t begin = 0, end = 0;  // bytes in the file
  std::string text;                // of a scalar
  std::vector<Node> items;         // of a sequence
  std::vector<Entry> entries;      // of a mapping, in the order of the file, keys distinct

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_sequence() const { return kind == Kind::sequence; }
  bool is_mapping() const { return kind == Kind::mapping; }
  // Nothing was written: `key:` alone, or ~ or null.
  bool is_null() const {
    return is_scalar() && plain && (text.empty() || text == "~" || text == "null");
  }
  const Node* find(std::string_view key) const;  // the value, or null
  const Entry* find_entry(std::string_view key) const;
};

struct Node::Entry {
  Node key;  // always a scalar
  Node value;
};

struct Yaml {
  // Nothing if there is a problem, save for doubled keys (QNT-0008): then the first of each.
  std::optional<Node> root;
  std::vector<Diagnostic> problems;
};

// Reads exactly one document.
Yaml read_yaml(const Source& source);

}  // namespace quintet::app
