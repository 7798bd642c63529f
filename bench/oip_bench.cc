// rooms: host learn
//
// A prediction over HTTP against a bare echo on the very same server, with requests and answers of
// equal size: one row of 30 inputs through 100 trees of depth 6, as JSON of the Open Inference
// Protocol. The server runs on core 0; the client, and wrk with 32 connections, on core 1. The
// answer is checked, bit for bit, before its time counts. `oip_bench serve` keeps the server.
#include <pthread.h>

#include <cstring>
#include <fstream>
#include <future>
#include <random>

#include "base/check.h"
#include "bench/figure.h"
#include "host/http_client.h"
#include "host/http_server.h"
#include "host/oip.h"
#include "learn/forest.h"

namespace {

using namespace quintet;
using namespace quintet::bench;
using namespace quintet::host;

constexpr std::size_t kColumns = 30;
constexpr int kTrees = 100, kDepth = 6, kRounds = 9, kRequests = 3'000;

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

struct Server {
  Server() {
    add_oip_routes(router, predictor);
    router.add({"POST", "/echo", Scope::read, make_handler([this](const HttpRequest& request) {
                  return json_response(200, std::string(request.body.substr(0, echo_size)));
                })});
    auto made = HttpServer::start(loop, router, {}, metrics, log);
    check(made.has_value(), "the server cannot start");
    server = std::move(*made);
    loop.start("door");
    std::promise<void> known;
    loop.post([&] {
      pin(0);
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
  std::size_t echo_size = 0;  // written before the first request
  clockid_t cpu_clock{};
};

// Microseconds, but requests a second for rate.
struct Cost {
  double p50 = 0, p99 = 0, cpu = 0, rate = 0;
};

struct Target {
  std::string path;
  std::string body;
  std::string answer;  // whole, with its head, as it must come each time
};

std::string request_bytes(const Target& target) {
  return "POST " + target.path +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(target.body.size()) + "\r\n\r\n" + target.body;
}

std::string one_answer(HttpClient& client, const Target& target, std::size_t size) {
  check(client.send_bytes(request_bytes(target)).has_value(), "the server takes nothing");
  std::string answer;
  do {
    auto bytes = client.read_bytes();
    check(bytes && *bytes, "the server ended the connection");
    answer += **bytes;
  } while (answer.size() < size);
  return answer;
}

// One connection, one request after another.
void measure_alone(HttpClient& client, const Target& target, Cost& cost) {
  std::vector<double> times;
  for (int i = 0; i < kRequests; ++i) {
    const double from = seconds_on(CLOCK_MONOTONIC);
    const std::string answer = one_answer(client, target, target.answer.size());
    times.push_back(1e6 * (seconds_on(CLOCK_MONOTONIC) - from));
    check(answer.substr(answer.find("\r\n\r\n")) ==
              target.answer.substr(target.answer.find("\r\n\r\n")),
          "an answer differs from the first");
  }
  cost.p99 = quantile(times, .99);
  cost.p50 = quantile(times, .5);
}

// 32 connections of wrk.
void measure_rate(const Server& server, const Target& target, Cost& cost) {
  const char* scratch = std::getenv("QUINTET_SCRATCH");
  const std::string script = std::string(scratch == nullptr ? "." : scratch) + "/oip.lua";
  std::ofstream(script) << "wrk.method = 'POST'\nwrk.body = [[" << target.body
                        << "]]\nwrk.headers['Content-Type'] = 'application/json'\n";
  const std::string command = "taskset -c 1 wrk -t1 -c32 -d1s -s " + script +
                              " http://127.0.0.1:" + std::to_string(server.server->port()) +
                              target.path + " 2>&1";
  const double cpu = seconds_on(server.cpu_clock);
  std::FILE* wrk = popen(command.c_str(), "r");
  check(wrk != nullptr, "wrk cannot be run");
  double requests = 0;
  std::string all;
  char line[256];
  while (std::fgets(line, sizeof line, wrk) != nullptr) {
    all += line;
    if (std::strstr(line, " requests in ") != nullptr) requests = std::atof(line);
    if (const char* at = std::strstr(line, "Requests/sec:")) cost.rate = std::atof(at + 13);
  }
  if (pclose(wrk) != 0 || requests == 0 || all.find("Non-2xx") != std::string::npos) {
    fail("wrk: " + all);
  }
  cost.cpu = 1e6 * (seconds_on(server.cpu_clock) - cpu) / requests;
}

Cost measure(const Server& server, HttpClient& client, const Target& target) {
  Cost cost;
  measure_alone(client, target, cost);
  measure_rate(server, target, cost);
  return cost;
}

// The probability that the forest gives for the row of the request, as the answer must show it.
void check_answer(const std::string& answer, const std::vector<float>& row) {
  float score = 0;
  make_forest()->score(row, {&score, 1});
  const std::string_view from = std::string_view(answer).substr(answer.find("\"data\":[") + 8);
  const float shown = std::strtof(std::string(from.substr(0, from.find(']'))).c_str(), nullptr);
  check(shown == score, "the answer is not what the forest gives");
}

}  // namespace

int main(int argc, char** argv) {
  Server server;
  std::mt19937 random(11);
  std::vector<float> row;
  std::string body = R"({"inputs":[{"name":"input","shape":[1,30],"datatype":"FP32","data":[)";
  for (std::size_t i = 0; i < kColumns; ++i) {
    const std::string number = std::to_string(static_cast<double>(random() % 1000) * 1e-3 - 0.5);
    row.push_back(std::strtof(number.c_str(), nullptr));
    body += (i ? "," : "") + number;
  }
  body += "]}]}";
  Target predict{"/v2/models/forest/infer", body, {}}, echo{"/echo", body, {}};
  pin(1);
  auto connected = HttpClient::connect("127.0.0.1", server.server->port(), kMinute);
  check(connected.has_value(), "the server cannot be reached");
  HttpClient client = std::move(*connected);
  predict.answer = one_answer(client, predict, 1);
  check_answer(predict.answer, row);
  server.echo_size = predict.answer.size() - predict.answer.find("\r\n\r\n") - 4;
  echo.answer = one_answer(client, echo, 1);
  check(echo.answer.size() == predict.answer.size(), "echo and prediction differ in size");
  if (argc > 1 && std::strcmp(argv[1], "serve") == 0) {
    std::printf("http://127.0.0.1:%d /echo /v2/models/forest/infer\n%s\n", server.server->port(),
                body.c_str());
    std::fflush(stdout);
    std::promise<void>().get_future().wait();
  }
  Figure p50("OIP predict, 1 connection, p50", "us", "echo", {{"ours/floor", "at_most", 1.15}});
  Figure p99("OIP predict, 1 connection, p99", "us", "echo");
  Figure rate("OIP predict, 32 connections", "requests/s", "echo",
              {{"ours/floor", "at_least", .85}});
  Figure cpu("OIP predict, 32 connections, server CPU a request", "us", "echo");
  for (int round = -1; round < kRounds; ++round) {
    const Cost a = measure(server, client, echo), b = measure(server, client, predict);
    const Cost c = measure(server, client, predict), d = measure(server, client, echo);
    if (round < 0) continue;  // warms up
    p50.add({a.p50, {b.p50, c.p50}, d.p50});
    p99.add({a.p99, {b.p99, c.p99}, d.p99});
    rate.add({a.rate, {b.rate, c.rate}, d.rate});
    cpu.add({a.cpu, {b.cpu, c.cpu}, d.cpu});
  }
  for (const Figure* figure : {&p50, &p99, &rate, &cpu}) figure->print();
  return 0;
}
