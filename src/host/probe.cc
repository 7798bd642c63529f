#include "host/probe.h"

#include "host/http_client.h"
#include "host/http_tls.h"

namespace quintet::host {

namespace {

constexpr Micros kTimeout = 5 * kSecond;

std::string reachable(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  return address == "::" ? "::1" : address;
}

Expected<std::string> answer_of(const ProbeTarget& target) {
  const std::string request =
      "GET /livez HTTP/1.1\r\nHost: " + target.name + "\r\nConnection: close\r\n\r\n";
  const std::string address = reachable(target.address);
  if (target.tls) return ask_over_tls(address, target.port, request, kTimeout);
  TRY(auto client, HttpClient::connect(address, target.port, kTimeout));
  TRY_DO(client.send_bytes(request));
  std::string answer;
  for (;;) {
    TRY(const auto piece, client.read_bytes());
    if (!piece) return answer;
    answer += *piece;
  }
}

}  // namespace

Expected<void> probe(const ProbeTarget& target) {
  TRY(const std::string answer, answer_of(target));
  if (answer.starts_with("HTTP/1.1 200")) return {};
  return broken("the door does not answer as it should: " + answer.substr(0, answer.find('\r')));
}

}  // namespace quintet::host
