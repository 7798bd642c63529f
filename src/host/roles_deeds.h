// What roles_test.cc does to ingest, and then to a monolith in the same order.
#pragma once

#include "event/decode.h"
#include "host/intake.h"
#include "host/roles_application.h"

namespace quintet::host {

struct Deed {
  enum What : std::uint8_t { offer, refuse, replay, discard, promote, erase, train, reopen } what;
  Micros at = 0;
  RolesEvent event;
  std::string session;
  std::uint64_t number = 0, letter = 0;
  std::string tag;                                        // of its dead letter, if it becomes one
  Position before = kNoPosition, position = kNoPosition;  // of the log's end
  std::uint32_t version = 0;
  std::shared_ptr<const app::Spec> spec;
  bool done = false;
  std::string answer;
};

inline std::string text_of(const Receipt& receipt) {
  std::string text =
      std::to_string(static_cast<int>(receipt.what)) + " at " + std::to_string(receipt.position);
  if (receipt.error != nullptr) text += " " + receipt.error->id() + " " + receipt.error->message();
  return text;
}

template <class T>
std::string text_of(const Expected<T>& done) {
  return done ? "done" : done.error().message();
}
inline std::string text_of(const Expected<Position>& done) {
  return done ? "at " + std::to_string(*done) : done.error().message();
}

// Does a deed to either.
template <class AnyPlace>
void perform(AnyPlace& place, Deed& deed, std::function<void(std::string)> told) {
  const auto receipt = [told](const Receipt& r) { told(text_of(r)); };
  const auto position = [told](const Expected<Position>& p) { told(text_of(p)); };
  switch (deed.what) {
    case Deed::offer:
    case Deed::replay: {
      const int type = place.spec().event_index(deed.event.type);
      Offer offer;
      event::Decoder decoder(place.spec().events[static_cast<std::size_t>(type)],
                             {place.pseudonym_key(), 0});
      const auto decoded = decoder.json(deed.event.json, offer.event);
      ASSERT_TRUE(decoded) << decoded.error().message();
      offer.original = deed.event.json;
      offer.format = deed.tag;
      offer.place = {deed.session, deed.number, deed.number > 0 ? deed.number - 1 : 0};
      offer.replay_of = deed.letter;
      return place.offer(std::move(offer), receipt);
    }
    case Deed::refuse: {
      stage::DeadLetter letter;
      letter.event_type = deed.event.type;
      letter.format = deed.tag;
      letter.bytes = "{malformed";
      return place.refuse(std::move(letter), invalid("no JSON").with_id("QNT-0"), receipt);
    }
    case Deed::discard:
      return place.discard_letter(deed.letter,
                                  [told](const Expected<void>& d) { told(text_of(d)); });
    case Deed::promote: return place.promote({"score", deed.version, "", "by hand"}, position);
    case Deed::erase: return place.erase(deed.event.id, position);
    case Deed::train: return place.control(event::RecordKind::train, deed.event.json, position);
    case Deed::reopen: return;
  }
}

}  // namespace quintet::host
