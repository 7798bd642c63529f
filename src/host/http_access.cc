#include "host/http_access.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/text.h"
#include "host/http_text.h"

namespace quintet::host {

namespace {

constexpr std::size_t kShortestSecret = 16;

bool is_token68(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
}

std::array<unsigned char, 32> digest_of(std::string_view text) {
  std::array<unsigned char, 32> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

}  // namespace

Expected<Access> Access::of(const std::vector<AccessToken>& tokens) {
  Access access;
  for (const AccessToken& token : tokens) {
    if (token.secret.size() < kShortestSecret || !is_token68(token.secret)) {
      return invalid("a token must have at least 16 characters of A-Z a-z 0-9 - . _ ~ + / =");
    }
    access.tokens_.push_back({digest_of(token.secret), token.scopes});
  }
  return access;
}

Access::Verdict Access::judge(std::string_view authorization, Scope scope,
                              std::optional<std::size_t>& known) const {
  if (tokens_.empty() || scope == Scope::open) return Verdict::allowed;
  constexpr std::string_view kScheme = "bearer ";
  if (!equal_but_for_case(authorization.substr(0, kScheme.size()), kScheme)) {
    return Verdict::unknown;
  }
  const auto digest = digest_of(authorization.substr(kScheme.size()));
  Verdict verdict = Verdict::unknown;
  for (const Digested& token : tokens_) {
    if (CRYPTO_memcmp(token.digest.data(), digest.data(), digest.size()) != 0) continue;
    const bool allows =
        std::find(token.scopes.begin(), token.scopes.end(), scope) != token.scopes.end();
    known = static_cast<std::size_t>(&token - tokens_.data());
    verdict = allows ? Verdict::allowed : Verdict::lacks_scope;
  }
  return verdict;
}

HostRefusal judge_host(const HttpRequest& request, const std::vector<std::string>& names,
                       bool host_required) {
  const auto is_host = [](const Header& header) { return equal_but_for_case(header.name, "host"); };
  const auto count = std::count_if(request.headers.begin(), request.headers.end(), is_host);
  if (count == 0 && !host_required) return {};
  if (count != 1) return {400, "a request has exactly one Host header"};
  const std::string_view authority = request.header("host");
  const auto host = host_of_authority(authority);
  if (!host) return {400, "the Host header is malformed"};
  const bool known = names.empty() ? is_loopback_name(*host)
                                   : std::find(names.begin(), names.end(), *host) != names.end();
  if (!known) return {421, "this server does not answer under that host name"};
  std::string_view origin = request.header("origin");
  if (origin.empty()) return {};
  for (std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) origin.remove_prefix(scheme.size());
  }
  if (!equal_but_for_case(origin, authority)) {
    return {403, "a page of another origin may not use this server"};
  }
  return {};
}

}  // namespace quintet::host
