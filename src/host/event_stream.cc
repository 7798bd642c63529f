#include "host/event_stream.h"

#include <algorithm>

#include "base/json_out.h"
#include "base/text.h"
#include "host/api_events.h"
#include "host/api_sessions.h"
#include "host/figures.h"
#include "host/http_text.h"
#include "host/problem.h"

namespace quintet::host {

namespace {
constexpr Micros kLookAgain = 1'000, kLookAgainAtMost = 100'000;
constexpr std::size_t kTracedLines = 100;  // of a stream whose trace is recorded
}  // namespace

void EventStream::start(Node& node, std::shared_ptr<Exchange> exchange, int event_type, bool csv) {
  const std::shared_ptr<EventStream> stream(new EventStream(node, exchange, event_type, csv));
  exchange->read_body(stream);
}

EventStream::EventStream(Node& node, std::shared_ptr<Exchange> exchange, int event_type, bool csv)
    : node_(node),
      exchange_(std::move(exchange)),
      event_type_(event_type),
      csv_(csv),
      decoder_(node.new_decoder(event_type)),
      place_number_(node.places),
      lines_(kMaxEventBytes, csv ? decoder_->type().input.separator : '\0') {
  const HttpRequest& request = exchange_->request();
  client_ = request.client;
  minimal_ = request.header("prefer").find("return=minimal") != std::string_view::npos;
  const std::string_view key = request.header("idempotency-key");
  id_prefix_ = key.empty() ? request.trace.id : std::string(key);
  // The handler has read it before; there is none, or it is good.
  if (const auto session = session_of(request); session && !session->session.empty()) {
    place_ = *session;
    session_ = place_.session;
    place_.session = session_;
    --place_.number;
  }
  trace_ = traceparent_of(request.trace);
}

// Only now: a client that waits for 100-continue must get that first.
void EventStream::begin() {
  if (begun_) return;
  begun_ = true;
  exchange_->begin({200, kNdjson, {}, {}});
}

void EventStream::on_body(std::string_view piece) {
  if (!csv_) begin();  // CSV: when its header is read
  lines_.add(piece);
  pump();
}

void EventStream::on_end() {
  if (!csv_) begin();
  ended_ = true;
  lines_.end();
  pump();
}

// Without a header nothing that follows can be read; nothing was admitted.
void EventStream::refuse_header(Error why) {
  finished_ = true;
  const auto exchange = std::exchange(exchange_, nullptr);
  exchange->respond(problem_response(why, exchange->request()));
}

// A first line that editors began with a byte order mark.
std::string_view EventStream::without_mark(const event::LineCutter::Line& line) {
  return line.number == 1 ? without_byte_order_mark(line.text) : line.text;
}

// What was admitted stays admitted; the client does not learn of it here and asks by id.
void EventStream::on_abort(const Error&) {
  finished_ = true;
  retry_ = nullptr;  // what it would call holds us
  exchange_ = nullptr;
}

bool EventStream::full() const {
  return answers_.size() >= kOpenLines || exchange_->unsent() >= kUnsentHigh ||
         (node_.intake() != nullptr && node_.intake()->saturated()) || allowed_in() > 0;
}

// How long the client must wait for its allowance.
Micros EventStream::allowed_in() const {
  if (node_.limits == nullptr || client_.empty()) return 0;
  return node_.limits->wait(client_, node_.clock.steady());
}

// Answers wake it; so does a client that reads its answers. When others fill the place and nothing
// of ours is under way, it looks again a little later.
void EventStream::pause() {
  paused_ = true;
  auto self = shared_from_this();
  const auto wake = [self] {
    if (self->paused_ && !self->finished_) self->pump();
  };
  if (exchange_->unsent() >= kUnsentHigh) {
    exchange_->when_writable(wake);
  } else if (answers_.empty()) {
    retry_ = node_.loop.after(std::clamp(allowed_in(), kLookAgain, kLookAgainAtMost), wake);
  }
}

void EventStream::pump() {
  if (finished_) return;
  paused_ = false;
  dry_ = false;
  for (std::size_t taken = 0; taken < kLinesPerTurn && !finished_ && !full(); ++taken) {
    const auto line = lines_.next();
    if (!line) {
      dry_ = true;
      break;
    }
    take(*line);
  }
  if (node_.intake() != nullptr) node_.intake()->flush();
  if (!finished_ && ended_ && dry_ && csv_ && header_.empty()) {
    refuse_header(invalid("the body has no header line").with_id("missing"));
  }
  write_ready();
  if (finished_) return;
  if (dry_) {
    if (!ended_) exchange_->resume();
  } else if (full()) {
    pause();
  } else {
    // More lines are here: they go on in the next turn.
    node_.loop.post([self = shared_from_this()] { self->pump(); });
  }
}

void EventStream::take(const event::LineCutter::Line& line) {
  if (csv_ && header_.empty()) return take_header(line);
  if (line.text.empty() && !line.too_long) return;
  if (line.too_long) {
    ++place_.number;
    refuse(line, open_slot(), exhausted("the line is longer than 1 MiB").with_id("too_long"));
    return;
  }
  take_event(line);
}

void EventStream::take_header(const event::LineCutter::Line& line) {
  if (line.too_long) {
    return refuse_header(exhausted("the header is longer than 1 MiB").with_id("too_long"));
  }
  const std::string_view text = without_mark(line);
  if (text.empty()) return;
  if (auto ready = renew_decoder(); !ready) return refuse_header(std::move(ready).error());
  header_ = text;
  auto taken = event::split_csv(header_, decoder_->type().input.separator, scratch_, cells_);
  if (taken) taken = decoder_->csv_header(cells_);
  if (!taken) return refuse_header(std::move(taken).error());
  begin();
}

// After a failed commit the place is another one, with a Spec of its own.
Expected<void> EventStream::renew_decoder() {
  if (node_.intake() == nullptr) return place_is_away();
  if (place_number_ == node_.places) return {};
  place_number_ = node_.places;
  decoder_.emplace(node_.new_decoder(event_type_));
  if (!csv_ || header_.empty()) return {};
  TRY_DO(event::split_csv(header_, decoder_->type().input.separator, scratch_, cells_));
  return decoder_->csv_header(cells_);
}

void EventStream::take_event(const event::LineCutter::Line& line) {
  const std::size_t slot = open_slot();
  ++place_.number;
  if (node_.limits != nullptr && !client_.empty()) {
    node_.limits->take(client_, 1, node_.clock.steady());
  }
  if (node_.intake() == nullptr) {
    answer(slot, refusal_json(line.number, place_is_away()));
    return;
  }
  Offer offer;
  Expected<void> decoded = renew_decoder();
  if (!decoded) {
    // The header was good under the same application.
  } else if (csv_) {
    decoded = event::split_csv(line.text, decoder_->type().input.separator, scratch_, cells_);
    if (decoded) decoded = decoder_->csv(cells_, offer.event);
  } else {
    decoded = decoder_->json(without_mark(line), offer.event);
  }
  if (!decoded) {
    refuse(line, slot, std::move(decoded).error());
    return;
  }
  if (offer.event.id.empty()) {
    offer.event.id = offer.event.arena.copy(id_prefix_ + ":" + std::to_string(line.number));
  }
  const std::string original = csv_ ? header_ + "\n" + std::string(line.text) : std::string();
  // Of a long stream the first lines are enough to be looked at.
  if (++offered_ == kTracedLines + 1 && !trace_.empty()) trace_.back() = '0';
  offer.trace = trace_;
  offer.place = place_;
  offer.show = minimal_ ? Show::nothing : Show::result;
  offer.original = csv_ ? std::string_view(original) : line.text;
  offer.format = csv_ ? "csv" : "json";
  node_.intake()->offer(std::move(offer),
                        [self = shared_from_this(), slot, number = line.number](const Receipt& r) {
                          std::string json;
                          if (r.error != nullptr) {
                            count_refusal(self->node_, *r.error);
                            json = refusal_json(number, *r.error);
                          } else if (self->minimal_ || r.json.empty()) {
                            JsonWriter writer(json);
                            writer.begin_object().key("position").uint64(r.position);
                            if (r.pending) writer.field("status", "accepted");
                            if (!r.waits_for.empty()) writer.field("waits_for", r.waits_for);
                            writer.end_object();
                          } else {
                            json = r.json;
                          }
                          self->answer(slot, std::move(json));
                        });
}

void EventStream::refuse(const event::LineCutter::Line& line, std::size_t slot, Error why) {
  if (node_.intake() == nullptr) {
    answer(slot, refusal_json(line.number, place_is_away()));
    return;
  }
  stage::DeadLetter letter;
  letter.event_type = decoder_->type().name;
  letter.format = csv_ ? "csv" : "json";
  letter.bytes = csv_ ? header_ + "\n" + std::string(line.text) : std::string(line.text);
  node_.intake()->refuse(
      std::move(letter), std::move(why),
      [self = shared_from_this(), slot, number = line.number](const Receipt& r) {
        count_refusal(self->node_, *r.error);
        self->answer(slot, refusal_json(number, *r.error));
      },
      place_);
}

std::size_t EventStream::open_slot() {
  answers_.emplace_back();
  return first_slot_ + answers_.size() - 1;
}

void EventStream::answer(std::size_t slot, std::string json) {
  if (finished_) return;
  answers_[slot - first_slot_] = std::move(json);
  if (slot != first_slot_) return;
  while (!answers_.empty() && answers_.front()) {
    ready_ += *answers_.front();
    ready_ += '\n';
    answers_.pop_front();
    ++first_slot_;
  }
  if (posted_) return;
  // Answers of one commit come together; they leave together in the next turn.
  posted_ = true;
  node_.loop.post([self = shared_from_this()] {
    self->posted_ = false;
    self->write_ready();
    if (!self->paused_ || self->finished_) return;
    if (!self->full()) return self->pump();
    self->pause();  // nothing of ours may be under way any more
  });
}

void EventStream::write_ready() {
  if (finished_) return;
  if (!ready_.empty()) {
    exchange_->write(ready_);
    ready_.clear();
  }
  if (ended_ && dry_ && answers_.empty()) {
    finished_ = true;
    retry_ = nullptr;
    std::exchange(exchange_, nullptr)->end();
  }
}

}  // namespace quintet::host
