#include "app/draft.h"

namespace quintet::app {
namespace {

// A choice of one member for each set that a name mentions.
using Members = std::map<std::string, std::string>;

// The sets in `{ }` of a column's name, in order, each once. Nothing if one is unknown (reported).
std::optional<std::vector<std::string>> sets_of(Draft& draft, const Node& name) {
  std::vector<std::string> out;
  for (std::size_t at = name.text.find('{'); at != std::string::npos;
       at = name.text.find('{', at + 1)) {
    const std::size_t end = name.text.find('}', at);
    const std::string set = name.text.substr(at + 1, end - at - 1);
    if (!draft.sets.contains(set)) {
      std::vector<std::string> known;
      for (const auto& [key, members] : draft.sets) known.push_back(key);
      std::string hint = expr::did_you_mean(set, known);
      if (hint.empty()) hint = "declare it: `sets: {" + set + ": [1d, 7d]}`";
      draft.report.error("QNT-0216", draft.report.source().place_in(name, at, end + 1),
                         "there is no set `" + set + "`", hint);
      return std::nullopt;
    }
    bool fresh = true;
    for (const std::string& seen : out) fresh = fresh && seen != set;
    if (fresh) out.push_back(set);
  }
  return out;
}

// `text` with {set} replaced; `origin` gets a stretch of `text` for each byte of the answer.
std::string put_members(std::string_view text, const Members& members,
                        std::vector<expr::Span>* origin) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = text[i] == '{' ? text.find('}', i) : std::string_view::npos;
    auto found = end == std::string_view::npos
                     ? members.end()
                     : members.find(std::string(text.substr(i + 1, end - i - 1)));
    const std::size_t stop = found == members.end() ? i + 1 : end + 1;
    out += found == members.end() ? std::string(1, text[i]) : found->second;
    if (origin != nullptr) {
      origin->resize(out.size(), {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(stop)});
    }
    i = stop;
  }
  return out;
}

// Sets that the expression mentions and the name does not: every member would give one column.
bool refuse_foreign_sets(Draft& draft, const Node& name, const Node& value,
                         const std::vector<std::string>& sets) {
  for (const auto& [set, members] : draft.sets) {
    const std::string braces = "{" + set + "}";
    const std::size_t at = value.text.find(braces);
    bool named = false;
    for (const std::string& known : sets) named = named || known == set;
    if (named || at == std::string::npos) continue;
    draft.report
        .error("QNT-0217", draft.report.source().place_in(value, at, at + braces.size()),
               "`" + braces + "` stands in the expression and not in the column's name",
               "name the column `" + name.text + "_" + braces + "`")
        .relate(draft.report.source().place(name), "the column");
    return false;
  }
  return true;
}

void add_column(Draft& draft, int of, const Node::Entry& entry, const Members& members) {
  DeclaredColumn column;
  column.name = put_members(entry.key.text, members, nullptr);
  column.of = of;
  column.place = draft.report.source().place(entry.key);
  if (draft.columns.size() >= kMaxColumns) {
    draft.report.error("QNT-0218", column.place, "more than 4096 columns");
    return;
  }
  const bool fresh = draft.declare_on_row(of, column.name, column.place);
  column.expression.node = &entry.value;
  column.expression.text = members.empty()
                               ? entry.value.text
                               : put_members(entry.value.text, members, &column.expression.origin);
  draft.parse(column.expression);
  if (fresh) draft.columns.push_back(std::move(column));
}

void load_column(Draft& draft, int of, const Node::Entry& entry) {
  std::set<std::string>& failed = draft.events[static_cast<std::size_t>(of)].failed;
  if (!entry.value.is_scalar() || entry.value.is_null()) {
    failed.insert(entry.key.text);
    draft.report.error("QNT-0103",
                       entry.value.is_null() ? draft.report.source().place(entry.key)
                                             : draft.report.source().place(entry.value),
                       "the column `" + entry.key.text + "` needs an expression",
                       entry.value.flow ? "quote an expression that begins with `[` or `{`" : "");
    return;
  }
  std::optional<std::vector<std::string>> sets = sets_of(draft, entry.key);
  if (!sets || !refuse_foreign_sets(draft, entry.key, entry.value, *sets)) {
    failed.insert(entry.key.text);
    return;
  }
  std::vector<Members> choices = {{}};
  for (const std::string& set : *sets) {
    std::vector<Members> more;
    for (const Members& choice : choices) {
      for (const std::string& member : draft.sets[set]) {
        if (more.size() > kMaxColumns) break;
        more.push_back(choice);
        more.back()[set] = member;
      }
    }
    choices = std::move(more);
  }
  for (const Members& choice : choices) add_column(draft, of, entry, choice);
}

}  // namespace

void load_features(Draft& draft, const Reading& top) {
  for (const Node::Entry* entry : top.named("features")) {
    Reading block(draft.report, entry->value, kFeaturesBlock,
                  draft.report.source().place(entry->key));
    const int of = draft.event_of(block);
    if (of < 0) continue;
    for (const Node::Entry* column : block.named("columns")) load_column(draft, of, *column);
  }
}

}  // namespace quintet::app
