// For tests of this room: one application's log played through ingest and infer, event by event as
// JSON, with what a client would see of each. Seals nothing: its applications have no private
// fields.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "app/load.h"
#include "event/decode.h"
#include "stage/infer.h"
#include "stage/ingest.h"

namespace quintet::stage {

class NoSealer final : public Sealer {
 public:
  Expected<std::string> seal(std::string_view, Position, Epoch, std::uint32_t,
                             std::string_view) override {
    return std::string();
  }
  Expected<std::optional<std::string>> open(std::string_view, Position, Epoch, std::uint32_t,
                                            std::string_view) override {
    return std::optional<std::string>();
  }
};

inline std::shared_ptr<const app::Spec> spec_of(std::string_view yaml) {
  app::Loaded loaded = app::load(yaml);
  for (const auto& each : loaded.diagnostics) {
    EXPECT_TRUE(each.warning) << each.message;
  }
  return loaded.spec;
}

class PlayedLog {
 public:
  explicit PlayedLog(std::string_view yaml)
      : spec(spec_of(yaml)), ingest(spec, 1, 1, sealer), infer(spec) {}

  struct Told {
    Admission admission;
    Outcome outcome;                          // of what was admitted
    std::map<std::string, std::string> seen;  // by slot name: the value as text
  };

  // `now` defaults to the event's own time.
  Told offer(std::string_view event_type, const std::string& json, Micros now = kNoTime,
             bool history = false) {
    Told told;
    const auto type = static_cast<std::size_t>(spec->event_index(event_type));
    event::Event event;
    event::Decoder decoder(spec->events[type], {});
    const auto read = decoder.json(json, event);
    EXPECT_TRUE(read) << read.error().message();
    if (event.id.empty()) event.id = event.arena.copy("line " + std::to_string(++lines_));
    if (now == kNoTime) now = event.time;
    told.admission = ingest.offer({std::move(event), history, {}}, now, last);
    if (told.admission.what != Admission::What::admitted) return told;
    const auto applied = infer.apply(last, told.outcome);
    EXPECT_TRUE(applied) << applied.error().message();
    see(type, told);
    return told;
  }

  // A control record; an error of infer is given back.
  Expected<void> control(event::RecordKind kind, std::string body) {
    ingest.control(kind, std::move(body), 0, last);
    Outcome none;
    return infer.apply(last, none);
  }

  NoSealer sealer;
  std::shared_ptr<const app::Spec> spec;
  Ingest ingest;
  Infer infer;
  Admitted last;  // the record admitted last

 private:
  void see(std::size_t type, Told& told) const {
    const app::RowPlan& plan = spec->rows[type];
    for (std::size_t i = 0; i < told.outcome.slots.size(); ++i) {
      if (plan.slot_names[i].empty()) continue;
      const event::Value value = told.outcome.slots[i];
      told.seen[plan.slot_names[i]] =
          value.is_null() ? "null" : event::to_text(plan.slot_types[i], value);
    }
  }

  int lines_ = 0;
};

}  // namespace quintet::stage
