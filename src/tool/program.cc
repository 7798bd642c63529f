#include "tool/program.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/decimal.h"
#include "base/json_in.h"

namespace quintet::tool {

namespace {

constexpr Micros kPause = kSecond / 50;      // between two looks at a process that shall end
constexpr Micros kEndGrace = 120 * kSecond;  // then it is killed
constexpr std::size_t kLastBytes = 2000;
constexpr std::size_t kReadyBytes = 65'536;
constexpr int kFirstPort = 20'000, kEndOfPorts = 30'000, kLeastPorts = 1000;

void close_end(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

// Between fork and exec only what a signal handler might do.
[[noreturn]] void become(char* const* words, int output, int log, pid_t parent) {
  ::setpgid(0, 0);  // Ctrl-C at a terminal is for the parent, which ends it in order
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ}) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execvp(words[0], words);
  ::_exit(127);
}

Error ended_early(const std::string& words) {
  return unavailable("it ended before it was ready" + (words.empty() ? "" : ":\n" + words));
}

}  // namespace

Program::Program(std::vector<std::string> command, std::string log)
    : command_(std::move(command)), log_(std::move(log)) {}

Program::~Program() {
  kill(false, 0);
  const std::lock_guard lock(mutex_);
  reap(true);
  close_end(output_);
}

Expected<std::string> Program::start() {
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return unavailable("it is not started any more");
    check(id_ < 0, "a program is started while it runs");
    close_end(output_);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return unavailable("no pipe for " + command_.front());
    int log = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    std::vector<char*> words;
    for (std::string& word : command_) words.push_back(word.data());
    words.push_back(nullptr);
    const pid_t parent = ::getpid();
    id_ = log < 0 ? -1 : ::fork();
    if (id_ == 0) become(words.data(), ends[1], log, parent);
    const int failed = errno;
    close_end(ends[1]);
    close_end(log);
    output_ = ends[0];
    if (id_ < 0) return unavailable(command_.front() + ": " + std::strerror(failed));
  }
  TRY(const std::string line, read_ready_line());
  const auto document = JsonDocument::parse(line);
  const std::string url(document ? document->root().find("url").text() : std::string_view());
  if (url.empty()) return unavailable("what it printed names no URL: " + line.substr(0, 200));
  return url;
}

// Not locked: it may last, and only this thread changes `output_`.
Expected<std::string> Program::read_ready_line() {
  std::string line;
  char byte = 0;
  while (line.size() < kReadyBytes) {
    const ssize_t got = ::read(output_, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const std::lock_guard lock(mutex_);
      if (id_ > 0) ::kill(id_, SIGKILL);  // one that closed its output and goes on
      reap(true);
      return ended_early(last_words());
    }
    if (byte == '\n') return line;
    line += byte;
  }
  return unavailable("it printed no line");
}

int Program::reap(bool wait) {
  while (id_ > 0) {
    int status = 0;
    const pid_t ended = ::waitpid(id_, &status, wait ? 0 : WNOHANG);
    if (ended < 0 && errno == EINTR) continue;
    if (ended == 0) return -1;
    status_ = ended < 0 ? 0 : status;
    id_ = killed_ = -1;
  }
  return status_;
}

bool Program::runs() {
  const std::lock_guard lock(mutex_);
  reap(false);
  return id_ > 0;
}

bool Program::kill(bool child, std::uint64_t choice) {
  const std::lock_guard lock(mutex_);
  if (id_ <= 0) return false;
  const auto children = child ? children_of(id_) : std::vector<pid_t>();
  const pid_t chosen = children.empty() ? id_ : children[choice % children.size()];
  // It may take a while to die, and its number is its own until it is reaped.
  if (chosen == killed_ || ::kill(chosen, SIGKILL) != 0) return false;
  killed_ = chosen;
  return true;
}

Expected<void> Program::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (id_ > 0) ::kill(id_, SIGTERM);
  }
  const Micros begun = SystemClock().steady();
  for (;; std::this_thread::sleep_for(std::chrono::microseconds(kPause))) {
    // Two threads may wait for its end, so nobody keeps the lock.
    const std::lock_guard lock(mutex_);
    const int status = reap(false);
    if (id_ < 0) {
      close_end(output_);
      if (status == 0) return {};
      const std::string how = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                                  : "status " + std::to_string(WEXITSTATUS(status));
      return broken("it ended with " + how + ":\n" + last_words());
    }
    if (SystemClock().steady() - begun > kEndGrace) ::kill(id_, SIGKILL);
  }
}

void Program::end() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  (void)stop();
}

std::string Program::last_words() const {
  std::ifstream file(log_, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<std::size_t>(file.tellg());
  file.seekg(static_cast<std::streamoff>(size - std::min(size, kLastBytes)));
  std::string text(std::min(size, kLastBytes), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (size > kLastBytes) text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const auto number = parse_int64(entry.path().filename().string());
    if (!number) continue;
    std::ifstream file(entry.path() / "stat");
    std::string text;
    std::getline(file, text);
    // The program's name stands in brackets and may hold anything: what follows its end counts.
    const std::size_t close = text.rfind(')');
    if (close == text.npos) continue;
    if (text.compare(close, 3, ") Z") == 0) continue;
    std::size_t at = close + 4;  // ") S PPID"
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (at >= end) continue;
    const auto of = parse_int64(std::string_view(text).substr(at, end - at));
    if (of && *of == parent) found.push_back(static_cast<pid_t>(*number));
  }
  std::sort(found.begin(), found.end());
  return found;
}

Expected<int> free_port() {
  int end = kEndOfPorts;
  std::ifstream range("/proc/sys/net/ipv4/ip_local_port_range");
  if (int first = 0; range >> first) end = std::min(end, first);
  const int begin = std::min(kFirstPort, end - kLeastPorts);
  for (int step = 0; step < end - begin; ++step) {
    // Programs that look at the same time begin at places of their own.
    const int port = begin + (::getpid() * 37 + step) % (end - begin);
    int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) break;
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close_end(socket);
    if (free) return port;
  }
  return unavailable("no port is free between " + std::to_string(begin) + " and " +
                     std::to_string(end));
}

}  // namespace quintet::tool
