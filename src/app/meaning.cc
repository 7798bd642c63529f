// The digest over what an application file says.
#include <algorithm>

#include "app/draft.h"
#include "base/digest.h"

namespace quintet::app {
namespace {

void append(std::string& out, const Node& node, const Key* key);

void append_text(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

// Expressions in their normal form, so that blanks and brackets do not count.
std::string normal(const Node& node) {
  expr::Parsed parsed = expr::parse(node.text);
  return parsed.ok() ? expr::print(*parsed.ast) : node.text;
}

bool holds_expressions(const Key* key) {
  return key != nullptr && (key->shape == Shape::expression || key->shape == Shape::expressions);
}

void append_mapping(std::string& out, const Node& node, const Key* key) {
  std::vector<const Node::Entry*> entries;
  for (const Node::Entry& entry : node.entries) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(),
            [](const Node::Entry* a, const Node::Entry* b) { return a->key.text < b->key.text; });
  const bool own_keys = key != nullptr && key->block != nullptr &&
                        (key->shape == Shape::block || key->shape == Shape::block_list);
  out += '{';
  for (const Node::Entry* entry : entries) {
    append_text(out, entry->key.text);
    const Key* next = own_keys ? key->block->find(entry->key.text) : nullptr;
    if (!own_keys && key != nullptr && key->block != nullptr) {
      // A mapping from names: below each stands the block itself.
      Key inner = *key;
      inner.shape = Shape::block;
      append(out, entry->value, &inner);
      continue;
    }
    if (!own_keys) next = key;
    append(out, entry->value, next);
  }
  out += '}';
}

void append(std::string& out, const Node& node, const Key* key) {
  if (node.is_mapping()) {
    append_mapping(out, node, key);
  } else if (node.is_sequence()) {
    out += '[';
    for (const Node& item : node.items) append(out, item, key);
    out += ']';
  } else {
    append_text(out, holds_expressions(key) ? normal(node) : node.text);
  }
}

}  // namespace

std::string digest_of_meaning(const Node& root) {
  Node counted = root;
  std::erase_if(counted.entries,
                [](const Node::Entry& entry) { return entry.key.text == "pattern"; });
  const Key top{"", Shape::block, "", true, {}, &kTopBlock};
  std::string out = "quintet application\n";
  append(out, counted, &top);
  return sha256_hex(out);
}

}  // namespace quintet::app
