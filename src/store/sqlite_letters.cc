// Dead letters: one row each.
#include "store/sqlite_store.h"

namespace quintet::store {

using stage::DeadLetter;

namespace {

constexpr const char* kSelect =
    "SELECT number, at, event_type, id, code, field, message, format, bytes, replayed, discarded "
    "FROM dead_letters ";

std::string select(std::string_view rest) {
  std::string sql = kSelect;
  sql.append(rest);
  return sql;
}

DeadLetter letter_of(const Run& row) {
  DeadLetter letter;
  letter.number = row.u64(0);
  letter.at = row.i64(1);
  letter.event_type = row.text(2);
  letter.id = row.text(3);
  letter.code = row.text(4);
  letter.field = row.text(5);
  letter.message = row.text(6);
  letter.format = row.text(7);
  letter.bytes = row.text(8);
  letter.replayed = row.u64(9);
  letter.discarded = row.i64(10) != 0;
  return letter;
}

}  // namespace

Expected<void> SqliteStore::add_letters(std::vector<DeadLetter>& letters) {
  for (DeadLetter& letter : letters) {
    TRY_DO(statements_.add_letter
               .with(letter.at, std::string_view(letter.event_type), std::string_view(letter.id),
                     std::string_view(letter.code), std::string_view(letter.field),
                     std::string_view(letter.message), std::string_view(letter.format),
                     Blob{letter.bytes})
               .finish());
    letter.number = static_cast<std::uint64_t>(write_.last_row());
  }
  return {};
}

Expected<void> SqliteStore::replay_letters(const std::vector<stage::Commit::Replayed>& replayed) {
  for (const auto& [number, position] : replayed) {
    TRY_DO(statements_.replay_letter.with(number, position).finish());
    if (write_.changed() == 1) continue;
    TRY_DO(find_letter(write_, number));
    return conflict("dead letter " + std::to_string(number) + " was replayed or discarded before");
  }
  return {};
}

Expected<DeadLetter> SqliteStore::find_letter(Database& database, std::uint64_t number) {
  TRY(Statement statement, database.prepare(select("WHERE number = ?1")));
  Run run = statement.with(number);
  TRY(const bool any, run.next());
  if (!any) return not_found("there is no dead letter " + std::to_string(number));
  return letter_of(run);
}

Expected<DeadLetter> SqliteStore::dead_letter(std::uint64_t number) {
  const std::lock_guard lock(read_.mutex);
  return find_letter(read_.database, number);
}

Expected<std::vector<DeadLetter>> SqliteStore::dead_letters(const DeadLetterQuery& query) {
  const std::lock_guard lock(read_.mutex);
  TRY(Statement statement,
      read_.database.prepare(
          select("WHERE number > ?1 AND (?2 = '' OR code = ?2) AND "
                 "(NOT ?3 OR (replayed = 0 AND NOT discarded)) ORDER BY number LIMIT ?4")));
  Run run = statement.with(query.after, std::string_view(query.code), query.open_only ? 1 : 0,
                           static_cast<std::int64_t>(query.limit));
  std::vector<DeadLetter> out;
  while (true) {
    TRY(const bool more, run.next());
    if (!more) return out;
    out.push_back(letter_of(run));
  }
}

Expected<void> SqliteStore::discard(std::uint64_t number) {
  return transact([&]() -> Expected<void> {
    TRY(const DeadLetter letter, find_letter(write_, number));
    if (letter.replayed != kNoPosition) {
      return conflict("dead letter " + std::to_string(number) + " was replayed at position " +
                      std::to_string(letter.replayed));
    }
    TRY(Statement statement,
        write_.prepare("UPDATE dead_letters SET discarded = 1 WHERE number = ?1"));
    return statement.with(number).finish();
  });
}

}  // namespace quintet::store
