#include "stage/sessions.h"

#include <algorithm>

namespace quintet::stage {

Expected<void> Sessions::check_turn(const SessionPlace& place) const {
  if (place.session.empty()) return {};
  if (place.session.size() > kSessionBytes) {
    return invalid("a session's name has at most " + std::to_string(kSessionBytes) + " bytes")
        .with_id("bad_session");
  }
  if (place.number == 0) {
    return invalid("the events of a session are numbered from 1").with_id("bad_session");
  }
  const std::uint64_t done = std::max(last(place.session), place.answered);
  if (place.number - 1 > done) {
    return conflict("event " + std::to_string(place.number) + " of session " +
                    std::string(place.session) + " came before event " +
                    std::to_string(done + 1) + " had its answer")
        .with_id("session_gap");
  }
  return {};
}

bool Sessions::passed(const SessionPlace& place) const {
  return !place.session.empty() && place.number <= last(place.session);
}

void Sessions::pass(std::string_view session, std::uint64_t number) {
  if (session.empty()) return;
  auto found = by_name_.find(session);
  if (found == by_name_.end()) {
    if (by_name_.size() >= kSessions) {
      by_name_.erase(by_order_.begin()->second);
      by_order_.erase(by_order_.begin());
    }
    found = by_name_.emplace(std::string(session), Session{}).first;
  } else {
    by_order_.erase(found->second.order);
  }
  found->second.last = std::max(found->second.last, number);
  found->second.order = ++heard_;
  by_order_.emplace(heard_, found->first);
}

std::uint64_t Sessions::last(std::string_view session) const {
  const auto found = by_name_.find(session);
  return found == by_name_.end() ? 0 : found->second.last;
}

void Sessions::write(ByteWriter& out) const {
  out.varint(by_order_.size());
  for (const auto& [order, name] : by_order_) {
    out.text(name);
    out.varint(by_name_.find(name)->second.last);
  }
}

Sessions Sessions::read(ByteReader& in) {
  Sessions sessions;
  const std::uint64_t count = in.count(kSessions);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::string_view name = in.text();
    sessions.pass(name, in.varint());
  }
  return sessions;
}

bool is_session_fault(const Error& error) {
  return error.id() == "session_gap" || error.id() == "bad_session";
}

}  // namespace quintet::stage
