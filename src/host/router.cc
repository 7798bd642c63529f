#include "host/router.h"

#include "base/check.h"
#include "host/http_text.h"

namespace quintet::host {

// One path segment. `rest` means that the parameter below takes the remaining path.
struct Router::Node {
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;
  std::unique_ptr<Node> parameter;
  std::string name;
  bool rest = false;
  std::vector<std::pair<std::string, std::size_t>> methods;

  Node* literal(std::string_view segment) const {
    for (const auto& [text, node] : literals) {
      if (text == segment) return node.get();
    }
    return nullptr;
  }
};

namespace {

// Cuts the first segment off "/a/b": gives "a" and leaves "/b".
std::string_view cut_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

}  // namespace

Router::Router() : root_(std::make_unique<Node>()) {}
Router::Router(Router&&) noexcept = default;
Router::~Router() = default;

void Router::add(Route route) {
  check(route.pattern.starts_with('/') && route.handler != nullptr, "a malformed route");
  Node* node = root_.get();
  for (std::string_view rest = route.pattern; !rest.empty();) {
    const std::string_view segment = cut_segment(rest);
    if (!segment.starts_with('{')) {
      Node* next = node->literal(segment);
      if (!next) {
        node->literals.emplace_back(segment, std::make_unique<Node>());
        next = node->literals.back().second.get();
      }
      node = next;
      continue;
    }
    check(segment.ends_with('}'), "a route parameter without its brace");
    std::string_view name = segment.substr(1, segment.size() - 2);
    const bool takes_rest = name.ends_with("...");
    if (takes_rest) name.remove_suffix(3);
    check(!takes_rest || rest.empty(), "a {rest...} that is not last");
    if (!node->parameter) {
      node->parameter = std::make_unique<Node>();
      node->name = name;
      node->rest = takes_rest;
    }
    check(node->name == name && node->rest == takes_rest, "two names for one path parameter");
    node = node->parameter.get();
  }
  for (const auto& [method, index] : node->methods) {
    check(method != route.method, "two routes of one method and pattern");
  }
  node->methods.emplace_back(route.method, routes_.size());
  routes_.push_back(std::move(route));
}

const Router::Node* Router::find(const Node& node, std::string_view path, Params& params) const {
  if (path.empty()) return node.methods.empty() ? nullptr : &node;
  std::string_view rest = path;
  const std::string_view segment = cut_segment(rest);
  if (const Node* next = node.literal(segment)) {
    if (const Node* found = find(*next, rest, params)) return found;
  }
  if (!node.parameter) return nullptr;
  const std::string_view raw = node.rest ? path.substr(1) : segment;
  if (raw.size() > kMaxSegment || (raw.empty() && !node.rest)) return nullptr;
  auto value = percent_decode(raw);
  if (!value) return nullptr;
  params.emplace_back(node.name, std::move(*value));
  if (const Node* found = find(*node.parameter, node.rest ? std::string_view() : rest, params)) {
    return found;
  }
  params.pop_back();
  return nullptr;
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  const Node* node = find(*root_, path, match.params);
  if (!node) return match;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const auto& [name, index] : node->methods) {
    if (name == wanted) {
      match.route = &routes_[index];
      match.index = index;
      return match;
    }
    match.allow += (match.allow.empty() ? "" : ", ") + name + (name == "GET" ? ", HEAD" : "");
  }
  return match;
}

}  // namespace quintet::host
