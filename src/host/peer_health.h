// Whether peers can do their work, as each says itself by the health protocol, asked again and
// again. One that is away for a moment, as while it is started anew, does not count as away.
//
// Lives on one loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "link/caller.h"

namespace quintet::host {

// How often a peer is asked, and how long it may take to answer on a busy machine.
inline constexpr Micros kAskHealth = kSecond / 4;
inline constexpr Micros kHealthPatience = 5 * kSecond;
// It is away once it has failed to say that it serves for so long.
inline constexpr Micros kAwayAfter = kSecond;

class PeerHealth {
 public:
  // `changed` is called when a peer has become away, is back, or serves for the first time.
  PeerHealth(link::Local local, std::function<void()> changed)
      : local_(local), changed_(std::move(changed)) {}

  // The caller has no guard of its own: this asks just to know. It outlives this object.
  void watch(std::string name, link::Caller& peer);
  void forget(const std::string& name);
  bool away(std::string_view name) const;
  // Those that are away, or have not yet said that they serve, in order of name.
  std::vector<std::string_view> missing() const;

 private:
  struct Peer {
    link::Caller* caller = nullptr;
    std::optional<Micros> failing_since;
    bool away = false, heard = false;  // heard: that it serves, once
    std::unique_ptr<Timer> again;
    std::shared_ptr<int> watched = std::make_shared<int>(0);
  };
  void ask(const std::string& name);
  void answered(const std::string& name, Micros asked, const Expected<std::string>& bytes);

  const link::Local local_;
  std::function<void()> changed_;
  std::map<std::string, Peer, std::less<>> peers_;
};

}  // namespace quintet::host
