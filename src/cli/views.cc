#include <cstdio>

#include "cli/commands.h"
#include "tool/door.h"

namespace quintet::cli {

namespace {

// "KEY=VALUE" and the like as parts of a query.
Expected<std::string> query_of(const ViewsOptions& options) {
  std::string query;
  const auto add = [&](std::string_view name, std::string_view value) {
    query += "&" + tool::percent_encode(name) + "=" + tool::percent_encode(value);
  };
  if (!options.from.empty()) add("from", options.from);
  if (!options.to.empty()) add("to", options.to);
  for (const std::string& filter : options.where) {
    const std::size_t at = filter.find('=');
    if (at == std::string::npos || at == 0) {
      return invalid("write KEY=VALUE, as shop=s1").at("--where");
    }
    add(filter.substr(0, at), filter.substr(at + 1));
  }
  return query;
}

// Pages until the end: CSV with one header line, or JSON, a page a line.
Expected<void> print_view(const tool::Door& door, const Common& common,
                          const ViewsOptions& options) {
  TRY(std::string query, query_of(options));
  query = "/v1/views/" + tool::percent_encode(options.name) +
          "?format=" + (common.json ? "json" : "csv") + query;
  std::string after;
  do {
    const bool first = after.empty();
    TRY(const auto page, tool::ask(door, "GET", query + (first ? "" : "&after=" + after)));
    std::string_view body = page.body;
    if (!common.json && !first) body.remove_prefix(std::min(body.find('\n') + 1, body.size()));
    std::fwrite(body.data(), 1, body.size(), stdout);
    if (common.json) std::fputc('\n', stdout);
    after = page.header("quintet-next");
  } while (!after.empty());
  return {};
}

}  // namespace

int views_command(const Common& common, const ViewsOptions& options) {
  if (options.url.empty()) {
    report(common, invalid("say where: the URL of a running application"));
    return kUsage;
  }
  const tool::Door door = door_of(options.url, options.access);
  if (!options.name.empty()) {
    const auto printed = print_view(door, common, options);
    return printed ? kOk : report(common, printed.error());
  }
  const auto list = tool::ask(door, "GET", "/v1/views");
  if (!list) return report(common, list.error());
  std::printf("%s\n", list->body.c_str());
  return kOk;
}

}  // namespace quintet::cli
