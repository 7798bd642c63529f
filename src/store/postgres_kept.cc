// The model registry and the dead letters.
#include "store/postgres_store.h"

namespace quintet::store {
namespace {

using stage::DeadLetter;
using stage::ModelVersion;

ModelVersion version_of(const PgResult& rows, int row) {
  ModelVersion out;
  out.model = rows.text(row, 0);
  out.version = static_cast<std::uint32_t>(rows.i64(row, 1));
  out.digest = rows.text(row, 2);
  out.state = static_cast<stage::ModelState>(rows.i64(row, 3));
  out.created_at = rows.i64(row, 4);
  out.metrics = rows.text(row, 5);
  out.card = rows.text(row, 6);
  out.bytes = rows.text(row, 7);
  return out;
}

Error no_version(std::string_view model, std::uint32_t version) {
  return not_found("model " + std::string(model) + " has no version " + std::to_string(version));
}

DeadLetter letter_of(const PgResult& rows, int row) {
  DeadLetter letter;
  letter.number = rows.u64(row, 0);
  letter.at = rows.i64(row, 1);
  letter.event_type = rows.text(row, 2);
  letter.id = rows.text(row, 3);
  letter.code = rows.text(row, 4);
  letter.field = rows.text(row, 5);
  letter.message = rows.text(row, 6);
  letter.format = rows.text(row, 7);
  letter.bytes = rows.text(row, 8);
  letter.replayed = rows.u64(row, 9);
  letter.discarded = rows.i64(row, 10) != 0;
  return letter;
}

constexpr std::string_view kOneLetter =
    "SELECT number, at, event_type, id, code, field, message, format, bytes, replayed, discarded "
    "FROM dead_letters WHERE number = $1";

}  // namespace

Expected<std::uint32_t> PostgresStore::add_model(ModelVersion model) {
  TRY(const auto results, transact(std::nullopt, low_, [&](PgSession& session) {
        session.add(
            "INSERT INTO models SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5, $6, $7 "
            "FROM models WHERE model = $1 RETURNING version",
            std::string_view(model.model), std::string_view(model.digest),
            static_cast<int>(model.state), model.created_at, std::string_view(model.metrics),
            std::string_view(model.card), std::string_view(model.bytes));
      }));
  return static_cast<std::uint32_t>(results[1].i64(0, 0));
}

Expected<std::vector<ModelVersion>> PostgresStore::models(bool with_bytes) {
  return read_.run([&](PgSession& session) -> Expected<std::vector<ModelVersion>> {
    TRY(const PgResult rows,
        session.query("SELECT model, version, digest, state, created_at, metrics, card, "
                      "CASE WHEN $1 = 1 THEN bytes ELSE ''::bytea END FROM models "
                      "ORDER BY model, version",
                      with_bytes ? 1 : 0));
    std::vector<ModelVersion> out;
    for (int row = 0; row < rows.rows(); ++row) out.push_back(version_of(rows, row));
    return out;
  });
}

Expected<ModelVersion> PostgresStore::model(std::string_view name, std::uint32_t version) {
  return read_.run([&](PgSession& session) -> Expected<ModelVersion> {
    TRY(const PgResult rows,
        session.query("SELECT model, version, digest, state, created_at, metrics, card, bytes "
                      "FROM models WHERE model = $1 AND version = $2",
                      name, version));
    if (rows.rows() == 0) return no_version(name, version);
    return version_of(rows, 0);
  });
}

Expected<void> PostgresStore::set_alias(std::string_view model, std::string_view alias,
                                        std::uint32_t version) {
  TRY(const auto results, transact(std::nullopt, low_, [&](PgSession& session) {
        session.add(
            "INSERT INTO aliases SELECT $1, $2, version FROM models WHERE model = $1 AND "
            "version = $3 ON CONFLICT (model, alias) DO UPDATE SET version = EXCLUDED.version",
            model, alias, version);
      }));
  if (results[1].touched() == 0) return no_version(model, version);
  return {};
}

Expected<std::vector<PostgresStore::Alias>> PostgresStore::aliases() {
  return read_.run([](PgSession& session) -> Expected<std::vector<Alias>> {
    TRY(const PgResult rows,
        session.query("SELECT model, alias, version FROM aliases ORDER BY model, alias"));
    std::vector<Alias> out;
    for (int row = 0; row < rows.rows(); ++row) {
      out.push_back(
          {rows.text(row, 0), rows.text(row, 1), static_cast<std::uint32_t>(rows.i64(row, 2))});
    }
    return out;
  });
}

Expected<std::vector<DeadLetter>> PostgresStore::dead_letters(const DeadLetterQuery& query) {
  return read_.run([&](PgSession& session) -> Expected<std::vector<DeadLetter>> {
    TRY(const PgResult rows,
        session.query("SELECT number, at, event_type, id, code, field, message, format, bytes, "
                      "replayed, discarded FROM dead_letters WHERE number > $1 AND "
                      "($2 = ''::bytea OR code = $2) AND "
                      "($3 = 0 OR (replayed = 0 AND discarded = 0)) ORDER BY number LIMIT $4",
                      query.after, std::string_view(query.code), query.open_only ? 1 : 0,
                      static_cast<std::uint64_t>(query.limit)));
    std::vector<DeadLetter> out;
    for (int row = 0; row < rows.rows(); ++row) out.push_back(letter_of(rows, row));
    return out;
  });
}

Expected<DeadLetter> PostgresStore::dead_letter(std::uint64_t number) {
  return read_.run([&](PgSession& session) -> Expected<DeadLetter> {
    TRY(const PgResult rows, session.query(kOneLetter, number));
    if (rows.rows() == 0) return not_found("there is no dead letter " + std::to_string(number));
    return letter_of(rows, 0);
  });
}

Expected<void> PostgresStore::discard(std::uint64_t number) {
  TRY(const PgResult rows, ask(kOneLetter, number));
  if (rows.rows() == 0) return not_found("there is no dead letter " + std::to_string(number));
  const DeadLetter letter = letter_of(rows, 0);
  if (letter.replayed != kNoPosition) {
    return conflict("dead letter " + std::to_string(number) + " was replayed at position " +
                    std::to_string(letter.replayed));
  }
  TRY_DO(transact(std::nullopt, low_, [&](PgSession& session) {
    session.add("UPDATE dead_letters SET discarded = 1 WHERE number = $1", number);
  }));
  return {};
}

}  // namespace quintet::store
