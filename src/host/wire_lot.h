// Many offers, and many outcomes, in one message, as host/wire.h has them one by one.
#pragma once

#include <variant>

#include "host/wire.h"

namespace quintet::host::wire {

// --- offers and refusals, in order ---
// A lot in the making: items as write_offer() and write_refusal() give them.
void add_offer(std::string& lot, std::string_view offer);
void add_refusal(std::string& lot, std::string_view refusal);
using LotItem = std::variant<OfferMessage, Refusal>;
Expected<std::vector<LotItem>> read_offer_lot(std::string_view bytes);
// One an item: as write_offer_reply() gives it, or why nothing is known of it.
std::string write_lot_reply(const std::vector<Expected<std::string>>& answers);
Expected<std::vector<Expected<OfferReply>>> read_lot_reply(std::string_view bytes);

// --- outcomes ---
struct AwaitLot {
  struct One {
    Position position = kNoPosition;
    bool show = false;
  };
  std::vector<One> positions;
  bool now = false;  // does not wait
};
std::string write_await_lot(const AwaitLot& lot);
// `invalid` for one without positions.
Expected<AwaitLot> read_await_lot(std::string_view bytes);
// One a position: the result as JSON, empty if it was not asked for.
std::string write_outcomes(const std::vector<Expected<std::string>>& answers);
Expected<std::vector<Expected<std::string>>> read_outcomes(std::string_view bytes);

}  // namespace quintet::host::wire
