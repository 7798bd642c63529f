// The words of the application file: one table of keys per block, with type, need and meaning. The
// loader checks a file against these tables, the JSON Schema for editors is written from them, and
// the did-you-mean looks into them, so the three cannot differ.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quintet::app {

// What may stand after a key.
enum class Shape : unsigned char {
  text,         // any scalar, as text
  name,         // one name
  integer,      // a whole number, at least 0
  number,       // a number above 0
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

// A parameter of a training library, passed on as it is written. What would change determinism or
// the kind of model (nthread, seed, booster, device, objective) is none: that is ours to say.
struct Parameter {
  enum class Form : unsigned char { whole, number, word, text };
  std::string_view name;
  std::string_view trainer;  // "xgboost" or "linear"
  Form form;
  double low = 0, high = 0;  // of whole and number; low itself is left out if `above`
  bool above = false;
  std::span<const std::string_view> words = {};
};

struct Block {
  std::string_view what;  // "an event": stands in messages
  std::string_view doc;
  std::span<const Key> keys;
  std::span<const Later> later = {};
  std::span<const Parameter> parameters = {};  // further keys

  const Key* find(std::string_view name) const;
};

extern const Block kTopBlock, kTableBlock, kEventBlock, kFieldBlock, kInputBlock, kLabelBlock,
    kFeaturesBlock, kModelBlock, kTrainBlock, kPromoteBlock, kRetrainBlock, kDecisionBlock,
    kCaseBlock, kViewBlock, kSinkBlock;

extern const std::span<const std::string_view> kPatternWords, kTypeWords, kMetricWords;

// That of a trainer, "xgboost" or "linear"; null if it has none of that name.
const Parameter* find_parameter(std::string_view trainer, std::string_view name);
std::vector<std::string_view> parameter_names(std::string_view trainer);
// "a number above 0, at most 1": what the parameter wants. Empty if `value` is that.
std::string wrong_parameter(const Parameter& parameter, std::string_view value);

// The JSON Schema (draft-07) of the application file, with a final newline: api/app.schema.json.
std::string schema_json();

}  // namespace quintet::app
