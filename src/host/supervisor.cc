#include "host/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

extern char** environ;

namespace quintet::host {

struct Supervisor::Child {
  Program program;
  pid_t id = -1;   // until it is reaped: nobody else can have its number
  int input = -1;  // the end that it lives by
  std::uint64_t life = 0;
  bool ready = false;  // in this life
  bool ever = false;   // in any
  Micros pause = 0;    // before the next life
  std::thread reader;
  std::unique_ptr<Timer> again;
};

namespace {

void close_end(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

std::string told(int status) {
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "status " + std::to_string(WEXITSTATUS(status));
}

// A child gets the signals' own meanings back, and a group of its own: Ctrl-C at a terminal is for
// this process, which ends its children in order.
Expected<pid_t> spawn_program(const std::vector<std::string>& command, int input, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, own;
  sigemptyset(&none);
  sigemptyset(&own);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ}) sigaddset(&own, number);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &own);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t id = -1;
  const int failed =
      ::posix_spawn(&id, words.front(), &actions, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return unavailable(command.front() + ": " + std::strerror(failed));
  return id;
}

// Calls back with each line until the other end is closed.
void read_lines(int descriptor, const std::function<void(std::string)>& on_line) {
  std::FILE* const file = ::fdopen(descriptor, "rb");
  char* line = nullptr;
  std::size_t room = 0;
  for (ssize_t size = 0; (size = ::getline(&line, &room, file)) > 0;) {
    std::string text(line, static_cast<std::size_t>(size));
    if (text.ends_with('\n')) text.pop_back();
    on_line(std::move(text));
  }
  std::free(line);
  std::fclose(file);
}

// It stays to be reaped, so its number stays its own.
void wait_for_end(pid_t id) {
  siginfo_t info;
  while (::waitid(P_PID, static_cast<id_t>(id), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
}

}  // namespace

Supervisor::Supervisor(Loop& loop, Logger& log, Settings settings)
    : loop_(loop), log_(log), settings_(std::move(settings)) {
  for (const Program& program : settings_.programs) {
    children_.push_back(std::make_unique<Child>());
    children_.back()->program = program;
  }
}

Supervisor::~Supervisor() {
  alive_.reset();
  for (const auto& child : children_) {
    if (child->id > 0) ::kill(child->id, SIGKILL);
    close_end(child->input);
    if (child->reader.joinable()) child->reader.join();
    if (child->id > 0) ::waitpid(child->id, nullptr, 0);
  }
}

Expected<void> Supervisor::start() {
  for (const auto& child : children_) TRY_DO(spawn(*child));
  return {};
}

Expected<void> Supervisor::spawn(Child& child) {
  int input[2], output[2];
  if (::pipe2(input, O_CLOEXEC) != 0) return unavailable("no pipe for " + child.program.name);
  if (::pipe2(output, O_CLOEXEC) != 0) {
    close_end(input[0]);
    close_end(input[1]);
    return unavailable("no pipe for " + child.program.name);
  }
  auto id = spawn_program(child.program.command, input[0], output[1]);
  close_end(input[0]);
  close_end(output[1]);
  if (!id) {
    close_end(input[1]);
    close_end(output[0]);
    return std::move(id).error().during(child.program.name);
  }
  child.id = *id;
  child.input = input[1];
  child.ready = false;
  const std::uint64_t life = ++child.life;
  const auto to_loop = [this, alive = std::weak_ptr<int>(alive_)](std::function<void()> job) {
    loop_.post([alive, job = std::move(job)] {
      if (!alive.expired()) job();
    });
  };
  child.reader = std::thread([this, &child, life, id = *id, from = output[0], to_loop] {
    read_lines(from, [&](std::string line) {
      to_loop([this, &child, life, line = std::move(line)] { said(child, life, line); });
    });
    wait_for_end(id);
    to_loop([this, &child, life] { ended(child, life); });
  });
  return {};
}

void Supervisor::said(Child& child, std::uint64_t life, const std::string& line) {
  if (life != child.life || child.ready) return;
  child.ready = child.ever = true;
  if (settings_.on_ready) settings_.on_ready(child.program.name, line);
}

void Supervisor::ended(Child& child, std::uint64_t life) {
  if (life != child.life || child.id < 0) return;
  child.reader.join();
  int status = 0;
  ::waitpid(child.id, &status, 0);
  child.id = -1;
  close_end(child.input);
  if (stopping_) return end_next();
  if (failed_) return;
  if (!child.ever) {
    failed_ = true;
    settings_.on_failure(
        unavailable(child.program.name + " ended before it was ready, with " + told(status)));
    return;
  }
  if (child.ready) child.pause = 0;
  log_.warn("a process ended and is started again",
            {{"process", child.program.name}, {"end", told(status)}});
  const Micros pause = child.pause;
  child.pause = std::min(std::max(kFirstPause, 2 * pause), kLongestPause);
  child.again = loop_.after(pause, [this, &child] {
    if (stopping_ || failed_) return;
    if (const auto started = spawn(child); !started) {
      failed_ = true;
      settings_.on_failure(started.error());
    }
  });
}

void Supervisor::stop(std::function<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  end_next();
}

void Supervisor::end_next() {
  grace_ = nullptr;
  const auto last = std::find_if(children_.rbegin(), children_.rend(),
                                 [](const auto& child) { return child->id > 0; });
  if (last == children_.rend()) {
    if (stopped_) loop_.post([done = std::exchange(stopped_, nullptr)] { done(); });
    return;
  }
  Child& child = **last;
  ::kill(child.id, SIGTERM);
  grace_ = loop_.after(kEndGrace, [this, &child] {
    log_.error("a process did not end in time and is killed", {{"process", child.program.name}});
    if (child.id > 0) ::kill(child.id, SIGKILL);
  });
}

void Supervisor::change(const std::string& name, std::vector<std::string> command) {
  for (const auto& child : children_) {
    if (child->program.name == name) child->program.command = std::move(command);
  }
}

int Supervisor::process_id(const std::string& name) const {
  for (const auto& child : children_) {
    if (child->program.name == name) return child->id;
  }
  return -1;
}

bool Supervisor::all_ready() const {
  return std::all_of(children_.begin(), children_.end(),
                     [](const auto& child) { return child->ready; });
}

Expected<std::string> own_program() {
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return unavailable("this program does not find itself: " + failed.message());
  return self.string();
}

}  // namespace quintet::host
