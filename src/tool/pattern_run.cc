#include "tool/pattern_run.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/civil.h"
#include "base/json_out.h"

namespace quintet::tool {

namespace {

constexpr Micros kPause = kSecond / 20;      // between two looks
constexpr Micros kPatience = 300 * kSecond;  // for what must come
constexpr std::uint64_t kLeastOpen = 8;      // lines that are under way
constexpr std::string_view kSession = "verify";

void rest_a_little() {
  std::this_thread::sleep_for(std::chrono::microseconds(kPause));
}

// Kills at the moments that were drawn, whatever else happens then.
class Killer {
 public:
  Killer(const PatternRunOptions& options, Program& program)
      : options_(options), program_(program) {}

  // After so many answers; on the thread that reads them.
  void answered(std::uint64_t count) {
    if (next_ >= options_.kills.size() || count < options_.kills[next_]) return;
    if (!program_.kill(options_.several, seeded(options_.seed, next_))) return;
    ++next_;
  }
  std::uint64_t count() const { return next_; }
  bool all() const { return next_ == options_.kills.size(); }

 private:
  const PatternRunOptions& options_;
  Program& program_;
  std::atomic<std::size_t> next_ = 0;
};

class Run {
 public:
  Run(const PatternRunOptions& options, Progress::Mode mode, Clock& clock, Program& program)
      : options_(options),
        mode_(mode),
        clock_(clock),
        program_(program),
        killer_(options, program) {}

  Expected<PatternFigures> perform() {
    figures_.pattern = options_.pattern;
    TRY_DO(start());
    const Micros begun = clock_.steady();
    for (const ModelSwitch& one : options_.switches) {
      TRY_DO(send_up_to(one.at));
      TRY_DO(come_to_rest());
      TRY_DO(switch_model(one));
    }
    TRY_DO(send_up_to(options_.events));
    TRY_DO(come_to_rest());
    // What came too late for the last answers.
    while (!killer_.all()) {
      killer_.answered(options_.events);
      rest_a_little();
      TRY_DO(come_to_rest());
    }
    figures_.seconds = static_cast<double>(clock_.steady() - begun) / static_cast<double>(kSecond);
    figures_.kills = killer_.count();
    figures_.dump = options_.directory + "/dump";
    RestQuestion question{door_, answers_, !options_.kills.empty(), {}};
    for (const event::EventType& type : options_.spec->events) {
      if (type.time_field < 0) question.timeless.insert(type.name);
    }
    TRY(figures_.rest, dump_at_rest(question, figures_.dump));
    TRY_DO(program_.stop());
    return std::move(figures_);
  }

 private:
  Expected<void> start() {
    TRY(door_.url, program_.start());
    return {};
  }

  // One that was killed as a whole is started again; the places of one that has several are by
  // their own supervisor.
  Expected<void> revive() {
    if (program_.runs()) return {};
    if (killer_.count() == revived_) {
      return unavailable("it ended by itself:\n" + program_.last_words());
    }
    revived_ = killer_.count();
    return start();
  }

  // The first `count` events, those before having been sent.
  Expected<void> send_up_to(std::uint64_t count) {
    const std::uint64_t before = figures_.sent;
    if (count <= before) return {};
    SendOptions send;
    send.spec = options_.spec;
    send.inputs = options_.inputs;
    send.url = door_.url;
    send.session = kSession;
    send.answered = before;
    send.limit = count - before;
    send.patience = kPatience;
    // Who dies shall have something under way, and not everything.
    if (!options_.kills.empty()) {
      send.open_lines = std::clamp<std::uint64_t>(
          options_.events / (4 * (options_.kills.size() + 1)), kLeastOpen, send.open_lines);
    }
    send.output = options_.directory + "/answers-" + std::to_string(answers_.size() + 1);
    send.on_answer = [&](std::uint64_t answers) { killer_.answered(before + answers); };
    send.on_lost = [&] { return revive(); };
    Progress progress(options_.pattern, mode_, clock_);
    TRY(const SendReport report,
        tool::send(send, progress, clock_,
                   [](const std::string&, std::uint64_t, const std::string&) {}));
    answers_.push_back(send.output);
    figures_.sent += report.acknowledged + report.refused;
    figures_.refused += report.refused;
    figures_.reconnects += report.reconnects;
    return find_last();
  }

  // The greatest position that was answered: the last ones tell, whatever was repeated among them.
  Expected<void> find_last() {
    std::ifstream file(answers_.back(), std::ios::binary);
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("{\"line\":")) continue;
      TRY(const auto document, JsonDocument::parse(line));
      const auto position = document.root().find("position").as_int64().value_or(0);
      last_ = std::max(last_, static_cast<Position>(position));
    }
    return {};
  }

  // Asks until it gives something; a process that is gone meanwhile comes back.
  template <class Ask>
  Expected<void> until(const std::string& what, Ask ask) {
    const Micros begun = clock_.steady();
    for (;; rest_a_little()) {
      TRY_DO(revive());
      const Expected<bool> came = ask();
      if (came && *came) return {};
      const bool away = !came && (came.error().code() == Code::unavailable ||
                                  came.error().code() == Code::expired);
      if (!came && !away) return came.error();
      if (clock_.steady() - begun < kPatience) continue;
      return unavailable("not within " + std::to_string(kPatience / kSecond) + " s: " + what +
                         (came ? "" : " (" + came.error().message() + ")"));
    }
  }

