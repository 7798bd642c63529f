#include "tool/rest.h"

#include <array>
#include <fstream>
#include <optional>
#include <thread>

#include "base/json_out.h"

namespace quintet::tool {

namespace {

constexpr std::array<std::string_view, 3> kOfResult = {"labels", "trace_id", "time"};
constexpr std::array<std::string_view, 2> kOfTimelessLabel = {"at", "until"};
// Seen from before all events: of a label that nobody told the answer says when it is decided, and
// not whether it is so by now.
constexpr std::string_view kLabelsAt = "1970-01-01T00:00:00Z";
constexpr std::array<std::string_view, 2> kOfLetter = {"at", "number"};
constexpr std::array<std::string_view, 2> kOfVersion = {"created_at", "model"};
constexpr std::array<std::string_view, 2> kOfModel = {"promotions", "versions"};
constexpr std::array<std::string_view, 2> kOfPromotion = {"position"};
constexpr std::size_t kShownFields = 20;
constexpr Micros kPause = kSecond / 10;     // between two tries
constexpr Micros kPatience = 60 * kSecond;  // for a part that is away

using LeftOut = std::span<const std::string_view>;

std::string canonical(JsonValue value, LeftOut left_out = {}) {
  std::string out;
  append_canonical(out, value, left_out);
  return out;
}

Position position_in(JsonValue value) {
  return static_cast<Position>(value.find("position").as_int64().value_or(0));
}

// Somebody was away: the event is durable, its outcome was still to come.
bool is_accepted(JsonValue answer) {
  return answer.find("status").text() == "accepted";
}

// The text up to its last brace, or to its labels where they stand last.
std::string_view without_labels(std::string_view text, JsonValue result) {
  constexpr std::string_view kName = ",\"labels\":";
  text.remove_suffix(1);
  const JsonValue labels = result.find("labels");
  if (!labels || !text.ends_with(labels.source())) return text;
  const std::string_view before = text.substr(0, text.size() - labels.source().size());
  return before.ends_with(kName) ? before.substr(0, before.size() - kName.size()) : text;
}

// The answers of all files, one after the other.
class Answers {
 public:
  explicit Answers(const std::vector<std::string>& files) : files_(files) {}

  Expected<bool> next(std::string& line) {
    for (;;) {
      if (file_.is_open() && std::getline(file_, line)) return true;
      if (file_.bad()) return unavailable(files_[at_ - 1] + " cannot be read");
      if (at_ == files_.size()) return false;
      file_ = std::ifstream(files_[at_++], std::ios::binary);
      if (!file_) return not_found(files_[at_ - 1] + " cannot be read");
    }
  }

 private:
  const std::vector<std::string>& files_;
  std::size_t at_ = 0;
  std::ifstream file_;
};

class Rest {
 public:
  Rest(const RestQuestion& question, DumpWriter& out)
      : question_(question), out_(out), replies_(question.answers) {}

  Expected<void> perform() {
    TRY_DO(application());
    TRY_DO(events());
    TRY_DO(results());
    TRY_DO(views());
    TRY_DO(letters());
    TRY_DO(models());
    return {};
  }
  RestFigures& figures() { return figures_; }

 private:
  // A part that was killed a moment ago may not be back yet.
  Expected<host::ClientResponse> read(const std::string& target) {
    const Micros begun = clock_.steady();
    for (;; std::this_thread::sleep_for(std::chrono::microseconds(kPause))) {
      auto response = ask(question_.door, "GET", target);
      if (response || response.error().code() != Code::unavailable) return response;
      if (clock_.steady() - begun > kPatience) return response;
    }
  }

  Expected<JsonDocument> get(const std::string& target) {
    TRY(const auto response, read(target));
    return JsonDocument::parse(response.body);
  }

  Expected<void> application() {
    out_.begin("application");
    TRY(const auto response, read("/v1/application"));
    std::string json;
    JsonWriter(json).begin_object().field("digest", response.header("etag")).end_object();
    TRY_DO(out_.add("file", json));
    TRY(const auto views, get("/v1/views"));
    json.clear();
    JsonWriter(json).begin_object().key("position").uint64(position_in(views.root())).end_object();
    return out_.add("log", json);
  }

