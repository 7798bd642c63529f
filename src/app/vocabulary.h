// The words of the application file: one table of keys per block, with type, need and meaning. The
// loader checks a file against these tables, the JSON Schema for editors is written from them, and
// the did-you-mean looks into them, so the three cannot differ.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace quintet::app {

// What may stand after a key.
enum class Shape : unsigned char {
  text,         // any scalar, as text
  name,         // one name
  integer,      // a whole number, at least 0
  boolean,      // true or false
  duration,     // 250ms, 30s, 5m, 12h, 7d, 2w
  literal,      // a scalar: number, text, true, false
  word,         // one of Key::words
  expression,   // checked by room expr
  names,        // a name or a list of names
  texts,        // a scalar or a list of scalars
  block,        // a mapping with the keys of Key::block
  field,        // a type, or a mapping with the keys of Key::block
  block_list,   // a list of such mappings
  blocks,       // names of the user's choice, each with such a mapping
  fields,       // names of the user's choice, each with a `field`
  expressions,  // names of the user's choice, each with an expression
  literals,     // names of the user's choice, each with a scalar
  lists,        // names of the user's choice, each with a list of scalars
};

struct Block;

struct Key {
  std::string_view name;
  Shape shape;
  std::string_view doc;
  bool required = false;
  std::span<const std::string_view> words = {};
  const Block* block = nullptr;
};

// A word that is not used yet, and what to say of it.
struct Later {
  std::string_view name;
  std::string_view why;
};

struct Block {
  std::string_view what;  // "an event": stands in messages
  std::string_view doc;
  std::span<const Key> keys;
  std::span<const Later> later = {};
  bool open = false;  // other keys are passed on (a library's own parameters)

  const Key* find(std::string_view name) const;
};

extern const Block kTopBlock, kTableBlock, kEventBlock, kFieldBlock, kInputBlock, kLabelBlock,
    kFeaturesBlock, kModelBlock, kTrainBlock, kPromoteBlock, kDecisionBlock, kCaseBlock, kViewBlock,
    kSinkBlock;

extern const std::span<const std::string_view> kPatternWords, kTypeWords, kMetricWords;

// The JSON Schema (draft-07) of the application file, with a final newline: api/app.schema.json.
std::string schema_json();

}  // namespace quintet::app
