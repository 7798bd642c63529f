#include <cstdio>

#include "base/clock.h"
#include "base/json_in.h"
#include "base/json_out.h"
#include "cli/commands.h"
#include "stage/render_labels.h"
#include "tool/door.h"
#include "tool/labels.h"
#include "tool/stored.h"

namespace quintet::cli {

namespace {

constexpr std::uint64_t kPage = 1000;

// Prints results, or adds them to a digest.
class Listing {
 public:
  explicit Listing(const ResultsOptions& options) : options_(options) {}

  // False when there are enough.
  bool take(std::string_view json) {
    ++count_;
    if (options_.digest) {
      digest_.add(json);
    } else {
      std::fwrite(json.data(), 1, json.size(), stdout);
      std::fputc('\n', stdout);
    }
    return options_.limit == 0 || count_ < options_.limit;
  }
  bool none() const { return count_ == 0; }
  std::uint64_t wanted() const {
    return options_.limit == 0 ? kPage : std::min(kPage, options_.limit - count_);
  }
  void finish(const Common& common) {
    if (!options_.digest) return;
    const std::string digest = digest_.finish();
    if (common.json) {
      std::printf("{\"results\":%llu,\"digest\":\"%s\"}\n", static_cast<unsigned long long>(count_),
                  digest.c_str());
    } else {
      std::printf("%s  %llu results\n", digest.c_str(), static_cast<unsigned long long>(count_));
    }
  }

 private:
  const ResultsOptions& options_;
  tool::ResultsDigest digest_;
  std::uint64_t count_ = 0;
};

Expected<void> from_door(const tool::Door& door, const ResultsOptions& options, Listing& listing) {
  std::string filter;
  if (!options.event.empty()) filter += "&event=" + tool::percent_encode(options.event);
  if (!options.decision.empty()) filter += "&decision=" + tool::percent_encode(options.decision);
  if (!options.id.empty()) {
    std::string target = "/v1/results/" + tool::percent_encode(options.id);
    if (!options.event.empty()) target += "?" + filter.substr(1);
    TRY(const auto response, tool::ask(door, "GET", target));
    (void)listing.take(response.body);
    return {};
  }
  std::string from = std::to_string(options.from);
  while (!from.empty()) {
    TRY(const auto page, tool::ask(door, "GET",
                                   "/v1/results?format=ndjson&from=" + from +
                                       "&limit=" + std::to_string(listing.wanted()) + filter));
    std::string_view rest = page.body;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      if (!listing.take(rest.substr(0, end))) return {};
      rest.remove_prefix(std::min(rest.size(), end == rest.npos ? end : end + 1));
    }
    from = page.header("quintet-next");
  }
  return {};
}

// What a filter asks of a result that is JSON already.
Expected<bool> fits(const ResultsOptions& options, Position position, const std::string& json) {
  if (options.id.empty() && options.event.empty() && options.decision.empty()) return true;
  if (options.id.starts_with('@')) return "@" + std::to_string(position) == options.id;
  TRY(const auto document, JsonDocument::parse(json));
  const JsonValue result = document.root();
  if (!options.id.empty() && result.find("id").text() != options.id) return false;
  if (!options.event.empty() && result.find("event").text() != options.event) return false;
  if (options.decision.empty()) return true;
  const std::size_t colon = options.decision.find(':');
  const JsonValue decision = result.find("decisions").find(options.decision.substr(0, colon));
  return decision && decision.find("value").text() == options.decision.substr(colon + 1);
}

Expected<std::shared_ptr<const app::Spec>> spec_in(const std::string& directory) {
  TRY(const auto log, tool::StoredLog::open(directory));
  return log->spec();
}

// Those of an id, with what has become known of their labels.
Expected<void> by_id(tool::StoredLog& log, const ResultsOptions& options, Listing& listing) {
  std::vector<std::pair<Position, std::string>> found;
  TRY_DO(log.results(options.from, tool::StoredLog::Trace::shown,
                     [&](Position position, const std::string& json) -> Expected<void> {
                       TRY(const bool wanted, fits(options, position, json));
                       if (wanted) found.emplace_back(position, json);
                       return {};
                     }));
  if (found.empty()) return not_found("there is no result of " + options.id);
  for (auto& [position, json] : found) {
    TRY(const auto document, JsonDocument::parse(json));
    const bool erased = document.root().find("status").text() == "erased";
    if (!options.digest && !erased) {
      TRY(const std::string labels, tool::labels_of(log, position, SystemClock().wall()));
      stage::put_labels(json, labels);
    }
    if (!listing.take(json)) break;
  }
  return {};
}

Expected<void> from_data(const ResultsOptions& options, Listing& listing) {
  TRY(const auto log, tool::StoredLog::open(options.source.data));
  if (!options.id.empty()) return by_id(*log, options, listing);
  bool enough = false;
  auto read = log->results(options.from, tool::StoredLog::Trace::shown,
                           [&](Position position, const std::string& json) -> Expected<void> {
                             TRY(const bool wanted, fits(options, position, json));
                             if (!wanted) return {};
                             enough = !listing.take(json);
                             if (enough) return expired("enough");
                             return {};
                           });
  return enough ? Expected<void>() : read;
}

// Why there may be nothing: what the application decides is among what it is.
void say_none(const Common& common, const ResultsOptions& options) {
  if (common.quiet || common.json || options.digest) return;
  std::fprintf(stderr, "there are no such results\n");
  if (options.decision.empty()) return;
  const auto spec = options.source.url.empty()
                        ? spec_in(options.source.data)
                        : tool::application_of(door_of(options.source.url, options.source.access));
  if (!spec) return;
  for (const app::RowPlan& plan : (*spec)->rows) {
    for (const app::Decision& decision : plan.decisions) {
      std::fprintf(stderr, "the application decides:");
      for (const app::Case& one : decision.cases) {
        std::fprintf(stderr, " %s:%s", decision.name.c_str(), one.then.c_str());
      }
      std::fprintf(stderr, "\n");
    }
  }
}

}  // namespace

int results_command(const Common& common, const ResultsOptions& options) {
  if (options.source.url.empty() == options.source.data.empty()) {
    report(common, invalid("say where: either a URL or --data DIR"));
    return kUsage;
  }
  if (!options.decision.empty() && options.decision.find(':') == std::string::npos) {
    report(common, invalid("write NAME:VALUE, as verdict:block").at("--decision"));
    return kUsage;
  }
  Listing listing(options);
  const auto read =
      options.source.url.empty()
          ? from_data(options, listing)
          : from_door(door_of(options.source.url, options.source.access), options, listing);
  if (!read) return report(common, read.error());
  if (listing.none()) say_none(common, options);
  listing.finish(common);
  return kOk;
}

}  // namespace quintet::cli
