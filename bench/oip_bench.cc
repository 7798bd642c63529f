// rooms: host learn
//
// A prediction over HTTP against a bare echo of the same request on the same server: one row of 30
// inputs through 100 trees of depth 6, as JSON of the Open Inference Protocol. One client thread on
// the same machine; echo and prediction alternate (ABBA) in each round. Prints the median over the
// rounds, with least and most, and the ratios. `door_bench serve` keeps the server for a load
// generator.
#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <future>
#include <random>

#include "base/check.h"
#include "host/http_client.h"
#include "host/http_server.h"
#include "host/oip.h"
#include "learn/forest.h"

namespace {

using namespace quintet;
using namespace quintet::host;

constexpr std::size_t kColumns = 30;
constexpr int kTrees = 100, kDepth = 6, kRounds = 9, kRequests = 3'000, kConnections = 16;

std::shared_ptr<const learn::Forest> make_forest() {
  std::mt19937 random(7);
  learn::Trees trees;
  trees.objective = "binary:logistic";
  trees.link = learn::Link::logistic;
  trees.binary = true;
  trees.n_features = kColumns;
  for (std::size_t i = 0; i < kColumns; ++i) trees.features.push_back("f" + std::to_string(i));
  trees.base = {0};
  for (int t = 0; t < kTrees; ++t) {
    learn::Tree tree;
    const int inner = (1 << kDepth) - 1;
    for (int i = 0; i < 2 * inner + 1; ++i) {
      learn::TreeNode node;
      node.value = static_cast<float>(random() % 1000) * 1e-3F - 0.5F;
      if (i < inner) {
        node.left = 2 * i + 1;
        node.right = 2 * i + 2;
        node.feature = static_cast<std::uint32_t>(random() % kColumns);
      }
      tree.nodes.push_back(node);
    }
    trees.trees.push_back(std::move(tree));
  }
  return learn::Forest::make(std::move(trees));
}

class ForestModel final : public ServedModel {
 public:
  ForestModel() : forest_(make_forest()) {
    signature_ = {"forest", "1", "quintet_forest", forest_->features(), {{"probability", 1}}};
  }
  const OipSignature& signature() const override { return signature_; }
  Expected<void> predict(const RowMatrix& in, std::vector<float>& out) const override {
    out.resize(in.rows * forest_->n_outputs());
    forest_->score_rows(in.values, out);
    return {};
  }

 private:
  std::shared_ptr<const learn::Forest> forest_;
  OipSignature signature_;
};

class OneForest final : public Predictor {
 public:
  bool ready() const override { return true; }
  std::vector<std::shared_ptr<const ServedModel>> models() const override { return {model_}; }
  std::vector<std::string> versions(std::string_view) const override { return {"1"}; }
  Expected<std::shared_ptr<const ServedModel>> find(std::string_view,
                                                    std::string_view) const override {
    return model_;
  }

