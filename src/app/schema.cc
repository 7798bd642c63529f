// The JSON Schema of the application file, written from the vocabulary.
#include "app/vocabulary.h"

namespace quintet::app {
namespace {

// Without the words that YAML 1.1 reads as booleans.
constexpr std::string_view kNamePattern = "^(?!(y|n|yes|no|on|off|true|false)$)[a-z][a-z0-9_]*$";
constexpr std::string_view kColumnPattern = "^[a-z][a-z0-9_{}]*$";
constexpr std::string_view kTypePattern =
    "^(bool|int64|double|decimal\\\\([0-9]+\\\\)|string|timestamp|duration|bytes|list\\\\(.+\\\\))"
    "$";

class Writer {
 public:
  void line(int depth, const std::string& text) {
    out_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') + text + "\n";
  }

  static std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + "\"";
  }

  // The members of an object that say what may stand after a key; `end` follows the last.
  void shape(int depth, const Key& key) {
    line(depth, "\"description\": " + quoted(key.doc) + ",");
    switch (key.shape) {
      case Shape::integer: return line(depth, "\"type\": \"integer\", \"minimum\": 0");
      case Shape::number: return line(depth, "\"type\": \"number\", \"exclusiveMinimum\": 0");
      case Shape::boolean: return line(depth, "\"type\": \"boolean\"");
      case Shape::word: return words(depth, key);
      case Shape::name:
        return line(depth, "\"type\": \"string\", \"pattern\": " + quoted(kNamePattern));
      case Shape::duration:
        return line(depth, "\"type\": \"string\", \"pattern\": \"^-?([0-9]+(d|h|m|s|ms|us))+$\"");
      case Shape::names:
      case Shape::texts:
        line(depth, "\"anyOf\": [{\"$ref\": \"#/definitions/scalar\"},");
        return line(depth,
                    "  {\"type\": \"array\", \"items\": {\"$ref\": "
                    "\"#/definitions/scalar\"}}]");
      case Shape::block: return line(depth, reference(*key.block));
      case Shape::block_list:
        return line(depth, "\"type\": \"array\", \"minItems\": 1, \"items\": {" +
                               reference(*key.block) + "}");
      case Shape::blocks: return named(depth, kNamePattern, "{" + reference(*key.block) + "}");
      case Shape::fields:
        return named(depth, kNamePattern,
                     "{\"anyOf\": [{\"type\": \"string\", \"pattern\": \"" +
                         std::string(kTypePattern) + "\"}, {" + reference(*key.block) + "}]}");
      case Shape::expressions:
        return named(depth, kColumnPattern, "{\"$ref\": \"#/definitions/scalar\"}");
      case Shape::literals:
        return named(depth, kNamePattern, "{\"$ref\": \"#/definitions/scalar\"}");
      case Shape::lists:
        return named(depth, kNamePattern,
                     "{\"type\": \"array\", \"minItems\": 1, \"items\": {\"$ref\": "
                     "\"#/definitions/scalar\"}}");
      default: return line(depth, "\"$ref\": \"#/definitions/scalar\"");
    }
  }

  void block(int depth, const Block& block) {
    line(depth, "\"type\": \"object\",");
    line(depth, "\"description\": " + quoted(block.doc) + ",");
    std::string required;
    for (const Key& key : block.keys) {
      if (key.required) required += (required.empty() ? "" : ", ") + quoted(key.name);
    }
    if (!required.empty()) line(depth, "\"required\": [" + required + "],");
    line(depth, "\"additionalProperties\": false,");
    line(depth, "\"properties\": {");
    for (std::size_t i = 0; i < block.keys.size(); ++i) {
      line(depth + 1, quoted(block.keys[i].name) + ": {");
      shape(depth + 2, block.keys[i]);
      const bool last = i + 1 == block.keys.size() && block.parameters.empty();
      line(depth + 1, last ? "}" : "},");
    }
    for (const Parameter& parameter : block.parameters) {
      const bool last = &parameter == &block.parameters.back();
      line(depth + 1, quoted(parameter.name) + ": {" + values(parameter) + "}" + (last ? "" : ","));
    }
    line(depth, "}");
  }

  static std::string definition(const Block& block) {
    std::string out;
    for (char c : block.what) {
      if (c == ' ')
        out.clear();
      else if (c >= 'a' && c <= 'z')
        out += c;
    }
    return out == "block" ? "features" : out;
  }

  std::string take() { return std::move(out_); }

 private:
  static std::string reference(const Block& block) {
    return "\"$ref\": \"#/definitions/" + definition(block) + "\"";
  }

  void named(int depth, std::string_view pattern, const std::string& value) {
    line(depth, "\"type\": \"object\",");
    line(depth, "\"propertyNames\": {\"pattern\": " + quoted(pattern) + "},");
    line(depth, "\"additionalProperties\": " + value);
  }

  static std::string listed(std::span<const std::string_view> words) {
    std::string all;
    for (std::string_view word : words) all += (all.empty() ? "" : ", ") + quoted(word);
    return "\"enum\": [" + all + "]";
  }

  static std::string values(const Parameter& parameter) {
    switch (parameter.form) {
      case Parameter::Form::whole: return "\"type\": \"integer\"";
      case Parameter::Form::number: return "\"type\": \"number\"";
      case Parameter::Form::word: return listed(parameter.words);
      case Parameter::Form::text: break;
    }
    return "\"type\": \"string\"";
  }

  void words(int depth, const Key& key) {
    if (key.words.empty()) {
      return line(depth,
                  "\"type\": \"string\", \"pattern\": \"" + std::string(kTypePattern) + "\"");
    }
    line(depth, listed(key.words));
  }

  std::string out_;
};

}  // namespace

std::string schema_json() {
  Writer writer;
  writer.line(0, "{");
  writer.line(1, "\"$schema\": \"http://json-schema.org/draft-07/schema#\",");
  writer.line(1, "\"title\": \"Quintet application\",");
  writer.line(1, "\"definitions\": {");
  writer.line(2, "\"scalar\": {\"type\": [\"string\", \"number\", \"boolean\"]},");
  const Block* const blocks[] = {&kTableBlock,   &kEventBlock,    &kFieldBlock,    &kInputBlock,
                                 &kLabelBlock,   &kFeaturesBlock, &kModelBlock,    &kTrainBlock,
                                 &kPromoteBlock, &kRetrainBlock,  &kDecisionBlock, &kCaseBlock,
                                 &kViewBlock,    &kSinkBlock};
  for (const Block* block : blocks) {
    writer.line(2, "\"" + Writer::definition(*block) + "\": {");
    writer.block(3, *block);
    writer.line(2, block == &kSinkBlock ? "}" : "},");
  }
  writer.line(1, "},");
  writer.block(1, kTopBlock);
  writer.line(0, "}");
  return writer.take();
}

}  // namespace quintet::app
