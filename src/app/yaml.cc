#include "app/yaml.h"

#include <libfyaml.h>

#include <map>
#include <memory>

#include "base/text.h"

namespace quintet::app {
namespace {

constexpr std::size_t kMaxAnchors = 100;

struct ParserCloser {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};
struct DiagCloser {
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};

Diagnostic problem(std::string code, Place place, std::string message, std::string hint = {}) {
  return {std::move(code), false, place, std::move(message), {}, std::move(hint)};
}

// The length of the UTF-8 character at `at`, or 0 if it is none.
std::size_t utf8_length(std::string_view s, std::size_t at) {
  std::string_view rest = s.substr(at);
  const std::size_t before = rest.size();
  return take_code_point(rest) ? before - rest.size() : 0;
}

// What can be seen in the bytes alone, before any YAML.
void check_bytes(const Source& source, std::vector<Diagnostic>& problems) {
  const std::string_view text = source.text();
  if (text.size() > kMaxFileBytes) {
    problems.push_back(
        problem("QNT-0001", source.place(0, 0),
                "the file is larger than 1 MiB (" + std::to_string(text.size()) + " bytes)"));
    return;
  }
  bool indent = true;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = utf8_length(text, i);
    if (n == 0) {
      problems.push_back(problem("QNT-0002", source.place(i, i + 1), "this byte is not valid UTF-8",
                                 "save the file as UTF-8 (it may be Latin-1)"));
      return;
    }
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F) {
      problems.push_back(
          problem("QNT-0002", source.place(i, i + 1), "a control character in the file"));
      return;
    }
    if (c == '\t' && indent) {
      problems.push_back(problem("QNT-0003", source.place(i, i + 1), "a tab in the indentation",
                                 "YAML is indented with spaces"));
      return;
    }
    if (c == '\n')
      indent = true;
    else if (c != ' ')
      indent = false;
    i += n;
  }
}

class Builder {
 public:
  Builder(const Source& source, std::vector<Diagnostic>& problems)
      : source_(source), problems_(problems) {}

  // False ends the reading.
  bool take(fy_event* event) {
    switch (event->type) {
      case FYET_DOCUMENT_START: return start_document(event);
      case FYET_ALIAS: return alias(event);
      case FYET_SCALAR: return scalar(event);
      case FYET_SEQUENCE_START: return open(event, Node::Kind::sequence);
      case FYET_MAPPING_START: return open(event, Node::Kind::mapping);
      case FYET_SEQUENCE_END:
      case FYET_MAPPING_END: return close(event);
      default: return true;
    }
  }

  std::optional<Node> root;

 private:
  struct Open {
    Node node;
    std::string anchor;
    std::optional<Node> key;  // of a mapping: read, its value is next
    bool again = false;       // the key stood here before: its value is dropped
    std::map<std::string, std::size_t, std::less<>> seen;  // keys, to their entries
  };

  bool refuse(std::string code, Place place, std::string message, std::string hint = {}) {
    problems_.push_back(problem(std::move(code), place, std::move(message), std::move(hint)));
    return false;
  }

  void mark(fy_event* event, Node& node) {
    const fy_mark* start = fy_event_start_mark(event);
    const fy_mark* end = fy_event_end_mark(event);
    node.begin = start != nullptr ? start->input_pos : last_;
    node.end = end != nullptr ? end->input_pos : node.begin;
    if (node.end < node.begin) node.end = node.begin;
    last_ = node.end;
  }

  bool start_document(fy_event* event) {
    if (++documents_ == 1) return true;
    Node node;
    mark(event, node);
    return refuse("QNT-0006", source_.place(node), "a second YAML document in the file",
                  "an application is one document: remove the `---`");
  }

  static std::string token_text(fy_token* token) {
    std::size_t size = 0;
    const char* text = token != nullptr ? fy_token_get_text(token, &size) : nullptr;
    return text != nullptr ? std::string(text, size) : std::string();
  }

  bool open(fy_event* event, Node::Kind kind) {
    if (open_.size() >= kMaxDepth) {
      Node node;
      mark(event, node);
      return refuse("QNT-0004", source_.place(node), "nested deeper than 64 levels");
    }
    Open open;
    open.node.kind = kind;
    open.node.flow = fy_event_get_node_style(event) == FYNS_FLOW;
    mark(event, open.node);
    if (!refuse_tag(event, open.node)) return false;
    open.anchor = token_text(fy_event_get_anchor_token(event));
    open_.push_back(std::move(open));
    return true;
  }