 private:
  std::shared_ptr<const ServedModel> model_ = std::make_shared<ForestModel>();
};

double seconds_on(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Server {
  Server() {
    add_oip_routes(router, predictor);
    router.add({"POST", "/echo", Scope::read, make_handler([](const HttpRequest& request) {
                  return json_response(200, std::string(request.body));
                })});
    auto made = HttpServer::start(loop, router, {}, metrics, log);
    check(made.has_value(), "the server cannot start");
    server = std::move(*made);
    loop.start("door");
    std::promise<void> known;
    loop.post([&] {
      pthread_getcpuclockid(pthread_self(), &cpu_clock);
      known.set_value();
    });
    known.get_future().wait();
  }
  ~Server() {
    std::promise<void> gone;
    loop.post([&] {
      server.reset();
      gone.set_value();
    });
    gone.get_future().wait();
  }

  SystemClock clock;
  Logger log{clock, LogLevel::warn};
  Metrics metrics;
  OneForest predictor;
  Router router;
  Loop loop;
  std::unique_ptr<HttpServer> server;
  clockid_t cpu_clock{};
};

// What one of the two costs: microseconds, but requests a second for rate.
struct Cost {
  double p50 = 0, p99 = 0, cpu = 0, rate = 0;
};

std::string request_bytes(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Reads one answer; its size is known from the first one, as all are equal.
void read_answer(HttpClient& client, std::size_t size) {
  for (std::size_t got = 0; got < size;) {
    auto bytes = client.read_bytes();
    check(bytes && *bytes, "the server ended the connection");
    got += (*bytes)->size();
  }
}

Cost measure(const Server& server, std::vector<HttpClient>& clients, const std::string& request) {
  HttpClient& first = clients.front();
  (void)first.send_bytes(request);
  auto answer = first.read_bytes();
  check(answer && *answer && (**answer).starts_with("HTTP/1.1 200"), "the server refuses");
  const std::size_t size = (**answer).size();
  std::vector<double> times;
  for (int i = 0; i < kRequests; ++i) {
    const double from = seconds_on(CLOCK_MONOTONIC);
    (void)first.send_bytes(request);
    read_answer(first, size);
    times.push_back(1e6 * (seconds_on(CLOCK_MONOTONIC) - from));
  }
  std::sort(times.begin(), times.end());
  Cost cost;
  cost.p50 = times[times.size() / 2];
  cost.p99 = times[times.size() * 99 / 100];
  const double from = seconds_on(CLOCK_MONOTONIC), cpu = seconds_on(server.cpu_clock);
  constexpr int kTurns = 2 * kRequests / kConnections;
  for (int i = 0; i < kTurns; ++i) {
    for (HttpClient& client : clients) (void)client.send_bytes(request);
    for (HttpClient& client : clients) read_answer(client, size);
  }
  cost.rate = kTurns * kConnections / (seconds_on(CLOCK_MONOTONIC) - from);
  cost.cpu = 1e6 * (seconds_on(server.cpu_clock) - cpu) / (kTurns * kConnections);
  return cost;
}

struct Summary {
  double least, median, most;
};

Summary summary_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values.front(), values[values.size() / 2], values.back()};
}

void print(const char* name, const std::vector<Cost>& costs, double Cost::*what) {
  std::vector<double> values;
  for (const Cost& cost : costs) values.push_back(cost.*what);
  const Summary summary = summary_of(values);
  std::printf("%-28s %10.1f (%.1f .. %.1f)\n", name, summary.median, summary.least, summary.most);
}

void print_ratio(const char* name, const std::vector<Cost>& ours, const std::vector<Cost>& floor,
                 double Cost::*what) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i].*what / (floor[i].*what));
  const Summary summary = summary_of(ratios);
  std::printf("%-28s %10.3f (%.3f .. %.3f)\n", name, summary.median, summary.least, summary.most);
}

}  // namespace

int main(int argc, char** argv) {
  Server server;
  std::mt19937 random(11);
  std::string body = R"({"inputs":[{"name":"input","shape":[1,30],"datatype":"FP32","data":[)";
  for (std::size_t i = 0; i < kColumns; ++i) {
    body += (i ? "," : "") + std::to_string(static_cast<double>(random() % 1000) * 1e-3 - 0.5);
  }
  body += "]}]}";
  if (argc > 1 && std::strcmp(argv[1], "serve") == 0) {
    std::printf("http://127.0.0.1:%d /echo /v2/models/forest/infer\n%s\n", server.server->port(),
                body.c_str());
    std::fflush(stdout);
    std::promise<void>().get_future().wait();
  }
  std::vector<HttpClient> clients;
  for (int i = 0; i < kConnections; ++i) {
    auto client = HttpClient::connect("127.0.0.1", server.server->port(), kMinute);
    check(client.has_value(), "the server cannot be reached");
    clients.push_back(std::move(*client));
  }
  const std::string echo = request_bytes("/echo", body);
  const std::string predict = request_bytes("/v2/models/forest/infer", body);
  std::vector<Cost> echoes, predictions;
  for (int round = -1; round < kRounds; ++round) {
    Cost a, b;
    if (round % 2 == 0) a = measure(server, clients, echo);
    b = measure(server, clients, predict);
    if (round % 2 != 0) a = measure(server, clients, echo);
    if (round < 0) continue;  // warms up
    echoes.push_back(a);
    predictions.push_back(b);
  }
  print("echo p50, us", echoes, &Cost::p50);
  print("predict p50, us", predictions, &Cost::p50);
  print("echo p99, us", echoes, &Cost::p99);
  print("predict p99, us", predictions, &Cost::p99);
  print("echo server CPU, us", echoes, &Cost::cpu);
  print("predict server CPU, us", predictions, &Cost::cpu);
  print("echo rate, 1/s", echoes, &Cost::rate);
  print("predict rate, 1/s", predictions, &Cost::rate);
  print_ratio("p50 ratio (goal <= 1.15)", predictions, echoes, &Cost::p50);
  print_ratio("rate ratio (goal >= 0.85)", predictions, echoes, &Cost::rate);
  return 0;
}
