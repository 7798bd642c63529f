#include "host/wire_parse.h"

#include <quintet/v1/common.pb.h>
#include <quintet/v1/infer.pb.h>
#include <quintet/v1/ingest.pb.h>
#include <quintet/v1/results.pb.h>

namespace quintet::host::wire {

void put_error(const Error& error, v1::Error& out) {
  out.set_code(std::string(name_of(error.code())));
  out.set_id(error.id());
  out.set_place(error.place());
  out.set_message(error.message());
}

Error error_of(const v1::Error& from) {
  Code code = Code::broken;
  for (const Code one : {Code::invalid, Code::not_found, Code::conflict, Code::unavailable,
                         Code::exhausted, Code::expired, Code::broken}) {
    if (name_of(one) == from.code()) code = one;
  }
  return Error(code, from.message()).with_id(from.id()).at(from.place());
}

namespace {

void put_session(const stage::SessionPlace& place, v1::SessionPlace& out) {
  out.set_session(std::string(place.session));
  out.set_number(place.number);
  out.set_answered(place.answered);
}

}  // namespace

// --- Ingest ---

std::string write_offer(const Offer& offer, std::string_view application) {
  const event::Event& event = offer.event;
  v1::OfferRequest out;
  out.set_application(std::string(application));
  out.set_event(event.type->name);
  out.set_id(std::string(event.id));
  if (event.time != kNoTime) out.set_time(event.time);
  out.set_plain(event::encode_part(*event.type, event.values, false));
  out.set_sealed(event::encode_part(*event.type, event.values, true));
  out.set_history(offer.history);
  out.set_traceparent(std::string(offer.trace));
  if (!offer.place.session.empty()) put_session(offer.place, *out.mutable_session());
  out.set_original(std::string(offer.original));
  out.set_format(std::string(offer.format));
  return out.SerializeAsString();
}

struct OfferMessage::Message {
  v1::OfferRequest request;
};

OfferMessage::OfferMessage(std::unique_ptr<Message> message) : message_(std::move(message)) {
  const v1::OfferRequest& request = message_->request;
  head_ = {request.application(), request.event(),
           !request.plain().empty() || !request.sealed().empty()};
}
OfferMessage::OfferMessage(OfferMessage&&) noexcept = default;
OfferMessage::~OfferMessage() = default;

Expected<OfferMessage> OfferMessage::parse(std::string_view bytes) {
  auto message = std::make_unique<Message>();
  TRY(message->request, wire::parse<v1::OfferRequest>(bytes));
  return OfferMessage(std::move(message));
}

OfferMessage OfferMessage::of(v1::OfferRequest&& request) {
  auto message = std::make_unique<Message>();
  message->request = std::move(request);
  return OfferMessage(std::move(message));
}

Expected<void> OfferMessage::fill(const event::EventType& type, Offer& out) const {
  const v1::OfferRequest& from = message_->request;
  out.event.start(type);
  TRY_DO(event::decode_part(type, from.plain(), false, out.event.arena, out.event.values));
  TRY_DO(event::decode_part(type, from.sealed(), true, out.event.arena, out.event.values));
  out.event.id = out.event.arena.copy(from.id());
  out.event.time = from.has_time() ? from.time() : kNoTime;
  fill_frame(out);
  return {};
}

void OfferMessage::fill_frame(Offer& out) const {
  const v1::OfferRequest& from = message_->request;
  out.history = from.history();
  out.trace = from.traceparent();
  if (from.has_session()) {
    out.place = {from.session().session(), from.session().number(), from.session().answered()};
  }
  out.show = Show::nothing;
  out.original = from.original();
  out.format = from.format();
}

std::string_view OfferMessage::original() const {
  return message_->request.original();
}
std::string_view OfferMessage::format() const {
  return message_->request.format();
}
std::string_view OfferMessage::id() const {
  return message_->request.id();
}

std::string write_offer_reply(const Receipt& receipt) {
  v1::OfferReply out;
  switch (receipt.what) {
    case stage::Admission::What::admitted: out.set_what(v1::OfferReply::ADMITTED); break;
    case stage::Admission::What::repeated: out.set_what(v1::OfferReply::REPEATED); break;
    case stage::Admission::What::refused: out.set_what(v1::OfferReply::REFUSED); break;
  }
  out.set_position(receipt.position);
  if (receipt.error != nullptr) put_error(*receipt.error, *out.mutable_error());
  return out.SerializeAsString();
}

Expected<OfferReply> read_offer_reply(std::string_view bytes) {
  TRY(const auto from, parse<v1::OfferReply>(bytes));
  return offer_reply_of(from);
}

Expected<OfferReply> offer_reply_of(const v1::OfferReply& from) {
  OfferReply out;
  out.position = from.position();
  if (from.has_error()) out.error = error_of(from.error());
  switch (from.what()) {
    case v1::OfferReply::ADMITTED: out.what = stage::Admission::What::admitted; break;
    case v1::OfferReply::REPEATED: out.what = stage::Admission::What::repeated; break;
    default:
      if (!out.error) return invalid("a quintet.v1.OfferReply that says nothing");
  }
  return out;
}

std::string write_refusal(const stage::DeadLetter& letter, const Error& why,
                          const stage::SessionPlace& place) {
  v1::RefuseRequest out;
  out.set_event(letter.event_type);
  out.set_id(letter.id);
  out.set_format(letter.format);
  out.set_original(letter.bytes);
  put_error(why, *out.mutable_error());
  if (!place.session.empty()) put_session(place, *out.mutable_session());
  return out.SerializeAsString();
}

Expected<Refusal> read_refusal(std::string_view bytes) {
  TRY(const auto from, parse<v1::RefuseRequest>(bytes));
  return refusal_of(from);
}

Refusal refusal_of(const v1::RefuseRequest& from) {
  Refusal out;
  out.letter.event_type = from.event();
  out.letter.id = from.id();
  out.letter.format = from.format();
  out.letter.bytes = from.original();
  out.why = error_of(from.error());
  out.session = from.session().session();
  out.number = from.session().number();
  out.answered = from.session().answered();
  return out;
}

std::string write_nothing() {
  return v1::DescribeRequest().SerializeAsString();
}

std::string write_session_name(std::string_view session) {
  v1::LastOfSessionRequest out;
  out.set_session(std::string(session));
  return out.SerializeAsString();
}

Expected<std::string> read_session_name(std::string_view bytes) {
  TRY(auto from, parse<v1::LastOfSessionRequest>(bytes));
  return std::move(*from.mutable_session());
}

std::string write_session_number(std::uint64_t number) {
  v1::LastOfSessionReply out;
  out.set_number(number);
  return out.SerializeAsString();
}

Expected<std::uint64_t> read_session_number(std::string_view bytes) {
  TRY(const auto from, parse<v1::LastOfSessionReply>(bytes));
  return from.number();
}

std::string write_description(const Description& description) {
  v1::DescribeReply out;
  v1::Application& application = *out.mutable_application();
  application.set_version(description.version);
  application.set_digest(description.digest);
  application.set_file(description.file);
  for (const std::string& name : description.cold) application.add_cold(name);
  out.set_pseudonym_key(description.pseudonym_key);
  out.set_last(description.last);
  out.set_saturated(description.saturated);
  out.set_most_ahead(description.most_ahead);
  return out.SerializeAsString();
}

Expected<Description> read_description(std::string_view bytes) {
  TRY(const auto from, parse<v1::DescribeReply>(bytes));
  Description out;
  out.version = static_cast<AppVersion>(from.application().version());
  out.digest = from.application().digest();
  out.file = from.application().file();
  out.cold.assign(from.application().cold().begin(), from.application().cold().end());
  out.pseudonym_key = from.pseudonym_key();
  out.last = from.last();
  out.saturated = from.saturated();
  out.most_ahead = from.most_ahead();
  return out;
}

std::string write_block(const event::BlockBytes& block) {
  v1::LogBlock out;
  out.set_first(block.first);
  out.set_last(block.last);
  out.set_epoch(block.epoch);
  out.set_bytes(block.bytes);
  return out.SerializeAsString();
}

Expected<event::BlockBytes> read_block(std::string_view bytes) {
  TRY(auto from, parse<v1::LogBlock>(bytes));
  return event::BlockBytes{from.first(), from.last(), static_cast<Epoch>(from.epoch()),
                           std::move(*from.mutable_bytes())};
}

std::string write_event_name(const EventName& name) {
  v1::FindRequest out;
  out.set_event(name.event);
  out.set_id(name.id);
  return out.SerializeAsString();
}

Expected<EventName> read_event_name(std::string_view bytes) {
  TRY(const auto from, parse<v1::FindRequest>(bytes));
  return EventName{from.event(), from.id()};
}

std::string write_subjects(const std::vector<std::string>& subjects) {
  v1::KeysRequest out;
  for (const std::string& subject : subjects) out.add_subjects(subject);
  return out.SerializeAsString();
}

Expected<std::vector<std::string>> read_subjects(std::string_view bytes) {
  TRY(const auto from, parse<v1::KeysRequest>(bytes));
  return std::vector<std::string>(from.subjects().begin(), from.subjects().end());
}

std::string write_keys(const std::vector<SubjectKey>& keys) {
  v1::KeysReply out;
  for (const SubjectKey& key : keys) {
    v1::SubjectKey& one = *out.add_keys();
    one.set_key(key.key);
    one.set_destroyed(key.destroyed);
  }
  return out.SerializeAsString();
}

Expected<std::vector<SubjectKey>> read_keys(std::string_view bytes) {
  TRY(const auto from, parse<v1::KeysReply>(bytes));
  std::vector<SubjectKey> out;
  for (const v1::SubjectKey& key : from.keys()) out.push_back({key.key(), key.destroyed()});
  return out;
}

std::string write_promotion(const stage::Promotion& promotion) {
  v1::PromoteRequest out;
  out.set_model(promotion.model);
  out.set_version(promotion.version);
  out.set_digest(promotion.digest);
  out.set_reason(promotion.reason);
  return out.SerializeAsString();
}

Expected<stage::Promotion> read_promotion(std::string_view bytes) {
  TRY(const auto from, parse<v1::PromoteRequest>(bytes));
  return stage::Promotion{from.model(), from.version(), from.digest(), from.reason()};
}

std::string write_train_record(const stage::TrainBody& body) {
  v1::TrainRecordRequest out;
  out.set_model(body.model);
  out.set_last(body.last);
  out.set_as_of(body.as_of);
  out.set_seed(body.seed);
  return out.SerializeAsString();
}

Expected<stage::TrainBody> read_train_record(std::string_view bytes) {
  TRY(const auto from, parse<v1::TrainRecordRequest>(bytes));
  return stage::TrainBody{from.model(), from.last(), from.as_of(), from.seed()};
}

// --- Infer ---

std::string write_run(const stage::OutcomeBytes& run, std::uint64_t table) {
  v1::OutcomeRun out;
  out.set_first(run.first);
  out.set_last(run.last);
  out.set_bytes(run.bytes);
  out.set_table(table);
  return out.SerializeAsString();
}

Expected<MadeRun> read_run(std::string_view bytes) {
  TRY(auto from, parse<v1::OutcomeRun>(bytes));
  return MadeRun{{from.first(), from.last(), std::move(*from.mutable_bytes())}, from.table()};
}

// --- Results ---

std::string write_await(const Await& await) {
  v1::AwaitRequest out;
  out.set_position(await.position);
  out.set_show(await.show);
  out.set_now(await.now);
  return out.SerializeAsString();
}

Expected<Await> read_await(std::string_view bytes) {
  TRY(const auto from, parse<v1::AwaitRequest>(bytes));
  return Await{from.position(), from.show(), from.now()};
}

std::string write_result(std::string_view json) {
  v1::AwaitReply out;
  out.set_json(std::string(json));
  return out.SerializeAsString();
}

Expected<std::string> read_result(std::string_view bytes) {
  TRY(auto from, parse<v1::AwaitReply>(bytes));
  return std::move(*from.mutable_json());
}

std::string write_page_query(const PageQuery& query) {
  v1::PageRequest out;
  out.set_target(query.target);
  out.set_last_event_id(query.last_event_id);
  out.set_from(query.from);
  out.set_wait(query.wait);
  return out.SerializeAsString();
}

Expected<PageQuery> read_page_query(std::string_view bytes) {
  TRY(const auto from, parse<v1::PageRequest>(bytes));
  return PageQuery{from.target(), from.last_event_id(), from.from(), from.wait()};
}

std::string write_page(const Page& page) {
  v1::PageReply out;
  for (const std::string& result : page.results) out.add_results(result);
  out.set_next(page.next);
  return out.SerializeAsString();
}

Expected<Page> read_page(std::string_view bytes) {
  TRY(const auto from, parse<v1::PageReply>(bytes));
  return Page{{from.results().begin(), from.results().end()}, from.next()};
}

std::string write_position(Position position) {
  v1::PositionReply out;
  out.set_position(position);
  return out.SerializeAsString();
}

Expected<Position> read_position(std::string_view bytes) {
  TRY(const auto from, parse<v1::PositionReply>(bytes));
  return Position{from.position()};
}

}  // namespace quintet::host::wire
