// What benches of a running application share: the program as a process, events of the fraud
// application, and connections that send them as single requests.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

#include "bench/figure.h"
#include "host/http_client.h"

namespace quintet::bench {

inline std::string scratch() {
  const char* given = std::getenv("QUINTET_SCRATCH");
  return given == nullptr ? "." : given;
}

inline void good(bool done, const char* what) {
  if (!done) fail(std::string(what) + ": " + std::strerror(errno));
}

inline double now() {
  return seconds_on(CLOCK_MONOTONIC);
}

class Events {
 public:
  std::string next() {
    const std::uint64_t n = ++number_;
    char text[256];
    const std::uint64_t second = n / 20 % 86'400, day = 1 + n / 20 / 86'400 % 28;
    std::snprintf(text, sizeof text,
                  R"({"TRANSACTION_ID":%llu,"TX_DATETIME":"2024-03-%02llu %02llu:%02llu:%02llu",)"
                  R"("CUSTOMER_ID":%llu,"TERMINAL_ID":%llu,"TX_AMOUNT":"%llu.%02llu"})",
                  as(n), as(day), as(second / 3600), as(second / 60 % 60), as(second % 60),
                  as(n * 7919 % 5'000), as(n * 104'729 % 10'000), as(n % 200), as(n % 100));
    return text;
  }

 private:
  static unsigned long long as(std::uint64_t n) { return n; }
  std::uint64_t number_ = 0;
};

// `quintet run` of the fraud application with a directory of its own, and the processes that it
// started.
class Running {
 public:
  // `core`: where it runs; -1: anywhere.
  Running(const std::string& name, int core, const std::vector<std::string>& more = {})
      : directory_(scratch() + "/" + name) {
    std::filesystem::remove_all(directory_);
    int pipe_ends[2];
    good(pipe(pipe_ends) == 0, "pipe");
    const char* given = std::getenv("QUINTET");
    const std::string program = given == nullptr ? "build/quintet" : given;
    std::vector<std::string> words = {"quintet", "--quiet", "--format", "json",   "run",
                                      app(),     "--data",  directory_, "--port", "0"};
    words.insert(words.end(), more.begin(), more.end());
    process_ = fork();
    if (process_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);  // a bench that fails leaves no server behind
      if (core >= 0) pin(core);
      dup2(pipe_ends[1], STDOUT_FILENO);
      const int log = open((directory_ + ".log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(log, STDERR_FILENO);
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execv(program.c_str(), arguments.data());
      _exit(127);
    }
    close(pipe_ends[1]);
    char line[4096] = {};
    good(read(pipe_ends[0], line, sizeof line - 1) > 0, "quintet run says nothing");
    output_ = pipe_ends[0];
    const char* at = std::strstr(line, "127.0.0.1:");
    if (at == nullptr) fail(std::string("no address in ") + line);
    port_ = static_cast<std::uint16_t>(std::atoi(at + 10));
  }
  Running(const Running&) = delete;
  ~Running() {
    stop();
    std::filesystem::remove_all(directory_);
    std::filesystem::remove(directory_ + ".log");
  }
  void stop() {
    if (process_ == 0) return;
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
    process_ = 0;
    close(output_);
  }
  std::uint16_t port() const { return port_; }
  // CPU seconds so far by the name of the process: "run" the one started here, else the service's.
  std::map<std::string, double> cpu_by_name() const {
    std::map<std::string, double> all = {{"run", cpu_of(process_)}};
    const std::string id = std::to_string(process_);
    std::ifstream file("/proc/" + id + "/task/" + id + "/children");
    for (pid_t child = 0; file >> child;) all[name_of(child)] += cpu_of(child);
    return all;
  }
  double cpu() const {
    double sum = 0;
    for (const auto& [name, seconds] : cpu_by_name()) sum += seconds;
    return sum;
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& file : std::filesystem::directory_iterator(directory_)) {
      if (file.is_regular_file()) sum += file.file_size();
    }
    return sum;
  }

 private:
  static std::string app() {
    const char* apps = std::getenv("QUINTET_APPS");
    return std::string(apps == nullptr ? "apps" : apps) + "/fraud/app.yaml";
  }
  static double cpu_of(pid_t process) {
    clockid_t clock{};
    return clock_getcpuclockid(process, &clock) == 0 ? seconds_on(clock) : 0;
  }
  static std::string name_of(pid_t process) {
    std::ifstream file("/proc/" + std::to_string(process) + "/cmdline");
    std::string word;
    for (bool named = false; std::getline(file, word, '\0');) {
      if (named) return word;
      named = word == "service";
    }
    return "?";
  }

  std::string directory_;
  pid_t process_ = 0;
  int output_ = -1;
  std::uint16_t port_ = 0;
};

struct Pace {
  double rate = 0, cpu = 0;  // events a second; server CPU an event, microseconds
};

inline Pace send_lines(const Running& server, Events& events, int lines) {
  std::vector<std::string> pieces(1);
  for (int i = 0; i < lines; ++i) {
    if (pieces.back().size() > 60'000) pieces.emplace_back();
    pieces.back() += events.next() + "\n";
  }
  auto client = host::HttpClient::connect("127.0.0.1", server.port(), kMinute);
  if (!client) fail(client.error().message());
  const double begin = now(), cpu = server.cpu();
  host::ClientRequest request{"POST", "/v1/events", {{"Content-Type", "application/x-ndjson"}}, {}};
  if (!client->start(request)) fail("the server takes no lines");
  std::thread writer([&] {
    for (const std::string& piece : pieces) (void)client->send(piece);
    (void)client->finish();
  });
  const auto head = client->read_head();
  if (!head || head->status != 200) fail("the lines were refused");
  int answers = 0;
  std::string all;
  for (;;) {
    auto piece = client->read_piece();
    if (!piece) fail(piece.error().message());
    if (!*piece) break;
    answers += static_cast<int>(std::count((*piece)->begin(), (*piece)->end(), '\n'));
    if ((*piece)->find("\"error\"") != std::string::npos) fail("a line was refused: " + **piece);
  }
  writer.join();
  if (answers != lines) fail(std::to_string(answers) + " answers to " + std::to_string(lines));
  return {lines / (now() - begin), 1e6 * (server.cpu() - cpu) / lines};
}

class Connection {
 public:
  explicit Connection(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    good(connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0, "connect");
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Connection(const Connection&) = delete;
  ~Connection() { close(socket_); }

  int socket_number() const { return socket_; }
  bool busy() const { return since_ > 0; }

  void send(const std::string& event, double since) {
    const std::string request =
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(event.size()) + "\r\n\r\n" + event;
    good(::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(request.size()),
         "send");
    since_ = since;
  }

  // Takes what is there; the status of the answer when that ends it, else 0. `micros`: how long it
  // took since the event arrived.
  int take(double& micros) {
    char bytes[8192];
    const ssize_t got = recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
    good(got > 0, "the server ended a connection");
    in_.append(bytes, static_cast<std::size_t>(got));
    const std::size_t head = in_.find("\r\n\r\n");
    if (head == std::string::npos) return 0;
    const std::size_t length = in_.find("Content-Length: ");
    if (!in_.starts_with("HTTP/1.1 ") || length > head) fail("answered: " + in_);
    if (in_.size() < head + 4 + std::strtoul(in_.c_str() + length + 16, nullptr, 10)) return 0;
    const int status = std::atoi(in_.c_str() + 9);
    micros = 1e6 * (now() - since_);
    since_ = 0;
    in_.clear();
    return status;
  }

 private:
  int socket_;
  double since_ = 0;  // when the event arrived; 0: idle
  std::string in_;
};

}  // namespace quintet::bench