  bool close(fy_event* event) {
    Open open = std::move(open_.back());
    open_.pop_back();
    Node end;
    mark(event, end);
    Node& node = open.node;
    if (node.flow) {
      node.end = end.end;
    } else {
      if (!node.items.empty()) node.end = node.items.back().end;
      if (!node.entries.empty()) node.end = node.entries.back().value.end;
    }
    return add(std::move(node), open.anchor);
  }

  bool scalar(fy_event* event) {
    Node node;
    mark(event, node);
    if (!refuse_tag(event, node)) return false;
    const fy_node_style style = fy_event_get_node_style(event);
    node.block = style == FYNS_LITERAL || style == FYNS_FOLDED;
    node.plain = style != FYNS_SINGLE_QUOTED && style != FYNS_DOUBLE_QUOTED && !node.block;
    node.text = token_text(event->scalar.value);
    if (!node.plain && !node.block) take_quotes_in(node);
    return add(std::move(node), token_text(fy_event_get_anchor_token(event)));
  }

  // The library's marks of a quoted scalar are inside the quotes.
  void take_quotes_in(Node& node) const {
    const std::string_view text = source_.text();
    auto quote = [&](std::size_t at) {
      return at < text.size() && (text[at] == '"' || text[at] == '\'');
    };
    if (node.begin > 0 && quote(node.begin - 1)) --node.begin;
    if (quote(node.end)) ++node.end;
  }

  bool refuse_tag(fy_event* event, const Node& node) {
    if (fy_event_get_tag_token(event) == nullptr) return true;
    return refuse("QNT-0007", source_.place(node.begin, node.begin),
                  "YAML tags (`!...`) have no meaning here", "remove the tag");
  }

  static std::size_t count(const Node& node) {
    std::size_t n = 1;
    for (const Node& item : node.items) n += count(item);
    for (const Node::Entry& entry : node.entries) n += 1 + count(entry.value);
    return n;
  }

  static std::size_t depth(const Node& node) {
    std::size_t most = 0;
    for (const Node& item : node.items) most = std::max(most, depth(item));
    for (const Node::Entry& entry : node.entries) most = std::max(most, depth(entry.value));
    return most + 1;
  }

  bool alias(fy_event* event) {
    Node at;
    mark(event, at);
    const std::string name = token_text(event->alias.anchor);
    auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return refuse("QNT-0005", source_.place(at), "no anchor `&" + name + "` before this alias");
    }
    alias_nodes_ += found->second ? count(*found->second) : kMaxAliasNodes + 1;
    if (alias_nodes_ > kMaxAliasNodes) {
      return refuse("QNT-0005", source_.place(at), "aliases expand to more than 1,000 nodes in all",
                    "write the repeated part out, or use `sets:`");
    }
    if (open_.size() + depth(*found->second) > kMaxDepth) {
      return refuse("QNT-0004", source_.place(at), "nested deeper than 64 levels");
    }
    Node copy = *found->second;
    return add(std::move(copy), {});
  }

  bool add(Node node, const std::string& anchor) {
    if (++nodes_ > kMaxNodes) {
      return refuse("QNT-0004", source_.place(node), "more than 100,000 YAML nodes");
    }
    if (!anchor.empty() && !remember(anchor, node)) return false;
    if (open_.empty()) {
      root = std::move(node);
      return true;
    }
    Open& parent = open_.back();
    if (parent.node.is_sequence()) {
      parent.node.items.push_back(std::move(node));
      return true;
    }
    if (!parent.key) return add_key(parent, std::move(node));
    if (!parent.again) {
      parent.node.entries.push_back({std::move(*parent.key), std::move(node)});
    }
    parent.again = false;
    parent.key.reset();
    return true;
  }

  bool remember(const std::string& anchor, const Node& node) {
    if (anchors_.size() >= kMaxAnchors) {
      return refuse("QNT-0005", source_.place(node), "more than 100 anchors");
    }
    anchors_[anchor] = count(node) <= kMaxAliasNodes ? std::optional<Node>(node) : std::nullopt;
    return true;
  }

  bool add_key(Open& parent, Node key) {
    if (!key.is_scalar()) {
      return refuse("QNT-0007", source_.place(key.begin, key.begin + 1),
                    "a key must be a plain word");
    }
    const auto [first, fresh] = parent.seen.emplace(key.text, parent.node.entries.size());
    if (!fresh) {
      parent.again = true;
      Diagnostic d = problem("QNT-0008", source_.place(key),
                             "the key `" + key.text + "` stands here a second time",
                             "remove or rename one of them");
      d.relate(source_.place(parent.node.entries[first->second].key), "first here");
      problems_.push_back(std::move(d));
    }
    parent.key = std::move(key);
    return true;
  }

  const Source& source_;
  std::vector<Diagnostic>& problems_;
  std::vector<Open> open_;
  std::map<std::string, std::optional<Node>> anchors_;  // nothing: too large to be used again
  std::size_t documents_ = 0, nodes_ = 0, alias_nodes_ = 0;
  std::size_t last_ = 0;
};

