// Ordered sessions (S1.6): one sender numbers its events 1, 2, 3, ..., and none is admitted before
// all with smaller numbers had their answer. A part of ingest; derived from the log. One thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "event/types.h"

namespace quintet::stage {

// An event's place in its sender's order. Without a name there is none.
struct SessionPlace {
  std::string_view session;
  std::uint64_t number = 0;
  // All up to this number were answered, says the sender: what it lost, it lost knowingly.
  std::uint64_t answered = 0;
};

inline constexpr std::size_t kSessionBytes = 128;  // of a session's name
// Most sessions that are remembered; beyond it the one that rested longest is forgotten, and goes
// on by what its sender says was answered.
inline constexpr std::size_t kSessions = 10'000;

class Sessions {
 public:
  // `conflict` with id session_gap if a smaller number has had no answer yet, `invalid` if the
  // place makes no sense. Changes nothing.
  Expected<void> check_turn(const SessionPlace& place) const;
  // True if this number had its turn: an event under it is known, or comes too late.
  bool passed(const SessionPlace& place) const;
  // The event under this number was dealt with: admitted, repeated or refused.
  void pass(std::string_view session, std::uint64_t number);

  // The last number dealt with; 0 if the session is not known.
  std::uint64_t last(std::string_view session) const;
  std::size_t size() const { return by_name_.size(); }

  void write(ByteWriter& out) const;
  static Sessions read(ByteReader& in);

 private:
  struct Session {
    std::uint64_t last = 0;
    std::uint64_t order = 0;  // in which they were heard of: unique, grows
  };
  std::map<std::string, Session, std::less<>> by_name_;
  std::map<std::uint64_t, std::string> by_order_;
  std::uint64_t heard_ = 0;
};

// Of check_turn(): the sender's order is at fault and not the event, which is no dead letter.
bool is_session_fault(const Error& error);

}  // namespace quintet::stage