  // What the line of a stream that only says "accepted" leaves out; null where it has no result,
  // and so would not have been told otherwise either.
  Expected<std::optional<JsonDocument>> accepted(Position position) {
    auto stands = get("/v1/results/@" + std::to_string(position));
    if (stands) return std::optional(*std::move(stands));
    if (stands.error().code() == Code::not_found) return std::optional<JsonDocument>();
    return std::move(stands).error();
  }

  // What became of each line that was sent: its position, or why it was refused.
  Expected<void> events() {
    out_.begin("event");
    Answers answers(question_.answers);
    std::string line, json;
    for (std::uint64_t number = 1;; ++number) {
      TRY(const bool any, answers.next(line));
      if (!any) return {};
      TRY(const auto document, JsonDocument::parse(line));
      json.clear();
      JsonWriter out(json);
      out.begin_object();
      if (const JsonValue error = document.root().find("error")) {
        out.key("error").raw(canonical(error));
      } else {
        std::optional<JsonDocument> stands;
        if (is_accepted(document.root())) {
          TRY(stands, accepted(position_in(document.root())));
        }
        const JsonValue said = stands ? stands->root() : document.root();
        for (const char* name : {"event", "id", "position"}) {
          if (const JsonValue part = said.find(name)) out.key(name).raw(part.source());
        }
      }
      out.end_object();
      TRY_DO(out_.add(std::to_string(number), json));
    }
  }

  Expected<void> results() {
    out_.begin("result");
    std::string from = "1";
    while (!from.empty()) {
      const std::string target =
          "/v1/results?format=ndjson&limit=1000&labels=" + percent_encode(kLabelsAt) +
          "&from=" + from;
      TRY(const auto page, read(target));
      std::string_view rest = page.body;
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        TRY_DO(result(rest.substr(0, end)));
        rest.remove_prefix(std::min(rest.size(), end + 1));
      }
      from = page.header("quintet-next");
    }
    return {};
  }

  // As it was decided: without labels, which are told later.
  std::string canonical_result(JsonValue result) const {
    const bool timeless = question_.timeless.contains(result.find("event").text());
    return canonical(result, LeftOut(kOfResult).first(timeless ? 3 : 2));
  }

  void append_labels(std::string& json, JsonValue result) const {
    const JsonValue labels = result.find("labels");
    if (!labels) return;
    const bool timeless = question_.timeless.contains(result.find("event").text());
    json.back() = ',';
    json += "\"labels\":{";
    for (auto label = labels.first(); label; label = label.next()) {
      if (json.back() != '{') json += ',';
      append_json_text(json, label.name());
      json += ':';
      json += canonical(label, LeftOut(kOfTimelessLabel).first(timeless ? 2 : 0));
    }
    json += "}}";
  }

  Expected<void> result(std::string_view text) {
    TRY(const auto document, JsonDocument::parse(text));
    std::string json = canonical_result(document.root());
    const Position position = position_in(document.root());
    TRY_DO(compare_reply(position, without_labels(text, document.root()), json));
    append_labels(json, document.root());
    return out_.add(std::to_string(position), json);
  }

  // `text` lacks its last brace. Replies come in the order of positions, but for those of repeated
  // events.
  Expected<void> compare_reply(Position position, std::string_view text, const std::string& json) {
    while (reply_at_ < position) {
      TRY(const bool any, replies_.next(reply_));
      if (!any) return {};
      TRY(const auto document, JsonDocument::parse(reply_));
      const Position at = position_in(document.root());
      // A reply without a row only acknowledges.
      if (document.root().find("status") && at > reply_at_) reply_at_ = at;
    }
    if (reply_at_ != position) return {};
    if (reply_.size() == text.size() + 1 && reply_.starts_with(text)) return {};
    TRY(const auto document, JsonDocument::parse(reply_));
    if (is_accepted(document.root())) return {};  // it said nothing yet
    const std::string was = canonical_result(document.root());
    if (was == json) return {};
    if (++figures_.replies_differ > 1) return {};
    figures_.reply_position = position;
    figures_.reply_fields = differing(was, json, kShownFields);
    return {};
  }

