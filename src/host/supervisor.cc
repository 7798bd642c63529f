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
  std::function<void(Expected<void>)> added;  // of add(), until it is known
  std::function<void()> removed;              // of remove()
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
Expected<pid_t> spawn_program(const Supervisor::Program& program, int input, int output) {
  const std::vector<std::string>& command = program.command;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (program.descriptor >= 0) {
    posix_spawn_file_actions_adddup2(&actions, program.descriptor, kGivenDescriptor);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, own;
  sigemptyset(&none);
  sigemptyset(&own);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGUSR2})
    sigaddset(&own, number);
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
  for (auto& old : leaving_) children_.push_back(std::move(old));
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
  auto id = spawn_program(child.program, input[0], output[1]);
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
  if (const auto added = std::exchange(child.added, nullptr)) added({});
  const bool renewed = &child == renewed_;
  if (settings_.on_ready) settings_.on_ready(child.program.name, line);
  if (!renewed) return;
  for (const auto& old : leaving_) close_end(old->input);
  renewed_ = nullptr;
  restart_next();
}

void Supervisor::ended(Child& child, std::uint64_t life) {
  if (life != child.life) {  // an earlier one, which overlapped
    const auto old = std::find_if(leaving_.begin(), leaving_.end(), [&](const auto& one) {
      return one->life == life && one->program.name == child.program.name;
    });
    if (old == leaving_.end()) return;
    (*old)->reader.join();
    ::waitpid((*old)->id, nullptr, 0);
    close_end((*old)->input);
    leaving_.erase(old);
    return;
  }
  if (child.id < 0) return;
  child.reader.join();
  int status = 0;
  ::waitpid(child.id, &status, 0);
  child.id = -1;
  close_end(child.input);
  if (stopping_) return end_next();
  if (failed_) return;
  if (const auto removed = std::exchange(child.removed, nullptr)) {
    grace_ = nullptr;
    forget(child);
    return removed();
  }
  if (!child.ever) {
    Error why =
        unavailable(child.program.name + " ended before it was ready, with " + told(status));
    if (const auto added = std::exchange(child.added, nullptr)) {
      forget(child);
      return added(std::move(why));
    }
    failed_ = true;
    return settings_.on_failure(why);
  }
  if (child.ready) child.pause = 0;
  if (&child == renewed_ && child.ready) {
    grace_ = nullptr;
    log_.info("a process ended and is started anew", {{"process", child.program.name}});
  } else {
    log_.warn("a process ended and is started again",
              {{"process", child.program.name}, {"end", told(status)}});
  }
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

void Supervisor::add(Program program, const std::string& behind,
                     std::function<void(Expected<void>)> done) {
  const auto place = std::find_if(children_.begin(), children_.end(),
                                  [&](const auto& child) { return child->program.name == behind; });
  check(place != children_.end(), "there is a child to come behind");
  Child& child = **children_.insert(place + 1, std::make_unique<Child>());
  child.program = std::move(program);
  if (auto started = spawn(child); !started) {
    forget(child);
    return done(std::move(started));
  }
  child.added = std::move(done);
}

void Supervisor::remove(const std::string& name, std::function<void()> done) {
  Child* const child = find(name);
  check(child != nullptr && !restarting(), "a child is removed that there is, and no other way");
  if (child->id > 0) {
    child->removed = std::move(done);
    return ask_to_end(*child);
  }
  forget(*child);  // between two lives
  done();
}

void Supervisor::set_command(const std::string& name, std::vector<std::string> command) {
  if (Child* const child = find(name)) child->program.command = std::move(command);
}

Supervisor::Child* Supervisor::find(const std::string& name) const {
  for (const auto& child : children_) {
    if (child->program.name == name) return child.get();
  }
  return nullptr;
}

// One that does not run.
void Supervisor::forget(const Child& child) {
  std::erase_if(children_, [&](const auto& one) { return one.get() == &child; });
}

void Supervisor::stop(std::function<void()> done) {
  stopping_ = true;
  for (const auto& old : leaving_) close_end(old->input);
  stopped_ = std::move(done);
  end_next();
}

void Supervisor::restart(std::function<void()> done) {
  if (stopping_ || failed_ || restarted_) return;
  restarted_ = std::move(done);
  for (const auto& child : children_) old_.push_back(child.get());
  restart_next();
}

void Supervisor::restart_next() {
  if (stopping_ || failed_) return;
  if (old_.empty()) return std::exchange(restarted_, nullptr)();
  Child& child = *old_.front();
  old_.pop_front();
  renewed_ = &child;
  if (!child.ready) return;  // it has begun a new life already
  if (!child.program.overlaps) {
    return ask_to_end(child);
  }
  auto old = std::make_unique<Child>();
  old->program = child.program;
  old->id = std::exchange(child.id, -1);
  old->input = std::exchange(child.input, -1);
  old->life = child.life;
  old->reader = std::move(child.reader);
  leaving_.push_back(std::move(old));
  if (const auto started = spawn(child); !started) {
    failed_ = true;
    settings_.on_failure(started.error());
  }
}

// Kills what does not end in time.
void Supervisor::ask_to_end(Child& child) {
  ::kill(child.id, SIGTERM);
  grace_ = loop_.after(kEndGrace, [this, &child] {
    log_.error("a process did not end in time and is killed", {{"process", child.program.name}});
    if (child.id > 0) ::kill(child.id, SIGKILL);
  });
}

void Supervisor::end_next() {
  grace_ = nullptr;
  const auto last = std::find_if(children_.rbegin(), children_.rend(),
                                 [](const auto& child) { return child->id > 0; });
  if (last == children_.rend()) {
    if (stopped_) loop_.post([done = std::exchange(stopped_, nullptr)] { done(); });
    return;
  }
  ask_to_end(**last);
}

int Supervisor::process_id(const std::string& name) const {
  const Child* const child = find(name);
  return child == nullptr ? -1 : child->id;
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
