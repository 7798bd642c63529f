#include <cstdio>

#include "base/decimal.h"
#include "base/json_in.h"
#include "base/json_out.h"
#include "cli/commands.h"
#include "host/api_dead_letters.h"
#include "host/letters.h"
#include "tool/door.h"
#include "tool/stored.h"

namespace quintet::cli {

namespace {

constexpr std::size_t kPage = 1000;

// Numbers count from 1.
std::optional<std::uint64_t> number_of(const LettersOptions& options) {
  const auto number = parse_int64(options.number);
  if (!number || *number <= 0) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

void print_row(const Common& common, const JsonValue& letter) {
  if (common.json) {
    std::printf("%s\n", std::string(letter.source()).c_str());
    return;
  }
  const auto text = [&](const char* name) { return std::string(letter.find(name).text()); };
  std::printf("%5s  %s  %-9s %s %s: %s%s%s\n", text("number").c_str(), text("at").c_str(),
              text("state").c_str(), text("event").c_str(), text("code").c_str(),
              text("field").c_str(), text("field").empty() ? "" : ": ", text("message").c_str());
}

void print_whole(const Common& common, const std::string& json) {
  const auto document = JsonDocument::parse(json);
  if (common.json || !document) {
    std::printf("%s\n", json.c_str());
    return;
  }
  print_row(common, document->root());
  std::printf("%s\n", std::string(document->root().find("body").text()).c_str());
}

void say_none(const Common& common) {
  if (!common.json && !common.quiet) std::fprintf(stderr, "there are no dead letters\n");
}

Expected<void> list_door(const Common& common, const tool::Door& door,
                         const LettersOptions& options) {
  std::string after = "0";
  bool any = false;
  while (!after.empty()) {
    std::string target = "/v1/dead-letters?limit=" + std::to_string(kPage) + "&after=" + after;
    if (!options.code.empty()) target += "&code=" + tool::percent_encode(options.code);
    if (options.all) target += "&all=true";
    TRY(const auto response, tool::ask(door, "GET", target));
    TRY(const auto document, JsonDocument::parse(response.body));
    const JsonValue page = document.root();
    for (auto l = page.find("dead_letters").first(); l; l = l.next()) {
      print_row(common, l);
      any = true;
    }
    after = page.find("next").text();
  }
  if (!any) say_none(common);
  return {};
}

// A replay's answer is a result, shown as `quintet results` shows it.
void say_done(const Common& common, const LettersOptions& options, const std::string& answer) {
  if (common.json || options.action == "replay") {
    std::printf("%s\n", answer.c_str());
  } else {
    std::printf("dead letter %s is discarded\n", options.number.c_str());
  }
}

Expected<void> at_door(const Common& common, const tool::Door& door,
                       const LettersOptions& options) {
  if (options.action == "list") return list_door(common, door, options);
  const std::string target = "/v1/dead-letters/" + options.number;
  if (options.action == "show") {
    TRY(const auto response, tool::ask(door, "GET", target));
    print_whole(common, response.body);
    return {};
  }
  std::string body;
  if (!options.event_file.empty()) {
    TRY(body, read_file(options.event_file == "-" ? "/dev/stdin" : options.event_file));
  }
  TRY(const auto response, tool::ask(door, "POST", target + "/" + options.action, std::move(body)));
  say_done(common, options, response.body);
  return {};
}

Expected<void> list_data(const Common& common, stage::Store& store, const LettersOptions& options) {
  stage::Store::DeadLetterQuery query;
  query.code = options.code;
  query.open_only = !options.all;
  query.limit = kPage;
  for (;;) {
    TRY(const auto letters, store.dead_letters(query));
    for (const stage::DeadLetter& letter : letters) {
      std::string text;
      JsonWriter json(text);
      host::write_letter(json, letter, nullptr);
      TRY(const auto document, JsonDocument::parse(text));
      print_row(common, document.root());
    }
    if (letters.empty() && query.after == 0) say_none(common);
    if (letters.size() < kPage) return {};
    query.after = letters.back().number;
  }
}

Expected<void> in_data(const Common& common, const LettersOptions& options) {
  TRY(const auto log, tool::StoredLog::open(options.source.data));
  if (options.action == "list") return list_data(common, log->registry(), options);
  if (options.action == "replay") {
    return invalid("a replay is a new event: it needs the running application, by its URL");
  }
  if (options.action == "discard") {
    TRY_DO(log->registry().discard(*number_of(options)));
    say_done(common, options, "{\"discarded\":true}");
    return {};
  }
  TRY(stage::DeadLetter letter, log->registry().dead_letter(*number_of(options)));
  TRY_DO(host::open_letter(log->vault(), letter));
  std::string text;
  JsonWriter json(text);
  host::write_letter(json, letter, &letter.bytes);
  print_whole(common, text);
  return {};
}

}  // namespace

int dead_letters_command(const Common& common, const LettersOptions& options) {
  if (options.source.url.empty() == options.source.data.empty()) {
    report(common, invalid("say where: either a URL or --data DIR"));
    return kUsage;
  }
  if (options.action != "list" && options.action != "show" && options.action != "replay" &&
      options.action != "discard") {
    report(common, invalid("\"" + options.action + "\" is neither list, show, replay nor discard"));
    return kUsage;
  }
  if (options.action != "list" && !number_of(options)) {
    report(common, invalid("say which dead letter, by its number: " + options.action + " 1"));
    return kUsage;
  }
  const auto done =
      options.source.url.empty()
          ? in_data(common, options)
          : at_door(common, door_of(options.source.url, options.source.access), options);
  return done ? kOk : report(common, done.error());
}

}  // namespace quintet::cli