  Expected<void> views() {
    TRY(const auto list, get("/v1/views"));
    for (auto view = list.root().find("views").first(); view; view = view.next()) {
      TRY_DO(one_view(std::string(view.find("view").text())));
    }
    return {};
  }

  Expected<void> one_view(const std::string& name) {
    out_.begin("view " + name);
    std::string after;
    do {
      const std::string target = "/v1/views/" + percent_encode(name) + "?limit=500" +
                                 (after.empty() ? "" : "&after=" + percent_encode(after));
      TRY(const auto page, get(target));
      for (auto line = page.root().find("lines").first(); line; line = line.next()) {
        static constexpr std::array<std::string_view, 1> kValues = {"values"};
        TRY_DO(out_.add(canonical(line, kValues), canonical(line.find("values"))));
      }
      after = page.root().find("next").text();
    } while (!after.empty());
    return {};
  }

  Expected<void> letters() {
    out_.begin("letter");
    std::uint64_t after = 0, count = 0;
    std::set<Digest> seen;
    for (;;) {
      TRY(const auto page,
          get("/v1/dead-letters?all=true&limit=500&after=" + std::to_string(after)));
      const JsonValue list = page.root().find("dead_letters");
      if (list.size() == 0) return {};
      for (auto head = list.first(); head; head = head.next()) {
        after = static_cast<std::uint64_t>(head.find("number").as_int64().value_or(0));
        TRY(const auto letter, get("/v1/dead-letters/" + std::to_string(after)));
        const std::string json = canonical(letter.root(), kOfLetter);
        if (question_.letters_once && !seen.insert(sha256(json)).second) continue;
        ++count;
        TRY_DO(out_.add(std::to_string(question_.letters_once ? count : after), json));
      }
    }
  }

  Expected<void> models() {
    TRY(const auto list, get("/v1/models"));
    for (auto entry = list.root().find("models").first(); entry; entry = entry.next()) {
      const std::string name(entry.find("model").text());
      const std::string target = "/v1/models/" + percent_encode(name);
      TRY(const auto model, get(target));
      out_.begin("model " + name);
      TRY_DO(out_.add("model", canonical(model.root(), kOfModel)));
      for (auto version = model.root().find("versions").first(); version;
           version = version.next()) {
        const std::string number(version.find("version").text());
        TRY(const auto details, get(target + "/versions/" + number));
        std::string json = canonical(details.root(), kOfVersion);
        json.insert(1, "\"state\":" + canonical(version.find("state")) + ",");
        TRY_DO(out_.add(number, json));
      }
      out_.begin("promotions of " + name);
      for (auto one = model.root().find("promotions").first(); one; one = one.next()) {
        TRY_DO(out_.add(std::to_string(position_in(one)), canonical(one, kOfPromotion)));
      }
    }
    return {};
  }

  SystemClock clock_;
  const RestQuestion& question_;
  DumpWriter& out_;
  RestFigures figures_;
  Answers replies_;
  std::string reply_;
  Position reply_at_ = kNoPosition;
};

}  // namespace

Expected<bool> is_at_rest(const Door& door, Position last) {
  TRY(const auto response, ask(door, "GET", "/v1/views"));
  TRY(const auto document, JsonDocument::parse(response.body));
  return position_in(document.root()) >= last;
}

Expected<RestFigures> dump_at_rest(const RestQuestion& question, const std::string& path) {
  TRY(DumpWriter out, DumpWriter::open(path));
  Rest rest(question, out);
  TRY_DO(rest.perform());
  TRY(rest.figures().dump, out.close());
  return std::move(rest.figures());
}

}  // namespace quintet::tool
