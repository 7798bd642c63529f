// How much one client may ask of a door: requests, and events within them, a second, and requests
// under way. A client is its token, else its address. Nothing that was taken is ever shed: a
// request over a limit is refused before it is read (429 with Retry-After), and a stream of events
// that has used up its allowance is read no further for a while.
//
// A value of one loop; time is an argument.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace quintet::host {

struct ClientLimitOptions {
  double per_second = 0;      // requests and events; 0: no limit
  double burst = 0;           // of them at once; 0: those of two seconds, at least 1
  std::size_t in_flight = 0;  // requests; 0: no limit
};

// Clients that are remembered. A new one beyond that takes the place of one that owes nothing; if
// there is none, it shares one allowance with all others that came too late.
inline constexpr std::size_t kLimitedClients = 10'000;

class ClientLimits {
 public:
  explicit ClientLimits(ClientLimitOptions options, std::size_t clients = kLimitedClients);

  enum class Over : unsigned char { nothing, rate, in_flight };
  struct Verdict {
    Over over = Over::nothing;
    Micros retry_after = 0;
  };
  // A request that begins. With Over::nothing it is under way until end() of the client that it
  // was counted for, which is `client` then.
  Verdict begin(std::string& client, Micros now);
  void end(const std::string& client);
  // Events of a request under way. They may be more than are allowed: what follows waits then.
  void take(const std::string& client, double events, Micros now);
  // How long that is; 0 if it need not wait.
  Micros wait(const std::string& client, Micros now);

  std::size_t clients() const { return clients_.size(); }

 private:
  struct Client {
    double allowance;
    Micros counted = 0;  // when that was
    std::size_t in_flight = 0;
    std::list<std::string>::iterator place;  // in used_
  };
  Client* find(const std::string& name, Micros now);
  bool make_room(Micros now);
  void refill(Client& client, Micros now) const;
  Micros until(const Client& client, double allowance) const;

  const ClientLimitOptions options_;
  const std::size_t most_;
  std::unordered_map<std::string, Client> clients_;
  std::list<std::string> used_;  // the one that came last is last
};

}  // namespace quintet::host
