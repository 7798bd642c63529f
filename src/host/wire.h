// The messages of api/quintet/v1 as the host's own types: what services say to each other becomes
// plain values here, and nowhere else. What comes in is checked; errors are `invalid` and say which
// message could not be read. Pure functions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/http.h"
#include "host/intake.h"
#include "link/caller.h"
#include "stage/control.h"
#include "stage/score.h"

namespace quintet::v1 {
class OfferRequest;
}

namespace quintet::host::wire {

// --- Ingest ---

// An offer under the application of that digest, the one its event was read by.
std::string write_offer(const Offer& offer, std::string_view application);
struct OfferHead {
  std::string application, event;
  bool read = false;  // the sender read the event; else `original` is to be read here
};
// A message once it is parsed; offers and letters made from it borrow from it.
class OfferMessage {
 public:
  static Expected<OfferMessage> parse(std::string_view bytes);
  static OfferMessage of(v1::OfferRequest&& request);  // that was parsed with others
  OfferMessage(OfferMessage&&) noexcept;
  ~OfferMessage();
  const OfferHead& head() const { return head_; }
  // The event under its type, with all that stands beside it. `invalid` if its parts do not fit.
  Expected<void> fill(const event::EventType& type, Offer& out) const;
  // All but the event itself.
  void fill_frame(Offer& out) const;
  std::string_view original() const;
  std::string_view format() const;
  std::string_view id() const;

 private:
  struct Message;
  explicit OfferMessage(std::unique_ptr<Message> message);
  std::unique_ptr<Message> message_;
  OfferHead head_;
};

// What a Receipt is without its JSON.
struct OfferReply {
  stage::Admission::What what = stage::Admission::What::refused;
  Position position = kNoPosition;
  std::optional<Error> error;
};
std::string write_offer_reply(const Receipt& receipt);
Expected<OfferReply> read_offer_reply(std::string_view bytes);

struct Refusal {
  stage::DeadLetter letter;  // event_type, id, format and the plain original
  Error why{Code::invalid, ""};
  std::string session;
  std::uint64_t number = 0, answered = 0;
};
std::string write_refusal(const stage::DeadLetter& letter, const Error& why,
                          const stage::SessionPlace& place);
Expected<Refusal> read_refusal(std::string_view bytes);

// A request without content.
std::string write_nothing();

std::string write_session_name(std::string_view session);
Expected<std::string> read_session_name(std::string_view bytes);
std::string write_session_number(std::uint64_t number);
Expected<std::uint64_t> read_session_number(std::string_view bytes);

struct Description {
  AppVersion version = 0;
  std::string digest, file;
  std::vector<std::string> cold;
  std::string pseudonym_key;
  Position last = kNoPosition;
  bool saturated = false;  // the log is as far ahead of its outcomes as it may be
  Position most_ahead = 0;
};
std::string write_description(const Description& description);
Expected<Description> read_description(std::string_view bytes);

// Blocks of a feed, one a message.
std::string write_block(const event::BlockBytes& block);
Expected<event::BlockBytes> read_block(std::string_view bytes);

struct EventName {
  std::string event, id;
};
std::string write_event_name(const EventName& name);
Expected<EventName> read_event_name(std::string_view bytes);

std::string write_subjects(const std::vector<std::string>& subjects);
Expected<std::vector<std::string>> read_subjects(std::string_view bytes);
struct SubjectKey {
  std::string key;  // 32 bytes; empty if there is none
  bool destroyed = false;
};
std::string write_keys(const std::vector<SubjectKey>& keys);
Expected<std::vector<SubjectKey>> read_keys(std::string_view bytes);

std::string write_promotion(const stage::Promotion& promotion);
Expected<stage::Promotion> read_promotion(std::string_view bytes);
std::string write_train_record(const stage::TrainBody& body);
Expected<stage::TrainBody> read_train_record(std::string_view bytes);

// --- Infer ---
struct MadeRun {
  stage::OutcomeBytes run;
  std::uint64_t table = 0;  // its epoch
};
std::string write_run(const stage::OutcomeBytes& run, std::uint64_t table);
Expected<MadeRun> read_run(std::string_view bytes);

// --- Results ---
struct Await {
  Position position = kNoPosition;
  bool show = false;
  bool now = false;  // does not wait
};
std::string write_await(const Await& await);
Expected<Await> read_await(std::string_view bytes);
std::string write_result(std::string_view json);
Expected<std::string> read_result(std::string_view bytes);

struct PageQuery {
  std::string target, last_event_id;
  Position from = kNoPosition;
  bool wait = false;
};
std::string write_page_query(const PageQuery& query);
Expected<PageQuery> read_page_query(std::string_view bytes);
struct Page {
  std::vector<std::string> results;
  Position next = kNoPosition;
};
std::string write_page(const Page& page);
Expected<Page> read_page(std::string_view bytes);

// --- the registry, at ingest ---
struct ModelName {
  std::string model;
  std::uint32_t version = 0;
};
std::string write_model_name(const ModelName& name);
Expected<ModelName> read_model_name(std::string_view bytes);
std::string write_model(const stage::ModelVersion& model);
Expected<stage::ModelVersion> read_model(std::string_view bytes);
std::string write_models(const std::vector<stage::ModelVersion>& models);
Expected<std::vector<stage::ModelVersion>> read_models(std::string_view bytes);
struct NewModel {
  stage::ModelVersion entry;
  bool once = false;
};
std::string write_new_model(const NewModel& model);
Expected<NewModel> read_new_model(std::string_view bytes);
struct RegisteredModel {
  std::uint32_t version = 0;
  bool fresh = false;
};
std::string write_registered(const RegisteredModel& registered);
Expected<RegisteredModel> read_registered(std::string_view bytes);

// --- positions: of Durable and of replies that are one ---
std::string write_position(Position position);
Expected<Position> read_position(std::string_view bytes);

// --- requests at the door that another service answers ---
struct HttpCall {
  std::string method, target, body, peer, traceparent;
  std::vector<std::pair<std::string, std::string>> headers;
  Micros deadline = link::kNoDeadline;  // of the call that it came by; goes with that call
};
std::string write_http_call(const HttpCall& call);
Expected<HttpCall> read_http_call(std::string_view bytes);
std::string write_http_answer(const HttpResponse& answer);
// Its content type stands among the headers.
Expected<HttpResponse> read_http_answer(std::string_view bytes);

// What all of api/ says, as a FileDescriptorSet, for reflection.
std::string_view descriptors();

}  // namespace quintet::host::wire
