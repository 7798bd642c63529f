// One streamed POST /v1/events: lines in, answers out, in order, with back-pressure both ways.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "event/line_cutter.h"
#include "host/node.h"

namespace quintet::host {

// Lives on the loop, held by its Exchange and by the replies it waits for.
class EventStream final : public BodyReader, public std::enable_shared_from_this<EventStream> {
 public:
  static void start(Node& node, std::shared_ptr<Exchange> exchange, int event_type, bool csv);

  void on_body(std::string_view piece) override;
  void on_end() override;
  void on_abort(const Error& why) override;

 private:
  EventStream(Node& node, std::shared_ptr<Exchange> exchange, int event_type, bool csv);

  void begin();
  void pump();  // takes lines until there are none or something is full
  void take(const event::LineCutter::Line& line);
  Expected<void> renew_decoder();
  void take_header(const event::LineCutter::Line& line);
  void refuse_header(Error why);
  static std::string_view without_mark(const event::LineCutter::Line& line);
  void take_event(const event::LineCutter::Line& line);
  bool full() const;
  Micros allowed_in() const;
  void pause();
  std::size_t open_slot();  // for the next answer
  void answer(std::size_t slot, std::string json);
  void refuse(const event::LineCutter::Line& line, std::size_t slot, Error why);
  void write_ready();

  Node& node_;
  std::shared_ptr<Exchange> exchange_;
  const int event_type_;
  const bool csv_;
  bool minimal_ = false;
  std::string client_;     // whose limits it is under; empty: nobody's
  std::string id_prefix_;  // for events without an id of their own
  std::string trace_;      // traceparent of the next line
  std::size_t offered_ = 0;
  std::string session_;                    // the sender's (S1.6); empty: none
  stage::SessionPlace place_;              // of the line at hand, in that session
  std::optional<event::Decoder> decoder_;  // always one
  std::uint64_t place_number_;             // Node::places, whose Spec the decoder reads
  event::LineCutter lines_;
  std::string header_;  // CSV: the first record
  std::string scratch_;
  std::vector<std::string_view> cells_;
  std::deque<std::optional<std::string>> answers_;
  std::size_t first_slot_ = 0;  // number of answers_.front()
  std::string ready_;           // answers not yet written
  std::unique_ptr<Timer> retry_;
  bool begun_ = false, paused_ = false, ended_ = false, finished_ = false;
  bool dry_ = false;     // the cutter has no whole line
  bool posted_ = false;  // a turn that writes answers is on its way
};

}  // namespace quintet::host
