#include "store/postgres_fixture.h"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "store/pg.h"

namespace quintet::store {
namespace {

namespace fs = std::filesystem;

constexpr auto kPatience = std::chrono::seconds(120);
constexpr int kLookAgainMs = 20;

// Where Debian has the programs of the server; the newest of them.
std::string find_programs() {
  std::string found;
  std::error_code none;
  for (const auto& one : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const std::string path = one.path().string() + "/bin";
    if (fs::exists(path + "/postgres") && path > found) found = path;
  }
  return found;
}

// The server refuses to run as root.
const passwd* other_user() {
  if (::geteuid() != 0) return nullptr;
  const passwd* user = ::getpwnam("postgres");
  return user != nullptr ? user : ::getpwnam("nobody");
}

pid_t spawn(const std::vector<std::string>& command, const std::string& directory) {
  const passwd* user = other_user();
  const pid_t parent = ::getpid();
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  const bool other =
      user == nullptr ||
      (::setgroups(0, nullptr) == 0 && ::setgid(user->pw_gid) == 0 && ::setuid(user->pw_uid) == 0);
  // Ends with this program, however that ends.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (!other || ::getppid() != parent || ::chdir(directory.c_str()) != 0) ::_exit(1);
  const std::string output = directory + "/output";
  if (::freopen(output.c_str(), "a", stderr) == nullptr || ::dup2(2, 1) != 1) ::_exit(1);
  ::execv(words[0], words.data());
  ::_exit(1);
}

}  // namespace

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer() {
  const std::string programs = find_programs();
  EXPECT_FALSE(programs.empty())
      << "there is no PostgreSQL server: install the package postgresql-15 (deps/test.txt)";
  if (programs.empty()) return;
  // A socket's path may have 107 bytes at most.
  std::string pattern = (fs::temp_directory_path() / "quintet-pg-XXXXXX").string();
  if (pattern.size() > 60) pattern = "/tmp/quintet-pg-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return;
  directory_ = pattern;
  if (const passwd* user = other_user()) {
    EXPECT_EQ(::chown(directory_.c_str(), user->pw_uid, user->pw_gid), 0);
  }
  const pid_t making =
      spawn({programs + "/initdb", "--pgdata=" + directory_ + "/data", "--username=quintet",
             "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"},
            directory_);
  int status = -1;
  ::waitpid(making, &status, 0);
  EXPECT_EQ(status, 0) << "initdb failed";
  if (status != 0) return;
  url_ = "postgres://quintet@/postgres?host=" + directory_;
  start();
}

PostgresServer::~PostgresServer() {
  stop(SIGQUIT);
  std::error_code ignored;
  if (!directory_.empty()) fs::remove_all(directory_, ignored);
}

void PostgresServer::start() {
  std::vector<std::string> command = {find_programs() + "/postgres", "-D", directory_ + "/data"};
  for (const std::string& one :
       {std::string("listen_addresses="), "unix_socket_directories=" + directory_,
        std::string("shared_buffers=16MB")}) {
    command.insert(command.end(), {"-c", one});
  }
  process_ = spawn(command, directory_);
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!accepts()) {
    ASSERT_LT(std::chrono::steady_clock::now(), until) << "the PostgreSQL server does not start";
    ::poll(nullptr, 0, kLookAgainMs);
  }
}

void PostgresServer::stop(int signal) {
  if (process_ <= 0) return;
  ::kill(process_, signal);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

bool PostgresServer::accepts() {
  return PgSession::open({url_, "test"}).has_value();
}

void PostgresServer::crash() {
  stop(SIGQUIT);
  start();
}

void PostgresServer::set(const std::string& name, const std::string& value) {
  std::ofstream(directory_ + "/data/postgresql.auto.conf") << name << " = " << value << "\n";
  ::kill(process_, SIGHUP);
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (ask("SELECT current_setting('" + name + "')") != value) {
    ASSERT_LT(std::chrono::steady_clock::now(), until) << name << " does not change";
    ::poll(nullptr, 0, kLookAgainMs);
  }
}

PostgresOptions PostgresServer::options(const std::string& owner) {
  PostgresOptions options;
  options.url = url_;
  options.schema = "test_" + std::to_string(++schemas_);
  options.owner = owner;
  return options;
}

void PostgresServer::run(const std::string& sql, const std::string& schema) {
  auto session = PgSession::open({url_, "test"});
  ASSERT_TRUE(session) << session.error().message();
  session->add("SET search_path = \"" + schema + "\"");
  session->add(sql);
  const auto done = session->finish();
  ASSERT_TRUE(done) << sql << ": " << done.error().message();
}

std::string PostgresServer::ask(const std::string& sql, const std::string& schema) {
  auto session = PgSession::open({url_, "test"});
  if (!session) return session.error().message();
  session->add("SET search_path = \"" + schema + "\"");
  session->add("SELECT (" + sql + ")::text");
  const auto done = session->finish();
  return done ? done->back().text(0, 0) : done.error().message();
}

}  // namespace quintet::store
