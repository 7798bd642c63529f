#include "host/result_streams.h"

#include "base/decimal.h"
#include "host/api_results.h"
#include "host/problem.h"

namespace quintet::host {

struct ResultStreams::Client {
  std::shared_ptr<Exchange> exchange;  // null when it has ended
  Answers::Query query;
  bool scheduled = false;
  bool full = false;  // waits until the client has read
};

namespace {

// Where a stream begins: after the event that the client saw last, or at `from`, or now.
Expected<Position> begin_of(const HttpRequest& request, Position durable) {
  if (const std::string_view seen = request.header("last-event-id"); !seen.empty()) {
    const auto position = parse_int64(seen);
    if (!position || *position < 0) {
      return invalid("expected the id of an event of this stream, a position").at("Last-Event-ID");
    }
    return static_cast<Position>(*position) + 1;
  }
  if (request.query_value("from")) return kNoPosition;  // query_of() has read it
  return durable + 1;
}

// A result says its position itself; within a text the quotes would be escaped.
std::string_view position_in(std::string_view json) {
  constexpr std::string_view kName = ",\"position\":";
  const std::size_t at = json.find(kName) + kName.size();
  return json.substr(at, json.find_first_not_of("0123456789", at) - at);
}

}  // namespace

void append_event(std::string& out, std::string_view result) {
  out += "id: ";
  out += position_in(result);
  out += "\ndata: ";
  out += result;
  out += "\n\n";
}

Expected<Answers::Query> stream_query(const ResultsRole& place, const HttpRequest& request) {
  TRY(auto query, results_query(place, request, {"format"}));
  TRY(const Position begin, begin_of(request, place.durable()));
  if (begin != kNoPosition) query.from = begin;
  if (query.from == kNoPosition) query.from = place.first();
  query.limit = kStreamResults;
  return query;
}

ResultStreams::ResultStreams(Node& node) : node_(node) {}
ResultStreams::~ResultStreams() = default;

void ResultStreams::add_routes(Router& router) {
  router.add({"GET", "/v1/results/stream", Scope::read,
              make_handler([this](std::shared_ptr<Exchange> exchange) { start(exchange); })});
}

void ResultStreams::start(const std::shared_ptr<Exchange>& exchange) {
  const HttpRequest& request = exchange->request();
  const auto refuse = [&](const Error& error) {
    exchange->respond(problem_response(error, request));
  };
  if (node_.results() == nullptr || node_.draining) return refuse(place_is_away());
  if (clients_.size() >= kResultStreams) {
    return refuse(
        exhausted("there are " + std::to_string(kResultStreams) + " streams of results already"));
  }
  auto query = stream_query(*node_.results(), request);
  if (!query) return refuse(query.error());
  HttpResponse head{200, kEventStream, {}, {}};
  head.headers.emplace_back("Cache-Control", "no-store");
  head.headers.emplace_back("X-Accel-Buffering", "no");
  if (request.method == "HEAD") return exchange->respond(std::move(head));
  const auto client = std::make_shared<Client>();
  client->exchange = exchange;
  client->query = *std::move(query);
  clients_.insert(client);
  exchange->when_closed([this, weak = std::weak_ptr<Client>(client)] {
    const SharedClient gone = weak.lock();
    if (gone == nullptr) return;
    gone->exchange = nullptr;
    clients_.erase(gone);
  });
  if (timer_ == nullptr) timer_ = node_.loop.every(kStreamHeartbeat, [this] { heartbeat(); });
  head.body = "retry: 1000\n\n";
  exchange->begin(std::move(head));
  schedule(client);
}

void ResultStreams::schedule(const SharedClient& client) {
  if (client->scheduled || client->full) return;
  client->scheduled = true;
  node_.loop.post([this, client] {
    client->scheduled = false;
    if (client->exchange != nullptr) pump(client);
  });
}

void ResultStreams::pump(const SharedClient& client) {
  if (node_.results() == nullptr) return;  // wake() comes when it is back
  // Writing may find the connection lost, and then drop it.
  const std::shared_ptr<Exchange> held = client->exchange;
  Exchange& exchange = *held;
  if (exchange.unsent() >= kUnsentHigh) {
    client->full = true;
    exchange.when_writable([this, weak = std::weak_ptr<Client>(client)] {
      if (const SharedClient there = weak.lock()) {
        there->full = false;
        schedule(there);
      }
    });
    return;
  }
  const auto page = node_.results()->results(client->query);
  if (!page) {
    exchange.write("event: error\ndata: " + to_json(problem_of(page.error(), exchange.request())) +
                   "\n\n");
    return end(client);
  }
  std::string text;
  for (const std::string& result : page->results) append_event(text, result);
  const bool more = page->next != kNoPosition;
  client->query.from =
      more ? page->next : std::max(client->query.from, node_.results()->durable() + 1);
  if (!text.empty()) exchange.write(text);
  if (more) schedule(client);
}

void ResultStreams::end(SharedClient client) {
  clients_.erase(client);
  const auto exchange = std::move(client->exchange);
  client->exchange = nullptr;
  exchange->end();
}

void ResultStreams::wake() {
  for (const SharedClient& client : clients_) schedule(client);
}

void ResultStreams::end_all() {
  while (!clients_.empty()) end(*clients_.begin());
}

void ResultStreams::heartbeat() {
  for (const SharedClient& client : std::set<SharedClient>(clients_)) {
    const std::shared_ptr<Exchange> exchange = client->exchange;
    if (exchange == nullptr || client->full || exchange->unsent() >= kUnsentHigh) continue;
    exchange->write(": here\nid: " + std::to_string(client->query.from - 1) + "\n\n");
  }
  if (clients_.empty()) timer_ = nullptr;
}

}  // namespace quintet::host