  Expected<void> come_to_rest() {
    return until("the outcome of position " + std::to_string(last_),
                 [&] { return is_at_rest(door_, last_); });
  }

  // Who was killed last may not be back yet. Nobody is killed meanwhile, so what was refused was
  // not begun; what was not answered in time may have been, and is not asked again.
  Expected<JsonDocument> post(const DoorRequest& request) {
    Expected<JsonDocument> answer = unavailable("nobody was asked");
    TRY_DO(until("an answer to POST " + request.target, [&]() -> Expected<bool> {
      auto response = ask(door_, request);
      const bool away = !response && response.error().code() == Code::unavailable;
      if (away && response.error().id() != "expired") return response.error();
      if (response) {
        answer = JsonDocument::parse(response->body);
      } else {
        answer = std::move(response).error();
      }
      return true;
    }));
    return answer;
  }

  Expected<void> switch_model(const ModelSwitch& one) {
    auto version = one.file.empty() ? train(one) : bring(one);
    if (!version) return std::move(version).error().during("model " + one.model);
    if (*version == 0) return {};
    std::string body;
    JsonWriter(body).begin_object().key("version").int64(*version).end_object();
    const std::string target = "/v1/models/" + percent_encode(one.model) + "/promote";
    TRY(const auto promoted, post({"POST", target, body}));
    last_ = static_cast<Position>(promoted.root().find("position").as_int64().value_or(0));
    return come_to_rest();
  }

  // The new version; 0 if it is in force already, by the application's own rule.
  Expected<std::int64_t> train(const ModelSwitch& one) {
    std::string body;
    JsonWriter json(body);
    json.begin_object().field("model", one.model);
    if (one.as_of != kNoTime) json.field("as_of", format_time(one.as_of));
    json.end_object();
    TRY(const auto begun, post({"POST", "/v1/train", body}));
    const std::string run(begun.root().find("run").text());
    std::int64_t version = 0;
    std::string failure;
    TRY_DO(until("the end of training run " + run, [&]() -> Expected<bool> {
      TRY(const auto response, ask(door_, "GET", "/v1/train/" + run));
      TRY(const auto document, JsonDocument::parse(response.body));
      const JsonValue now = document.root();
      const std::string_view state = now.find("state").text();
      if (state == "failed") failure = now.find("error").text();
      if (state == "done" && !now.find("promoted").as_bool().value_or(false)) {
        version = now.find("version").as_int64().value_or(0);
      }
      return state == "done" || state == "failed";
    }));
    if (!failure.empty()) return invalid(failure);
    return version;
  }

  Expected<std::int64_t> bring(const ModelSwitch& one) {
    std::ifstream file(one.file, std::ios::binary);
    if (!file) return not_found(one.file + " cannot be read");
    std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const std::string name = std::filesystem::path(one.file).filename();
    TRY(const auto document,
        post({"POST",
              "/v1/models/" + percent_encode(one.model) + "/versions?file=" + percent_encode(name),
              std::move(bytes), "application/octet-stream"}));
    return document.root().find("version").as_int64().value_or(0);
  }

  const PatternRunOptions& options_;
  Progress::Mode mode_;
  Clock& clock_;
  Program& program_;
  Killer killer_;
  std::uint64_t revived_ = 0;
  Door door_;
  Position last_ = kNoPosition;
  std::vector<std::string> answers_;
  PatternFigures figures_;
};

}  // namespace

void Endable::set(Program* program) {
  const std::lock_guard lock(mutex_);
  program_ = program;
  if (ending_ && program_ != nullptr) program_->end();
}

void Endable::end() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  if (program_ != nullptr) program_->end();
}

Expected<PatternFigures> run_pattern(const PatternRunOptions& options, Endable& endable,
                                     Progress::Mode mode, Clock& clock) {
  std::error_code failed;
  std::filesystem::create_directory(options.directory, failed);
  if (failed) return unavailable(options.directory + ": " + failed.message());
  // One that is killed has to come back where it was.
  int port = 0;
  if (!options.kills.empty()) {
    TRY(port, free_port());
  }
  std::vector<std::string> command = {options.program,
                                      "--format",
                                      "json",
                                      "run",
                                      options.app,
                                      "--pattern",
                                      options.pattern,
                                      "--data",
                                      options.directory + "/data",
                                      "--port",
                                      std::to_string(port)};
  if (!options.pseudonyms.empty()) {
    command.insert(command.end(), {"--pseudonym-key", options.pseudonyms});
  }
  if (!options.store_url.empty()) {
    command.insert(command.end(), {"--store", options.store_url, "--schema", options.schema});
  }
  if (options.infer_replicas > 0) {
    command.insert(command.end(),
                   {"--replicas", "infer=" + std::to_string(options.infer_replicas)});
  }
  Program program(std::move(command), options.directory + "/log");
  endable.set(&program);
  auto figures = Run(options, mode, clock, program).perform();
  endable.set(nullptr);
  // Told to end, for it may have children of its own.
  if (!figures) (void)program.stop();
  if (!figures) return std::move(figures).error().during("pattern " + options.pattern);
  return figures;
}

}  // namespace quintet::tool
