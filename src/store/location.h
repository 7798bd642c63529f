// Where the store of a data directory lies: in it, on SQLite, or in a schema of a PostgreSQL
// server, which a file `store` in the directory then names. The vault and all working files are in
// the directory in any case. The file holds no password.
#pragma once

#include <string>

#include "base/expected.h"

namespace quintet::store {

struct Location {
  std::string url;     // postgres://..., without a password; empty: in the directory
  std::string schema;  // see schema_of() of store/postgres.h
  std::string owner;   // as "card-fraud" or "card-fraud/ingest"

  bool on_server() const { return !url.empty(); }
  friend bool operator==(const Location&, const Location&) = default;
};

// Of an application at this URL, or of one of its services. `schema`: the name of the
// application's, to which a service adds its own; empty: quintet_APP.
Location location_at(const std::string& url, const std::string& schema,
                     const std::string& application, const std::string& service = {});
// `broken` if the file is not understood.
Expected<Location> location_of(const std::string& directory);
// "directory DIR", or the server and the schema; for a person.
std::string describe(const std::string& directory, const Location& location);

// Makes the store at the location, if there is none, and writes the directory's file, which is made
// as well; nothing for one in the directory. `conflict` if the directory's log lies elsewhere.
Expected<void> settle(const std::string& directory, const Location& location);
// Whether a store was made in the directory or for it.
bool has_store(const std::string& directory);

}  // namespace quintet::store
