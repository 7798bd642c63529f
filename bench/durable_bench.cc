// rooms: host
// libraries: pthread
//
// Durable ingestion of `quintet run` (the fraud application without a model), over HTTP. Single
// events arrive at a fixed mean rate whether or not earlier ones were answered, and a time counts
// from the arrival; the floor is a bare group committer with the same arrivals and bytes: take
// what has arrived, write it into a preallocated file, fdatasync. Then lines of NDJSON in one
// request, beside one fdatasync an event. Server and floor run on core 0, arrivals on core 1.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

#include "bench/figure.h"
#include "host/http_client.h"

namespace {

using namespace quintet;
using namespace quintet::bench;

constexpr double kRate = 1'000;  // arrivals a second
constexpr int kArrivals = 2'500, kRounds = 9, kConnections = 64;
constexpr int kLines = 30'000, kSingles = 500;

std::string scratch() {
  const char* given = std::getenv("QUINTET_SCRATCH");
  return given == nullptr ? "." : given;
}

void good(bool done, const char* what) {
  if (!done) fail(std::string(what) + ": " + std::strerror(errno));
}

double now() {
  return seconds_on(CLOCK_MONOTONIC);
}

// Seconds from the beginning, the same in each call.
std::vector<double> arrivals() {
  std::mt19937 random(5);
  std::exponential_distribution<double> pause(kRate);
  std::vector<double> times(kArrivals);
  double at = 0;
  for (double& time : times) time = at += pause(random);
  return times;
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

// `quintet run` on core 0 with a directory of its own.
class Server {
 public:
  Server() : directory_(scratch() + "/durable") {
    std::filesystem::remove_all(directory_);
    int pipe_ends[2];
    good(pipe(pipe_ends) == 0, "pipe");
    const char* program = std::getenv("QUINTET");
    process_ = fork();
    if (process_ == 0) {
      pin(0);
      dup2(pipe_ends[1], STDOUT_FILENO);
      execl(program == nullptr ? "build/quintet" : program, "quintet", "--quiet", "--format",
            "json", "run", app().c_str(), "--data", directory_.c_str(), "--port", "0", nullptr);
      _exit(127);
    }
    close(pipe_ends[1]);
    char line[4096] = {};
    good(read(pipe_ends[0], line, sizeof line - 1) > 0, "quintet run says nothing");
    const char* at = std::strstr(line, "127.0.0.1:");
    if (at == nullptr) fail(std::string("no address in ") + line);
    port_ = static_cast<std::uint16_t>(std::atoi(at + 10));
    good(clock_getcpuclockid(process_, &clock_) == 0, "the server's CPU clock");
  }
  ~Server() {
    stop();
    std::filesystem::remove_all(directory_);
  }
  void stop() {
    if (process_ == 0) return;
    kill(process_, SIGTERM);
    waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  std::uint16_t port() const { return port_; }
  double cpu() const { return seconds_on(clock_); }
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
  std::string directory_;
  pid_t process_ = 0;
  std::uint16_t port_ = 0;
  clockid_t clock_{};
};

// --- lines ------------------------------------------------------------------------------------

struct Pace {
  double rate = 0, cpu = 0;  // events a second; server CPU an event, microseconds
};

Pace send_lines(const Server& server, Events& events, int lines) {
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

void write_all(int file, const std::string& bytes) {
  good(write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
}

double one_sync_an_event(std::size_t bytes) {
  const std::string path = scratch() + "/single.tmp", event(bytes, 'x');
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
  const double begin = now();
  for (int i = 0; i < kSingles; ++i) {
    write_all(file, event);
    good(fdatasync(file) == 0, "fdatasync");
  }
  const double rate = kSingles / (now() - begin);
  close(file);
  unlink(path.c_str());
  return rate;
}

// --- arrivals ---------------------------------------------------------------------------------

struct Times {
  double p50 = 0, p99 = 0, cpu = 0;  // microseconds
};

Times times_of(std::vector<double>& micros) {
  return {quantile(micros, .5), quantile(micros, .99), 0};
}

void sleep_until(double when) {
  timespec at{};
  at.tv_sec = static_cast<time_t>(when);
  at.tv_nsec = static_cast<long>(1e9 * (when - static_cast<double>(at.tv_sec)));
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
}

Times bare_committer(std::size_t bytes) {
  const std::string path = scratch() + "/bare.tmp", event(bytes, 'x');
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  // Written, not only reserved: else each first write changes metadata.
  const std::string zeros(bytes * kArrivals, '\0');
  write_all(file, zeros);
  good(fsync(file) == 0 && lseek(file, 0, SEEK_SET) == 0, "preallocation");
  std::mutex mutex;
  std::condition_variable ready;
  std::vector<double> arrived, micros;
  std::thread committer([&] {
    pin(0);
    while (micros.size() < kArrivals) {
      std::vector<double> taken;
      {
        std::unique_lock lock(mutex);
        ready.wait(lock, [&] { return !arrived.empty(); });
        taken.swap(arrived);
      }
      std::string group;
      for (std::size_t i = 0; i < taken.size(); ++i) group += event;
      write_all(file, group);
      good(fdatasync(file) == 0, "fdatasync");
      const double end = now();
      for (const double from : taken) micros.push_back(1e6 * (end - from));
    }
  });
  const double begin = now() + .01;
  for (const double at : arrivals()) {
    sleep_until(begin + at);
    {
      const std::lock_guard lock(mutex);
      arrived.push_back(begin + at);
    }
    ready.notify_one();
  }
  committer.join();
  close(file);
  unlink(path.c_str());
  return times_of(micros);
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

  // Takes what is there; true when that ends the answer.
  bool take(std::vector<double>& micros) {
    char bytes[8192];
    const ssize_t got = recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
    good(got > 0, "the server ended a connection");
    in_.append(bytes, static_cast<std::size_t>(got));
    const std::size_t head = in_.find("\r\n\r\n");
    if (head == std::string::npos) return false;
    const std::size_t length = in_.find("Content-Length: ");
    if (!in_.starts_with("HTTP/1.1 200") || length > head) fail("answered: " + in_);
    if (in_.size() < head + 4 + std::strtoul(in_.c_str() + length + 16, nullptr, 10)) return false;
    micros.push_back(1e6 * (now() - since_));
    since_ = 0;
    in_.clear();
    return true;
  }

 private:
  int socket_;
  double since_ = 0;  // when the event arrived; 0: idle
  std::string in_;
};

Times single_events(const Server& server, Events& events) {
  std::vector<std::unique_ptr<Connection>> connections;
  std::vector<pollfd> waits;
  std::vector<std::size_t> idle;
  for (std::size_t i = 0; i < kConnections; ++i) {
    connections.push_back(std::make_unique<Connection>(server.port()));
    waits.push_back({connections[i]->socket_number(), POLLIN, 0});
    idle.push_back(i);
  }
  const std::vector<double> due = arrivals();
  std::vector<double> micros;
  std::size_t next = 0;
  const double cpu = server.cpu(), begin = now() + .01;
  while (micros.size() < kArrivals) {
    for (; next < due.size() && !idle.empty() && begin + due[next] <= now(); ++next) {
      connections[idle.back()]->send(events.next(), begin + due[next]);
      idle.pop_back();
    }
    const bool waits_for_time = next < due.size() && !idle.empty();
    const double pause = waits_for_time ? std::max(0.0, begin + due[next] - now()) : 1;
    const timespec most{
        static_cast<time_t>(pause),
        static_cast<long>(1e9 * (pause - static_cast<double>(static_cast<time_t>(pause))))};
    if (ppoll(waits.data(), waits.size(), &most, nullptr) <= 0) continue;
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if ((waits[i].revents & POLLIN) != 0 && connections[i]->take(micros)) idle.push_back(i);
    }
  }
  Times times = times_of(micros);
  times.cpu = 1e6 * (server.cpu() - cpu) / kArrivals;
  return times;
}

// Of a database that was closed: what an event takes in it.
std::size_t bytes_per_event(Events& events) {
  Server server;
  (void)send_lines(server, events, kLines);
  server.stop();
  return static_cast<std::size_t>(server.bytes() / kLines);
}

}  // namespace

int main() {
  prctl(PR_SET_TIMERSLACK, 1);
  pin(1);
  Events events;
  const std::size_t bytes = bytes_per_event(events);
  std::printf("an event takes %zu bytes in the store, and so in both floors\n", bytes);
  Server server;
  (void)send_lines(server, events, kLines);
  Figure p50("durable event at 1,000 arrivals/s, p50", "us", "bare group committer",
             {{"ours/floor", "at_most", 1.3}});
  Figure p99("durable event at 1,000 arrivals/s, p99", "us", "bare group committer",
             {{"ours/floor", "at_most", 1.5}});
  Figure cpu("durable event at 1,000 arrivals/s, server CPU an event", "us", "");
  Figure lines("durable events as NDJSON", "events/s", "one fdatasync an event",
               {{"ours/floor", "at_least", 40}});
  Figure lines_cpu("durable events as NDJSON, server CPU an event", "us", "");
  for (int round = 0; round < kRounds; ++round) {
    const Times a = bare_committer(bytes), b = single_events(server, events);
    const Times c = single_events(server, events), d = bare_committer(bytes);
    p50.add({a.p50, {b.p50, c.p50}, d.p50});
    p99.add({a.p99, {b.p99, c.p99}, d.p99});
    cpu.add({0, {b.cpu, c.cpu}, 0});
    const double first = one_sync_an_event(bytes);
    const Pace e = send_lines(server, events, kLines), f = send_lines(server, events, kLines);
    lines.add({first, {e.rate, f.rate}, one_sync_an_event(bytes)});
    lines_cpu.add({0, {e.cpu, f.cpu}, 0});
  }
  for (const Figure* figure : {&p50, &p99, &cpu, &lines, &lines_cpu}) figure->print();
  return 0;
}