// The library's own words, with its internal ones left out.
Diagnostic syntax_problem(const Source& source, fy_diag* diag) {
  void* iterator = nullptr;
  const fy_diag_error* error = fy_diag_errors_iterate(diag, &iterator);
  if (error == nullptr || error->msg == nullptr) {
    return problem("QNT-0009", source.place(0, 0), "this is not valid YAML");
  }
  std::size_t at = 0;
  for (int line = 1; line < error->line && at < source.text().size(); ++at) {
    if (source.text()[at] == '\n') ++line;
  }
  for (int column = 1; column < error->column && at < source.text().size(); ++at) {
    if (source.text()[at] == '\n') break;
    if ((static_cast<unsigned char>(source.text()[at]) & 0xC0) != 0x80) ++column;
  }
  std::string message = error->msg;
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  std::string hint;
  const std::string_view line = source.line(error->line);
  if (line.find(": ") != line.rfind(": ") || line.find(" #") != line.npos) {
    hint = "quote a value that holds `: ` or ` #`";
  }
  return problem("QNT-0009", source.place(at, at + 1), "not valid YAML: " + message, hint);
}

}  // namespace

const Node::Entry* Node::find_entry(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key.text == key) return &entry;
  }
  return nullptr;
}

const Node* Node::find(std::string_view key) const {
  const Entry* entry = find_entry(key);
  return entry != nullptr ? &entry->value : nullptr;
}

Yaml read_yaml(const Source& source) {
  Yaml yaml;
  check_bytes(source, yaml.problems);
  if (!yaml.problems.empty()) return yaml;

  fy_diag_cfg diag_cfg;
  fy_diag_cfg_default(&diag_cfg);
  diag_cfg.fp = nullptr;
  diag_cfg.output_fn = [](fy_diag*, void*, const char*, std::size_t) {};
  std::unique_ptr<fy_diag, DiagCloser> diag(fy_diag_create(&diag_cfg));
  fy_diag_set_collect_errors(diag.get(), true);
  fy_parse_cfg cfg{};
  cfg.flags = static_cast<fy_parse_cfg_flags>(FYPCF_DEFAULT_VERSION_1_2 | FYPCF_COLLECT_DIAG);
  cfg.diag = diag.get();
  std::unique_ptr<fy_parser, ParserCloser> parser(fy_parser_create(&cfg));
  if (!parser ||
      fy_parser_set_string(parser.get(), source.text().data(), source.text().size()) != 0) {
    yaml.problems.push_back(problem("QNT-0009", source.place(0, 0), "this is not valid YAML"));
    return yaml;
  }
  Builder builder(source, yaml.problems);
  bool going = true, ended = false;
  while (going) {
    fy_event* event = fy_parser_parse(parser.get());
    if (event == nullptr) break;
    ended = event->type == FYET_STREAM_END;
    going = !ended && builder.take(event);
    fy_parser_event_free(parser.get(), event);
  }
  if (going || (!ended && yaml.problems.empty())) {
    yaml.problems.push_back(syntax_problem(source, diag.get()));
  }
  if (yaml.problems.empty() && !builder.root) {
    yaml.problems.push_back(problem("QNT-0010", source.place(0, 0), "the file is empty",
                                    "`quintet new` writes a first one"));
  }
  const bool readable = std::all_of(yaml.problems.begin(), yaml.problems.end(),
                                    [](const Diagnostic& d) { return d.code == "QNT-0008"; });
  if (readable) yaml.root = std::move(builder.root);
  return yaml;
}

}  // namespace quintet::app
