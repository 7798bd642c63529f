#include "store/pg.h"

#include <libpq-fe.h>
#include <poll.h>

#include <cctype>
#include <cerrno>

#include "store/postgres.h"

namespace quintet::store {
namespace {

constexpr Oid kInt8 = 20;
constexpr Oid kBytea = 17;

using Owned = std::unique_ptr<pg_result, void (*)(pg_result*)>;

Owned own(pg_result* result) {
  return {result, PQclear};
}

// libpq's messages end in a newline and are of several lines.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space) {
      out.push_back(c);
    } else if (!out.empty() && out.back() != ' ') {
      out.push_back(' ');
    }
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool begins(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

std::string_view field(const pg_result* result, int which) {
  const char* text = PQresultErrorField(result, which);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

// What a caller can do about an error of the server. Only its first line is taken: the details may
// hold values.
Error error_of(const pg_result* result) {
  const std::string_view state = field(result, PG_DIAG_SQLSTATE);
  const std::string what = "PostgreSQL: " + one_line(field(result, PG_DIAG_MESSAGE_PRIMARY));
  if (state == "23514" && field(result, PG_DIAG_CONSTRAINT_NAME) == "in_charge") {
    return conflict("another program writes to this schema");
  }
  if (state == "53300") return unavailable(what);
  if (begins(state, "53") || begins(state, "54")) return exhausted(what);
  // A connection that ends, a standby, a lock that is held too long, a deadlock, a cancel.
  for (const char* one : {"08", "57", "55P03", "25006", "40"}) {
    if (begins(state, one)) return unavailable(what);
  }
  for (const char* one : {"28", "3D", "3F", "42"}) {
    if (begins(state, one)) return invalid(what);
  }
  return broken(what);
}

std::string name_in(pg_conn* connection, char* (*get)(const pg_conn*)) {
  const char* text = get(connection);
  return text == nullptr ? std::string() : std::string(text);
}

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

// A password with a raw `@`, `/` or `?` would end up in the host's name, and so in messages.
bool is_plain(std::string_view url) {
  const std::size_t begin = url.find("://");
  if (begin == std::string_view::npos) return false;
  const std::string_view rest = url.substr(begin + 3);
  const std::size_t at = rest.find('@');
  if (at == std::string_view::npos) return true;
  return rest.find_first_of("/?") > at && rest.rfind('@', rest.find('?')) == at;
}

Expected<Options> parse_url(const std::string& url) {
  if (!is_plain(url)) {
    return invalid(
        "a store's URL is postgres://USER@HOST:PORT/DATABASE; what is no letter or digit in it is "
        "written as %40 for @, and the password is better left to PGPASSWORD or ~/.pgpass");
  }
  char* said = nullptr;
  Options options(PQconninfoParse(url.c_str(), &said));
  if (said != nullptr) PQfreemem(said);
  if (!options) {
    return invalid(
        "this is no URL of PostgreSQL: write postgres://USER@HOST:PORT/DATABASE, or leave out "
        "what PGUSER, PGHOST, PGPORT and PGDATABASE say");
  }
  return options;
}

// What the user leaves open: a server that is gone is noticed, and a standby is passed over.
constexpr std::pair<const char*, const char*> kDefaults[] = {
    {"connect_timeout", "10"},   {"tcp_user_timeout", "30000"},
    {"keepalives_idle", "30"},   {"keepalives_interval", "10"},
    {"keepalives_count", "3"},   {"target_session_attrs", "read-write"},
    {"client_encoding", "UTF8"},
};

struct Words {
  std::vector<const char*> keys, values;
  void add(const char* key, const char* value) {
    keys.push_back(key);
    values.push_back(value);
  }
};

Words words_of(const PQconninfoOption* options, const PgSettings& settings) {
  Words words;
  for (const auto* one = options; one->keyword != nullptr; ++one) {
    if (one->val != nullptr) words.add(one->keyword, one->val);
  }
  for (const auto& [key, value] : kDefaults) {
    bool given = false;
    for (const auto* one = options; one->keyword != nullptr; ++one) {
      const bool set = one->val != nullptr || (one->envvar != nullptr && getenv(one->envvar));
      given = given || (std::string_view(one->keyword) == key && set);
    }
    if (!given) words.add(key, value);
  }
  words.add("fallback_application_name", settings.name.c_str());
  words.add(nullptr, nullptr);
  return words;
}

Error refused(pg_conn* connection, const Words& words) {
  const std::string what = one_line(PQerrorMessage(connection));
  switch (PQpingParams(words.keys.data(), words.values.data(), 0)) {
    case PQPING_OK: return invalid(what);
    case PQPING_REJECT: return unavailable(what + " (the server is starting or stopping)");
    default: return unavailable(what);
  }
}

}  // namespace

void PgResult::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

int PgResult::rows() const {
  return PQntuples(result_.get());
}

std::int64_t PgResult::i64(int row, int column) const {
  const std::string_view all = bytes(row, column);
  std::uint64_t value = 0;
  for (const char c : all) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

std::string_view PgResult::bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t PgResult::touched() const {
  std::int64_t count = 0;
  for (const char* c = PQcmdTuples(result_.get()); *c != '\0'; ++c) count = count * 10 + (*c - '0');
  return count;
}

void PgSession::Close::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

PgSession::PgSession(PgSession&&) noexcept = default;
PgSession& PgSession::operator=(PgSession&&) noexcept = default;
PgSession::~PgSession() = default;

Expected<PgSession> PgSession::open(const PgSettings& settings) {
  TRY(const Options options, parse_url(settings.url));
  const Words words = words_of(options.get(), settings);
  PgSession session(settings.answer_ms);
  session.connection_.reset(PQconnectdbParams(words.keys.data(), words.values.data(), 0));
  pg_conn* connection = session.connection_.get();
  if (connection == nullptr) return exhausted("no memory for a connection to PostgreSQL");
  if (PQstatus(connection) != CONNECTION_OK) return refused(connection, words);
  // What the server remarks (a schema is there already) is no news.
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  if (PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) != 1) {
    return broken("libpq: " + one_line(PQerrorMessage(connection)));
  }
  return session;
}

void PgSession::queue(std::string_view sql, const PgValues& values) {
  if (lost_ || unsent_) return;
  pg_conn* connection = connection_.get();
  const std::size_t count = values.all().size();
  auto found = prepared_.find(sql);
  if (found == prepared_.end()) {
    std::vector<Oid> types;
    for (const auto& value : values.all()) types.push_back(value.is_number ? kInt8 : kBytea);
    const std::string name = "q" + std::to_string(++names_);
    const std::string text(sql);
    unsent_ = PQsendPrepare(connection, name.c_str(), text.c_str(), static_cast<int>(count),
                            types.data()) != 1;
    if (unsent_) return;
    found = prepared_.emplace(text, name).first;
    sent_.push_back({true, name});
  }
  std::vector<std::array<char, 8>> numbers(count);
  std::vector<const char*> starts(count);
  std::vector<int> lengths(count), formats(count, 1);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& value = values.all()[i];
    for (int byte = 0; byte < 8; ++byte) {
      numbers[i][static_cast<std::size_t>(byte)] =
          static_cast<char>(static_cast<std::uint64_t>(value.number) >> (56 - 8 * byte));
    }
    // A null pointer would be NULL, not empty bytes.
    const char* bytes = value.bytes.empty() ? "" : value.bytes.data();
    starts[i] = value.is_number ? numbers[i].data() : bytes;
    lengths[i] = value.is_number ? 8 : static_cast<int>(value.bytes.size());
  }
  unsent_ = PQsendQueryPrepared(connection, found->second.c_str(), static_cast<int>(count),
                                starts.data(), lengths.data(), formats.data(), 1) != 1;
  if (!unsent_) sent_.push_back({false, found->second});
}

// Until an answer can be taken without waiting. Reads while it writes: the server stops reading
// when nobody takes its answers.
bool PgSession::wait() {
  pg_conn* connection = connection_.get();
  while (true) {
    const int left = PQflush(connection);
    if (left == 0 && PQisBusy(connection) == 0) return true;
    pollfd one{PQsocket(connection), static_cast<short>(left == 1 ? POLLIN | POLLOUT : POLLIN), 0};
    if (one.fd < 0) return false;
    const int ready = ::poll(&one, 1, answer_ms_);
    if (ready == 0) return false;
    if (ready < 0 && errno != EINTR) return false;
    // At the end of the connection what came before it is still to be taken.
    if (PQconsumeInput(connection) == 0) return PQisBusy(connection) == 0;
  }
}

Owned PgSession::next() {
  if (!wait()) return own(nullptr);
  return own(PQgetResult(connection_.get()));
}

Error PgSession::lose(std::string_view why) {
  lost_ = true;
  std::string what = one_line(PQerrorMessage(connection_.get()));
  if (what.empty()) what = why;
  sent_.clear();
  connection_.reset();
  return unavailable("the connection to PostgreSQL is lost: " + what);
}

Expected<std::vector<PgResult>> PgSession::finish() {
  if (lost_) return unavailable("the connection to PostgreSQL is lost");
  if (unsent_ || PQpipelineSync(connection_.get()) != 1) return lose("nothing can be sent");
  auto results = collect();
  if (!lost_ && PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) roll_back();
  return results;
}

Expected<std::vector<PgResult>> PgSession::collect() {
  std::vector<PgResult> results;
  std::optional<Error> failed;
  const std::vector<Sent> sent = std::exchange(sent_, {});
  for (const Sent& one : sent) {
    Owned result = next();
    if (!result) return lose("no answer in time");
    const ExecStatusType status = PQresultStatus(result.get());
    const bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!done && !failed) failed = error_of(result.get());
    if (!done && one.parses) {
      std::erase_if(prepared_, [&](const auto& known) { return known.second == one.name; });
    }
    if (!done && PQstatus(connection_.get()) == CONNECTION_BAD) return lose(failed->message());
    if (done && !one.parses) results.emplace_back(result.release());
    // Each answer ends with nothing.
    if (next() != nullptr || lost_) return lose("an answer that nobody asked for");
  }
  const Owned end = next();
  if (!end || PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC) return lose("no answer in time");
  if (failed) return *std::move(failed);
  return results;
}

