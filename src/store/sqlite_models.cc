// The model registry: versions, and aliases that point to them.
#include "store/sqlite_store.h"

namespace quintet::store {

using stage::ModelVersion;

namespace {

ModelVersion version_of(const Run& row) {
  ModelVersion out;
  out.model = row.text(0);
  out.version = static_cast<std::uint32_t>(row.i64(1));
  out.digest = row.text(2);
  out.state = static_cast<stage::ModelState>(row.i64(3));
  out.created_at = row.i64(4);
  out.metrics = row.text(5);
  out.card = row.text(6);
  out.bytes = row.text(7);
  return out;
}

}  // namespace

Expected<std::uint32_t> SqliteStore::add_model(ModelVersion model) {
  TRY_DO(transact([&]() -> Expected<void> {
    {
      Run run = statements_.next_version.with(std::string_view(model.model));
      TRY_DO(run.next());
      model.version = static_cast<std::uint32_t>(run.i64(0));
    }
    return statements_.add_model
        .with(std::string_view(model.model), model.version, std::string_view(model.digest),
              static_cast<int>(model.state), model.created_at, std::string_view(model.metrics),
              std::string_view(model.card), Blob{model.bytes})
        .finish();
  }));
  return model.version;
}

Expected<std::vector<ModelVersion>> SqliteStore::models(bool with_bytes) {
  const std::lock_guard lock(read_.mutex);
  TRY(Statement statement,
      read_.database.prepare("SELECT model, version, digest, state, created_at, metrics, card, "
                             "CASE WHEN ?1 THEN bytes ELSE '' END FROM models "
                             "ORDER BY model, version"));
  Run run = statement.with(with_bytes ? 1 : 0);
  std::vector<ModelVersion> out;
  while (true) {
    TRY(const bool more, run.next());
    if (!more) return out;
    out.push_back(version_of(run));
  }
}

Expected<ModelVersion> SqliteStore::model(std::string_view name, std::uint32_t version) {
  const std::lock_guard lock(read_.mutex);
  TRY(Statement statement,
      read_.database.prepare("SELECT model, version, digest, state, created_at, metrics, card, "
                             "bytes FROM models WHERE model = ?1 AND version = ?2"));
  Run run = statement.with(name, version);
  TRY(const bool any, run.next());
  if (!any) {
    return not_found("model " + std::string(name) + " has no version " + std::to_string(version));
  }
  return version_of(run);
}

Expected<void> SqliteStore::set_alias(std::string_view model, std::string_view alias,
                                      std::uint32_t version) {
  return transact([&]() -> Expected<void> {
    TRY_DO(statements_.set_alias.with(model, alias, version).finish());
    if (write_.changed() == 1) return {};
    return not_found("model " + std::string(model) + " has no version " + std::to_string(version));
  });
}

Expected<std::vector<SqliteStore::Alias>> SqliteStore::aliases() {
  const std::lock_guard lock(read_.mutex);
  TRY(Statement statement,
      read_.database.prepare("SELECT model, alias, version FROM aliases ORDER BY model, alias"));
  Run run = statement.with();
  std::vector<Alias> out;
  while (true) {
    TRY(const bool more, run.next());
    if (!more) return out;
    out.push_back({run.text(0), run.text(1), static_cast<std::uint32_t>(run.i64(2))});
  }
}

}  // namespace quintet::store
