#include "host/wire_lot.h"

#include <quintet/v1/ingest.pb.h>
#include <quintet/v1/results.pb.h>

#include "base/bytes.h"
#include "host/wire_parse.h"

namespace quintet::host::wire {

namespace {

// A field of protobuf's wire format that holds a message which is there as bytes: so that it is
// neither parsed nor written a second time.
void add_field(std::string& out, std::uint32_t number, std::string_view message) {
  ByteWriter writer(out);
  writer.varint(number << 3 | 2);
  writer.varint(message.size());
  writer.raw(message);
}

std::size_t size_of_varint(std::size_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

// The first field of the lot is such an item.
void add_item(std::string& lot, std::uint32_t what, std::string_view message) {
  ByteWriter writer(lot);
  writer.varint(1 << 3 | 2);
  writer.varint(1 + size_of_varint(message.size()) + message.size());
  add_field(lot, what, message);
}

}  // namespace

void add_offer(std::string& lot, std::string_view offer) {
  add_item(lot, v1::OfferLotItem::kOfferFieldNumber, offer);
}

void add_refusal(std::string& lot, std::string_view refusal) {
  add_item(lot, v1::OfferLotItem::kRefusalFieldNumber, refusal);
}

Expected<std::vector<LotItem>> read_offer_lot(std::string_view bytes) {
  TRY(auto from, parse<v1::OfferLotRequest>(bytes));
  std::vector<LotItem> items;
  items.reserve(static_cast<std::size_t>(from.items_size()));
  for (v1::OfferLotItem& item : *from.mutable_items()) {
    if (item.has_offer()) {
      items.emplace_back(OfferMessage::of(std::move(*item.mutable_offer())));
    } else if (item.has_refusal()) {
      items.emplace_back(refusal_of(item.refusal()));
    } else {
      return invalid("an item of a quintet.v1.OfferLotRequest that says nothing");
    }
  }
  return items;
}

std::string write_lot_reply(const std::vector<Expected<std::string>>& answers) {
  std::string out;
  for (const auto& answer : answers) {
    if (answer) {
      add_item(out, v1::OfferLotAnswer::kReplyFieldNumber, *answer);
      continue;
    }
    v1::Error error;
    put_error(answer.error(), error);
    add_item(out, v1::OfferLotAnswer::kFailedFieldNumber, error.SerializeAsString());
  }
  return out;
}

Expected<std::vector<Expected<OfferReply>>> read_lot_reply(std::string_view bytes) {
  TRY(const auto from, parse<v1::OfferLotReply>(bytes));
  std::vector<Expected<OfferReply>> answers;
  answers.reserve(static_cast<std::size_t>(from.answers_size()));
  for (const v1::OfferLotAnswer& answer : from.answers()) {
    if (answer.has_failed()) {
      answers.emplace_back(error_of(answer.failed()));
    } else {
      answers.push_back(offer_reply_of(answer.reply()));
    }
  }
  return answers;
}

std::string write_await_lot(const AwaitLot& lot) {
  v1::AwaitLotRequest out;
  for (const AwaitLot::One& one : lot.positions) {
    v1::AwaitRequest& position = *out.add_positions();
    position.set_position(one.position);
    position.set_show(one.show);
  }
  out.set_now(lot.now);
  return out.SerializeAsString();
}

Expected<AwaitLot> read_await_lot(std::string_view bytes) {
  TRY(const auto from, parse<v1::AwaitLotRequest>(bytes));
  AwaitLot lot;
  for (const v1::AwaitRequest& one : from.positions()) {
    lot.positions.push_back({one.position(), one.show()});
  }
  lot.now = from.now();
  if (lot.positions.empty()) return invalid("a quintet.v1.AwaitLotRequest without positions");
  return lot;
}

std::string write_outcomes(const std::vector<Expected<std::string>>& answers) {
  std::string out;
  for (const auto& answer : answers) {
    if (answer) {
      add_item(out, v1::AwaitLotAnswer::kJsonFieldNumber, *answer);
      continue;
    }
    v1::Error error;
    put_error(answer.error(), error);
    add_item(out, v1::AwaitLotAnswer::kFailedFieldNumber, error.SerializeAsString());
  }
  return out;
}

Expected<std::vector<Expected<std::string>>> read_outcomes(std::string_view bytes) {
  TRY(auto from, parse<v1::AwaitLotReply>(bytes));
  std::vector<Expected<std::string>> answers;
  answers.reserve(static_cast<std::size_t>(from.answers_size()));
  for (v1::AwaitLotAnswer& answer : *from.mutable_answers()) {
    if (answer.has_failed()) {
      answers.emplace_back(error_of(answer.failed()));
    } else {
      answers.emplace_back(std::move(*answer.mutable_json()));
    }
  }
  return answers;
}

}  // namespace quintet::host::wire
