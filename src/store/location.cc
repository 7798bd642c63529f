#include "store/location.h"

#include <sys/stat.h>

#include "store/lock.h"
#include "store/postgres.h"

namespace quintet::store {
namespace {

constexpr std::string_view kFile = "/store";
constexpr std::string_view kUrl = "url ", kSchema = "schema ", kOwner = "owner ";

bool exists(const std::string& path) {
  struct stat there {};
  return ::stat(path.c_str(), &there) == 0;
}

}  // namespace

Location location_at(const std::string& url, const std::string& schema,
                     const std::string& application, const std::string& service) {
  if (url.empty()) return {};
  const std::string owner = service.empty() ? application : application + "/" + service;
  return {url, schema.empty() ? schema_of(application, service) : named_schema(schema, service),
          owner};
}

PostgresOptions options_of(const Location& location) {
  PostgresOptions options;
  options.url = location.url;
  options.schema = location.schema;
  options.owner = location.owner;
  return options;
}

Expected<Location> location_of(const std::string& directory) {
  const std::string path = directory + std::string(kFile);
  if (!exists(path)) return Location();
  TRY(const std::string text, read_small_file(path));
  Location out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (line.starts_with(kUrl)) out.url = line.substr(kUrl.size());
    if (line.starts_with(kSchema)) out.schema = line.substr(kSchema.size());
    if (line.starts_with(kOwner)) out.owner = line.substr(kOwner.size());
    at = end + 1;
  }
  if (out.url.empty() || out.schema.empty()) {
    return broken(path +
                  " does not say where the store is: it has the lines `url postgres://...`, "
                  "`schema NAME` and `owner APPLICATION`");
  }
  return out;
}

std::string describe(const std::string& directory, const Location& location) {
  if (!location.on_server()) return "directory " + directory;
  return location.url + ", schema " + location.schema;
}

Expected<void> settle(const std::string& directory, const Location& location) {
  if (!location.on_server()) return {};
  if (exists(directory + "/quintet.db")) {
    return conflict(directory +
                    " holds a log on SQLite: give the one on PostgreSQL another --data");
  }
  TRY(const Location known, location_of(directory));
  if (known == location) return {};
  if (known.on_server()) {
    return conflict("the log of " + directory + " lies at " + describe(directory, known) +
                    ", not at " + describe(directory, location) +
                    ": give it another --data, or, if its server has moved, say so in " +
                    directory + std::string(kFile));
  }
  TRY_DO(make_directory(directory, 0700));
  TRY_DO(open_postgres(options_of(location)));
  return replace_file(directory + std::string(kFile),
                      std::string(kUrl) + location.url + "\n" + std::string(kSchema) +
                          location.schema + "\n" + std::string(kOwner) + location.owner + "\n");
}

bool has_store(const std::string& directory) {
  return exists(directory + "/quintet.db") || exists(directory + std::string(kFile));
}

}  // namespace quintet::store
