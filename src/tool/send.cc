#include "tool/send.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/digest.h"
#include "base/json_in.h"
#include "base/seal.h"
#include "event/line_cutter.h"
#include "tool/door.h"
#include "tool/output.h"

namespace quintet::tool {

namespace {

constexpr std::size_t kOpenBytes = std::size_t{16} << 20;  // sent and not answered
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
constexpr std::size_t kSpillBytes = std::size_t{1} << 20;
constexpr Micros kTimeout = 30 * kSecond;
constexpr Micros kPause = kSecond / 5;  // between two tries to connect
constexpr double kPacedBatches = 50;    // a second, when the rate is limited

struct Line {
  std::string text;
  std::size_t file = 0;
  std::uint64_t number = 0;
};

// A record of CSV may stand on several.
std::uint64_t lines_in(std::string_view text) {
  return 1 + static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// One connection's worth of answers, read on a thread of its own while the other side writes.
class Answers {
 public:
  Answers(const SendOptions& options, const OnRefused& on_refused, Clock& clock)
      : options_(options), on_refused_(on_refused), clock_(clock) {}
  ~Answers() { join(); }

  Expected<void> open_output() {
    if (options_.output.empty()) return {};
    TRY(output_, Output::open(options_.output));
    return {};
  }
  Expected<void> close_output() { return output_ ? output_->close() : Expected<void>(); }

  // Starts to read the answers of the request that was just begun. Its lines count from
  // `first_line`: what stands before is a header.
  void read(host::HttpClient& client, std::int64_t first_line) {
    join();
    const std::lock_guard lock(mutex_);
    first_line_ = first_line;
    ended_ = false;
    lost_.reset();
    thread_ = std::thread([this, &client] { run(client); });
  }
  void join() {
    if (thread_.joinable()) thread_.join();
  }

  bool has_room() {
    const std::lock_guard lock(mutex_);
    return room();
  }
  // Waits until another line may be sent, then counts it as open; false if the connection is lost.
  bool admit(const Line& line) {
    std::unique_lock lock(mutex_);
    const bool idle = open_.empty();
    changed_.wait(lock, [&] { return ended_ || room(); });
    if (idle) progress_at_ = clock_.steady();
    open_bytes_ += line.text.size();
    open_.push_back(line);
    return !ended_;
  }
  // The open lines, oldest first.
  std::vector<Line> open() {
    const std::lock_guard lock(mutex_);
    return {open_.begin(), open_.end()};
  }
  bool none_open() {
    const std::lock_guard lock(mutex_);
    return open_.empty();
  }
  // Why no connection will help; nothing while one may.
  std::optional<Error> fatal() {
    const std::lock_guard lock(mutex_);
    return fatal_;
  }
  std::string why_lost() {
    const std::lock_guard lock(mutex_);
    return lost_ ? lost_->message() : "the connection ended";
  }
  Micros progress_at() {
    const std::lock_guard lock(mutex_);
    return progress_at_;
  }
  SendReport counts() {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  bool room() const { return open_.size() < options_.open_lines && open_bytes_ < kOpenBytes; }

  void run(host::HttpClient& client) {
    auto result = read_all(client);
    const std::lock_guard lock(mutex_);
    if (!result) lost_ = std::move(result).error();
    ended_ = true;
    changed_.notify_all();
  }

  Expected<void> read_all(host::HttpClient& client) {
    TRY(const host::ClientResponse head, client.read_head());
    std::string text;
    for (;;) {
      TRY(const auto piece, client.read_piece());
      if (!piece) break;
      text += *piece;
      if (head.status != 200) continue;
      std::size_t from = 0, end = 0;
      while ((end = text.find('\n', from)) != std::string::npos) {
        TRY_DO(take(std::string_view(text).substr(from, end - from)));
        from = end + 1;
      }
      text.erase(0, from);
    }
    if (head.status == 200) return {};
    Error error = located(error_of({head.status, head.headers, text}), text);
    const bool for_now = error.code() == Code::unavailable || error.code() == Code::exhausted;
    return for_now ? error : stop(std::move(error));
  }

  // What is wrong with the request as a whole is in the first line of a file.
  Error located(Error error, const std::string& body) {
    const auto document = JsonDocument::parse(body);
    if (!document || error.code() != Code::invalid) return error;
    const std::string_view field = document->root().find("errors").first().find("field").text();
    return field.empty() ? error : header_error(field, error.message());
  }

  Error header_error(std::string_view field, const std::string& why) {
    const std::lock_guard lock(mutex_);
    const std::string path =
        open_.empty() ? std::string() : options_.inputs[open_.front().file].path + ":1";
    return invalid(std::string(field) + ": " + why).at(path);
  }

  // No connection will help.
  Error stop(Error why) {
    const std::lock_guard lock(mutex_);
    fatal_ = why;
    return why;
  }

  // One answer, which is that of the oldest open line.
  Expected<void> take(std::string_view answer) {
    const bool refused = answer.starts_with("{\"line\":");
    if (refused) {
      TRY(const auto document, JsonDocument::parse(answer));
      const JsonValue error = document.root().find("error");
      const std::string_view code = error.find("code").text();
      // The line is not at fault: it is sent again.
      if (code == "unavailable" || code == "exhausted" || code == "session_gap") {
        return unavailable(std::string(error.find("detail").text()));
      }
      if (document.root().find("line").as_int64().value_or(0) < first_line_) {
        return stop(
            header_error(error.find("field").text(), std::string(error.find("detail").text())));
      }
    }
    std::unique_lock lock(mutex_);
    if (open_.empty()) return broken("the application answered a line that was not sent");
    const Line line = std::move(open_.front());
    open_.pop_front();
    open_bytes_ -= line.text.size();
    ++(refused ? counts_.refused : counts_.acknowledged);
    progress_at_ = clock_.steady();
    changed_.notify_all();
    const std::uint64_t answers = counts_.acknowledged + counts_.refused;
    lock.unlock();
    if (options_.on_answer) options_.on_answer(answers);
    if (refused) on_refused_(options_.inputs[line.file].path, line.number, std::string(answer));
    if (output_ == nullptr) return {};
    output_->text().append(answer).push_back('\n');
    auto written = output_->spill(kSpillBytes);
    if (!written) return stop(std::move(written).error());
    return {};
  }

  const SendOptions& options_;
  const OnRefused& on_refused_;
  Clock& clock_;
  std::unique_ptr<Output> output_;  // of the reading thread
  std::thread thread_;
  std::int64_t first_line_ = 1;
  std::mutex mutex_;  // for all below
  std::condition_variable changed_;
  std::deque<Line> open_;
  std::size_t open_bytes_ = 0;
  bool ended_ = true;
  std::optional<Error> lost_, fatal_;
  Micros progress_at_ = 0;
  SendReport counts_;
};

class Sender {
 public:
  Sender(const SendOptions& options, Progress& progress, Clock& clock, const OnRefused& on_refused)
      : options_(options),
        progress_(progress),
        clock_(clock),
        answers_(options, on_refused, clock) {}

  Expected<SendReport> perform() {
    TRY(url_, host::parse_url(options_.url));
    // Private fields are replaced at the other side: here lines are only looked at for their time.
    TRY(source_, EventSource::open(*options_.spec, options_.inputs, std::string(32, '\0')));
    TRY_DO(begin_session());
    TRY_DO(answers_.open_output());
    begin_ = clock_.steady();
    if (auto sent = send_all(); !sent) {
      if (client_) client_->finish_sending();
      return std::move(sent).error();
    }
    TRY_DO(end_request());
    TRY_DO(answers_.close_output());
    SendReport report = answers_.counts();
    report.reconnects = reconnects_;
    report.skipped = skipped_;
    report.took = clock_.steady() - begin_;
    progress_.finish(report.acknowledged + report.refused);
    return report;
  }

 private:
  Expected<void> send_all() {
    event::Event event;
    std::vector<Line> bad;  // the application shall see these too: they become dead letters
    const EventSource::OnBad on_bad = [&](const BadLine& line) -> Expected<void> {
      bad.push_back({std::string(line.text), line.file, line.line});
      return {};
    };
    for (;;) {
      TRY(const bool any, source_->next(event, on_bad));
      if (any) {
        TRY_DO(put({std::string(source_->line()), source_->file(), source_->line_number()}));
      }
      for (Line& line : bad) TRY_DO(put(std::move(line)));
      bad.clear();
      if (!any || done()) return {};
      const SendReport counts = answers_.counts();
      progress_.at(source_->bytes_read(), source_->bytes_total(),
                   counts.acknowledged + counts.refused);
    }
  }

  // A session that goes on begins behind the last line that was answered in it.
  Expected<void> begin_session() {
    session_ = options_.session;
    if (session_.empty()) {
      session_ = "send-" + to_hex(random_bytes(8));
      return {};
    }
    if (options_.answered) {
      skip_ = *options_.answered;
      return {};
    }
    const Micros begun = clock_.steady();
    const Door door{options_.url, options_.token, options_.ca_file};
    auto answer = ask(door, "GET", "/v1/sessions/" + percent_encode(session_));
    while (!answer && answer.error().code() == Code::unavailable &&
           clock_.steady() - begun < options_.patience) {
      std::this_thread::sleep_for(std::chrono::microseconds(kPause));
      answer = ask(door, "GET", "/v1/sessions/" + percent_encode(session_));
    }
    if (!answer) return std::move(answer).error();
    TRY(const auto document, JsonDocument::parse(answer->body));
    skip_ = static_cast<std::uint64_t>(document.root().find("last").as_int64().value_or(0));
    return {};
  }

  bool done() const { return options_.limit != 0 && sent_ >= options_.limit; }

  const event::EventType& type_of(std::size_t file) const {
    const app::Spec& spec = *options_.spec;
    const int index = spec.event_index(options_.inputs[file].event_type);
    return spec.events[static_cast<std::size_t>(index)];
  }
  bool is_csv(std::size_t file) const { return !source_->header(file).empty(); }
  // Events that bring no id get file:line; so lines keep their numbers, and files stay apart.
  bool numbered(std::size_t file) const { return type_of(file).id_field < 0; }
  std::string name_of_file(std::size_t file) const {
    const std::string& path = options_.inputs[file].path;
    return path.substr(path.find_last_of('/') + 1);
  }
  bool same_request(std::size_t a, std::size_t b) const {
    return a == b || (options_.inputs[a].event_type == options_.inputs[b].event_type &&
                      source_->header(a) == source_->header(b) && !numbered(a));
  }

  Expected<void> put(Line line) {
    if (done()) return {};
    if (skipped_ < skip_) {
      ++skipped_;
      return {};
    }
    ++sent_;
    if (under_way_ && !same_request(file_, line.file)) TRY_DO(end_request());
    if (!under_way_) {
      file_ = line.file;
      under_way_ = true;
      if (!connect()) TRY_DO(recover());
    }
    // What waits in the buffer must leave before this waits for answers.
    if (buffer_.size() >= kPieceBytes || !answers_.has_room()) TRY_DO(flush());
    if (answers_.admit(line)) {
      append(line, buffer_);
    } else {
      TRY_DO(recover());
    }
    // What follows it here may not be what followed it in its file.
    if (is_csv(file_) && event::leaves_quote_open(line.text, type_of(file_).input.separator)) {
      TRY_DO(end_request());
    }
    return pace();
  }

  void append(const Line& line, std::string& out) {
    if (numbered(line.file)) {
      for (; body_line_ < line.number; ++body_line_) out += '\n';
      body_line_ += lines_in(line.text);
    }
    out += line.text;
    out += '\n';
  }

  Expected<void> pace() {
    if (options_.rate <= 0) return {};
    const auto due = begin_ + static_cast<Micros>(static_cast<double>(sent_) * 1e6 / options_.rate);
    const auto batch = static_cast<Micros>(1e6 / kPacedBatches);
    const Micros early = due - clock_.steady();
    if (early < batch) return {};
    TRY_DO(flush());
    std::this_thread::sleep_for(std::chrono::microseconds(early));
    return {};
  }

  Expected<void> flush() {
    if (buffer_.empty()) return {};
    auto sent = client_->send(buffer_);
    buffer_.clear();
    return sent ? sent : recover();
  }

  // A connection, a request on it, and all open lines once more.
  Expected<void> connect() {
    answers_.join();
    buffer_.clear();
    if (!client_ || !client_->usable() || fresh_) {
      client_.reset();
      TRY(auto client, host::HttpClient::connect(url_, options_.ca_file, kTimeout));
      client_.emplace(std::move(client));
    }
    fresh_ = false;
    host::ClientRequest request;
    request.method = "POST";
    request.target = (url_.path == "/" ? "" : url_.path) +
                     "/v1/events?event=" + options_.inputs[file_].event_type;
    request.headers.emplace_back("Content-Type",
                                 is_csv(file_) ? "text/csv" : "application/x-ndjson");
    const SendReport counts = answers_.counts();
    const std::uint64_t answered = skipped_ + counts.acknowledged + counts.refused;
    request.headers.emplace_back("Quintet-Session", session_);
    request.headers.emplace_back("Quintet-Number", std::to_string(answered + 1));
    request.headers.emplace_back("Quintet-Answered", std::to_string(answered));
    if (options_.output.empty()) request.headers.emplace_back("Prefer", "return=minimal");
    if (numbered(file_)) request.headers.emplace_back("Idempotency-Key", name_of_file(file_));
    if (!options_.token.empty()) {
      request.headers.emplace_back("Authorization", "Bearer " + options_.token);
    }
    body_line_ = 1;
    if (is_csv(file_)) {
      request.body = source_->header(file_) + "\n";
      body_line_ += lines_in(source_->header(file_));
    }
    TRY_DO(client_->start(request));
    const std::vector<Line> again = answers_.open();
    answers_.read(*client_, static_cast<std::int64_t>(body_line_));
    std::string piece;
    for (const Line& line : again) {
      append(line, piece);
      if (piece.size() < kPieceBytes) continue;
      TRY_DO(client_->send(piece));
      piece.clear();
    }
    return client_->send(piece);
  }

  // Tries until a connection takes the open lines, or until no answer has come for too long.
  Expected<void> recover() {
    for (bool first = true;; first = false) {
      fresh_ = true;
      if (client_) client_->finish_sending();
      answers_.join();
      if (const auto fatal = answers_.fatal()) return *fatal;
      const Micros since = std::max(answers_.progress_at(), begin_);
      // A connection that takes no event is no better than none.
      const bool tried = !first || connected_ > since;
      if (tried && clock_.steady() - since > options_.patience) {
        return unavailable(
            options_.url + " took no event for " + std::to_string(options_.patience / kSecond) +
            " s (" + answers_.why_lost() + "); " + std::to_string(answers_.counts().acknowledged) +
            " were acknowledged before");
      }
      if (tried) std::this_thread::sleep_for(std::chrono::microseconds(kPause));
      ++reconnects_;
      if (options_.on_lost) TRY_DO(options_.on_lost());
      if (!connect()) continue;
      connected_ = clock_.steady();
      return {};
    }
  }

  // The request's end, and the answers to all its lines.
  Expected<void> end_request() {
    while (under_way_) {
      TRY_DO(flush());
      (void)client_->finish();  // if the connection is lost, the answers end too
      answers_.join();
      if (const auto fatal = answers_.fatal()) return *fatal;
      if (answers_.none_open()) {
        under_way_ = false;
      } else {
        TRY_DO(recover());
      }
    }
    return {};
  }

  const SendOptions& options_;
  Progress& progress_;
  Clock& clock_;
  host::Url url_;
  std::unique_ptr<EventSource> source_;
  std::optional<host::HttpClient> client_;
  bool under_way_ = false;       // a request on it
  std::size_t file_ = 0;         // whose lines, or lines like them, it takes
  std::uint64_t body_line_ = 1;  // number of the next line of its body
  std::string buffer_;           // not sent yet; these lines are open already
  bool fresh_ = false;
  Micros connected_ = 0;  // when recover() ended last
  std::uint64_t sent_ = 0, reconnects_ = 0;
  std::string session_;
  std::uint64_t skip_ = 0, skipped_ = 0;  // lines that an earlier run had answered
  Micros begin_ = 0;
  Answers answers_;  // last: its thread reads from the client
};

}  // namespace

Expected<SendReport> send(const SendOptions& options, Progress& progress, Clock& clock,
                          const OnRefused& on_refused) {
  return Sender(options, progress, clock, on_refused).perform();
}

}  // namespace quintet::tool
