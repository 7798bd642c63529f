#include "host/tokens.h"

#include <algorithm>

#include "base/text.h"

namespace quintet::host {

namespace {

Expected<Scope> scope_of(std::string_view name) {
  if (name == "send") return Scope::send;
  if (name == "read") return Scope::read;
  if (name == "operate") return Scope::operate;
  return invalid("\"" + std::string(name) + "\" is no scope; there are send, read and operate");
}

Expected<AccessToken> token_of(std::string_view line) {
  const std::size_t blank = line.find_first_of(" \t");
  if (blank == line.npos) return invalid("a line holds scopes and a secret, as: send,read SECRET");
  AccessToken token;
  token.secret = trim(line.substr(blank));
  std::string_view scopes = line.substr(0, blank);
  while (!scopes.empty()) {
    const std::size_t comma = std::min(scopes.find(','), scopes.size());
    TRY(const Scope scope, scope_of(scopes.substr(0, comma)));
    token.scopes.push_back(scope);
    scopes.remove_prefix(std::min(scopes.size(), comma + 1));
  }
  if (const auto fits = Access::of({token}); !fits) return fits.error();
  return token;
}

}  // namespace

Expected<std::vector<AccessToken>> parse_tokens(std::string_view text) {
  std::vector<AccessToken> tokens;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    if (line.empty() || line.starts_with('#')) continue;
    const std::string place = "line " + std::to_string(number);
    auto token = token_of(line);
    if (!token) return std::move(token).error().at(place);
    for (const AccessToken& other : tokens) {
      if (other.secret == token->secret) return invalid("the secret is there twice").at(place);
    }
    tokens.push_back(*std::move(token));
  }
  if (tokens.empty()) return invalid("the file holds no token");
  return tokens;
}

}  // namespace quintet::host
