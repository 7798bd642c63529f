// The table of routes: which Handler answers a method and a path. The same table lists the paths
// that the OpenAPI document must describe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/http.h"

namespace quintet::host {

// What a token must be allowed for a route to answer, when the server asks for tokens.
enum class Scope : unsigned char {
  open,     // anyone: health
  read,     // results, features, views, metrics, predictions
  send,     // events and labels
  operate,  // training, promotion, dead letters
};

struct Route {
  std::string method;  // "GET"; a GET route answers HEAD too
  std::string
      pattern;  // "/v1/results/{id}"; "{rest...}" as the last segment takes all that is left
  Scope scope;
  std::shared_ptr<Handler> handler;
};

// Filled before the server starts and constant from then on; any thread may match().
class Router {
 public:
  Router();
  Router(Router&&) noexcept;
  ~Router();

  // Two routes of one method and pattern, or a malformed pattern, are our mistake.
  void add(Route route);

  struct Match {
    const Route* route = nullptr;
    std::size_t index = 0;  // of the route in routes()
    std::vector<std::pair<std::string, std::string>> params;
    // Without a route: the methods of this path as "GET, HEAD, POST" [405], or empty [404].
    std::string allow;
  };
  // A literal segment goes before a parameter. Path segments are decoded one by one, so %2F stays
  // inside its segment; one that cannot be decoded, or is empty or longer than kMaxSegment, matches
  // no parameter.
  Match match(std::string_view method, std::string_view path) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Node;
  using Params = std::vector<std::pair<std::string, std::string>>;
  const Node* find(const Node& node, std::string_view rest, Params& params) const;

  std::unique_ptr<Node> root_;
  std::vector<Route> routes_;
};

inline constexpr std::size_t kMaxSegment = 1024;

}  // namespace quintet::host
