// Expressions that YAML cut at a comma inside { } or [ ].
#include "app/draft.h"

namespace quintet::app {
namespace {

// Open brackets less closed ones, outside of quotes.
int open_brackets(std::string_view text) {
  int open = 0;
  char quote = 0;
  for (char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[') {
      ++open;
    } else if (c == ')' || c == ']') {
      --open;
    }
  }
  return open;
}

constexpr std::string_view kHint =
    "write it in block style, on a line of its own, or quote the whole expression";

class Mender {
 public:
  explicit Mender(Report& report) : report_(report) {}

  void mend(Node& node) {
    if (node.flow && node.is_mapping()) mend_mapping(node);
    if (node.flow && node.is_sequence()) mend_sequence(node);
    for (Node& item : node.items) mend(item);
    for (Node::Entry& entry : node.entries) mend(entry.value);
  }

 private:
  bool begins_cut(const Node& value) const {
    return value.is_scalar() && value.plain && open_brackets(value.text) > 0;
  }

  // True if nothing was written after the key, not even a colon.
  bool bare(const Node::Entry& entry) const {
    if (!entry.value.is_null() || !entry.value.text.empty() || !entry.key.plain) return false;
    const std::string_view text = report_.source().text();
    std::size_t at = entry.key.end;
    while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r')) ++at;
    return at < text.size() && (text[at] == ',' || text[at] == '}');
  }

  void join(Node& value, const Node& last) {
    const bool whole = open_brackets(value.text) <= 0;
    value.end = std::max(value.end, last.end);
    // A keyless rest (`by a, b`) is left out: what stands before it can be checked alone.
    if (!whole) {
      value.text =
          std::string(report_.source().text().substr(value.begin, value.end - value.begin));
    }
    report_.error("QNT-0107", value, "YAML cuts this expression at its comma, inside { } or [ ]",
                  std::string(kHint));
  }

  void mend_mapping(Node& node) {
    std::vector<Node::Entry> kept;
    for (std::size_t i = 0; i < node.entries.size(); ++i) {
      Node::Entry entry = std::move(node.entries[i]);
      const bool cut = begins_cut(entry.value);
      int open = cut ? open_brackets(entry.value.text) : 0;
      std::size_t next = i + 1;
      while (next < node.entries.size() && entry.value.is_scalar() && entry.value.plain &&
             (open > 0 || bare(node.entries[next]))) {
        const Node::Entry& piece = node.entries[next];
        if (!piece.value.is_scalar()) break;
        open += open_brackets(piece.key.text) + open_brackets(piece.value.text);
        ++next;
      }
      if (next > i + 1) {
        const Node::Entry& last = node.entries[next - 1];
        join(entry.value, last.value.text.empty() ? last.key : last.value);
        i = next - 1;
      }
      kept.push_back(std::move(entry));
    }
    node.entries = std::move(kept);
  }

  void mend_sequence(Node& node) {
    std::vector<Node> kept;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      Node item = std::move(node.items[i]);
      int open = begins_cut(item) ? open_brackets(item.text) : 0;
      std::size_t next = i + 1;
      while (open > 0 && next < node.items.size() && node.items[next].is_scalar()) {
        open += open_brackets(node.items[next].text);
        ++next;
      }
      if (next > i + 1) {
        join(item, node.items[next - 1]);
        i = next - 1;
      }
      kept.push_back(std::move(item));
    }
    node.items = std::move(kept);
  }

  Report& report_;
};

}  // namespace

void mend_cuts(Report& report, Node& root) {
  Mender(report).mend(root);
}

}  // namespace quintet::app
