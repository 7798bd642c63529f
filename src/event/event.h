// One event, typed and checked: what bytes become at the door and what everything behind it works
// on. Owned by whoever decoded it; moved, or reset and reused, never shared.
#pragma once

#include <span>
#include <string_view>

#include "base/hash.h"
#include "event/schema.h"

namespace quintet::event {

struct Event {
  const EventType* type = nullptr;  // outlives the event: it belongs to a Spec
  Arena arena;                      // owns the texts and lists of `values`
  std::span<Value> values;          // by EventType::fields
  std::string_view id;              // in arena; empty until the source names its place
  Micros time = kNoTime;            // kNoTime: time of admission

  void start(const EventType& of) {
    arena.reset();
    type = &of;
    values = arena.values(of.fields.size());
    id = {};
    time = kNoTime;
  }
};

// S1.5: equal for equal typed fields, whatever form the bytes had. Admission time is not content.
// `scratch` is overwritten: memory that serves one event after another.
Hash128 content_hash(const Event& event, std::string& scratch);

// The fields of a record's plain and of its sealed part (DESIGN 6.11), each in field order.
std::string encode_part(const EventType& type, std::span<const Value> values, bool sealed);
// Fills the fields of that part in `values`; the others stay as they are.
Expected<void> decode_part(const EventType& type, std::string_view bytes, bool sealed, Arena& arena,
                           std::span<Value> values);

}  // namespace quintet::event