void PgSession::roll_back() {
  add("ROLLBACK");
  if (PQpipelineSync(connection_.get()) == 1) (void)collect();
}

Expected<std::vector<PgResult>> PgSession::commit() {
  add("COMMIT");
  return finish();
}

int PgSession::server_version() const {
  return PQserverVersion(connection_.get());
}

std::string PgSession::place() const {
  pg_conn* connection = connection_.get();
  std::string host = name_in(connection, PQhost);
  const std::string port = name_in(connection, PQport);
  const bool socket = !host.empty() && host.front() == '/';
  std::string out = "postgres://" + name_in(connection, PQuser) + "@";
  if (!socket) out += host + ":" + port;
  out += "/" + name_in(connection, PQdb);
  if (socket) out += "?host=" + host;
  return out;
}

Expected<PostgresUrl> split_password(const std::string& url) {
  TRY(const Options options, parse_url(url));
  PostgresUrl parts;
  for (const auto* one = options.get(); one->keyword != nullptr; ++one) {
    const bool password = std::string_view(one->keyword) == "password";
    if (password && one->val != nullptr) parts.password = one->val;
  }
  const std::size_t begin = url.find("://");
  const std::size_t question = std::min(url.find('?'), url.size());
  const std::size_t authority_end = std::min(url.find('/', begin + 3), question);
  std::string authority = url.substr(begin + 3, authority_end - begin - 3);
  const std::size_t at = authority.find('@');
  const std::size_t colon = authority.find(':');
  if (at != std::string::npos && colon < at) authority.erase(colon, at - colon);
  parts.url =
      url.substr(0, begin + 3) + authority + url.substr(authority_end, question - authority_end);
  char separator = '?';
  for (std::size_t from = question; from < url.size();) {
    const std::size_t next = std::min(url.find('&', from + 1), url.size());
    const std::string one = url.substr(from + 1, next - from - 1);
    if (begins(one, "sslpassword=")) {
      return invalid("the store's URL holds sslpassword: leave it to a service file of libpq");
    }
    if (!begins(one, "password=")) parts.url += std::exchange(separator, '&') + one;
    from = next;
  }
  return parts;
}

}  // namespace quintet::store
