// Who may ask: tokens with scopes, and the names under which a loopback server answers. Pure
// decisions; the session asks them at each head.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/expected.h"
#include "host/http.h"
#include "host/router.h"

namespace quintet::host {

// A secret and what it allows. Secrets come from files, never from arguments or the environment.
struct AccessToken {
  std::string secret;
  std::vector<Scope> scopes;
};

// Holds digests only. Immutable; any thread.
class Access {
 public:
  // Refuses a secret shorter than 16 bytes or one that is no token68 text (RFC 6750).
  static Expected<Access> of(const std::vector<AccessToken>& tokens);
  Access() = default;  // no tokens: everyone may do everything

  bool asks_for_tokens() const { return !tokens_.empty(); }

  enum class Verdict : unsigned char { allowed, unknown, lacks_scope };
  // The Authorization header against a route's scope. Takes the same time for every wrong secret.
  // `token` is set to the number of the one that is known, if there is one.
  Verdict judge(std::string_view authorization, Scope scope,
                std::optional<std::size_t>& token) const;

 private:
  struct Digested {
    std::array<unsigned char, 32> digest;
    std::vector<Scope> scopes;
  };
  std::vector<Digested> tokens_;
};

// Refuses a request that a page of another site made our user's browser send. With no names given,
// only loopback names are answered (a foreign name that resolves to us gets 421), and a browser's
// Origin must be the Host itself (403). Nothing if the request may pass.
struct HostRefusal {
  int status = 0;
  std::string_view why;
};
HostRefusal judge_host(const HttpRequest& request, const std::vector<std::string>& names,
                       bool host_required);

}  // namespace quintet::host
