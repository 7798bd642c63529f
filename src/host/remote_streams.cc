#include "host/remote_streams.h"

#include "host/problem.h"
#include "host/result_streams.h"
#include "host/wire.h"

namespace quintet::host {

namespace {

constexpr Micros kAgain = kSecond / 5;

}  // namespace

struct RemoteStreams::Client {
  std::shared_ptr<Exchange> exchange;  // null when it has ended
  Position next = kNoPosition;         // to be looked at; kNoPosition until results has said
  bool begun = false;                  // the head is written
  std::unique_ptr<Timer> again;
};

RemoteStreams::~RemoteStreams() = default;

void RemoteStreams::add_routes(Router& router) {
  router.add({"GET", "/v1/results/stream", Scope::read,
              make_handler([this](std::shared_ptr<Exchange> exchange) { start(exchange); })});
}

void RemoteStreams::start(const std::shared_ptr<Exchange>& exchange) {
  const auto refuse = [&](const Error& error) {
    exchange->respond(problem_response(error, exchange->request()));
  };
  if (draining_) return refuse(unavailable("the gateway stops; try again in a moment"));
  if (clients_.size() >= kResultStreams) {
    return refuse(
        exhausted("there are " + std::to_string(kResultStreams) + " streams of results already"));
  }
  const auto client = std::make_shared<Client>();
  client->exchange = exchange;
  clients_.insert(client);
  exchange->when_closed([this, weak = std::weak_ptr<Client>(client)] {
    const SharedClient gone = weak.lock();
    if (gone == nullptr) return;
    gone->exchange = nullptr;
    clients_.erase(gone);
  });
  ask(client);
}

// The first question only checks the request and says where the stream begins.
void RemoteStreams::ask(const SharedClient& client) {
  if (client->exchange == nullptr) return;
  const HttpRequest& request = client->exchange->request();
  wire::PageQuery query;
  query.target = request.target;
  query.last_event_id = request.header("last-event-id");
  query.from = client->next;
  query.wait = client->next != kNoPosition;
  link::Call call{"/quintet.v1.Results/Page", wire::write_page_query(query),
                  parts_.clock.steady() + kStreamHeartbeat};
  call.idempotent = true;
  parts_.results.call(std::move(call),
                      [this, client](Expected<std::string> bytes) { answered(client, bytes); });
}

void RemoteStreams::answered(const SharedClient& client, const Expected<std::string>& bytes) {
  if (client->exchange == nullptr) return;
  auto page = bytes ? wire::read_page(*bytes) : Expected<wire::Page>(bytes.error());
  const HttpRequest& request = client->exchange->request();
  if (!page) {
    const Code code = page.error().code();
    const bool away = code == Code::unavailable || code == Code::expired;
    if (!client->begun) {
      clients_.erase(client);
      const auto exchange = std::exchange(client->exchange, nullptr);
      return exchange->respond(problem_response(page.error(), exchange->request()));
    }
    if (away) {
      write(client, ": results is away\n\n");
      client->again = parts_.loop.after(kAgain, [this, client] { ask(client); });
      return;
    }
    write(client, "event: error\ndata: " + to_json(problem_of(page.error(), request)) + "\n\n");
    return end(client);
  }
  client->next = page->next;
  if (!client->begun) {
    client->begun = true;
    HttpResponse head{200, kEventStream, {}, {}};
    head.headers.emplace_back("Cache-Control", "no-store");
    head.headers.emplace_back("X-Accel-Buffering", "no");
    if (request.method == "HEAD") {
      clients_.erase(client);
      return std::exchange(client->exchange, nullptr)->respond(std::move(head));
    }
    head.body = "retry: 1000\n\n";
    client->exchange->begin(std::move(head));
    return ask(client);
  }
  std::string text;
  for (const std::string& result : page->results) append_event(text, result);
  // A heartbeat, with the position up to which everything was looked at.
  if (text.empty()) text = ": here\nid: " + std::to_string(client->next - 1) + "\n\n";
  write(client, text);
  if (client->exchange == nullptr) return;
  if (client->exchange->unsent() >= kUnsentHigh) {
    client->exchange->when_writable([this, weak = std::weak_ptr<Client>(client)] {
      if (const SharedClient there = weak.lock()) ask(there);
    });
    return;
  }
  ask(client);
}

// Writing may find the connection lost, and then drop the exchange.
void RemoteStreams::write(const SharedClient& client, const std::string& text) {
  const std::shared_ptr<Exchange> held = client->exchange;
  held->write(text);
}

void RemoteStreams::end(const SharedClient& client) {
  clients_.erase(client);
  client->again = nullptr;
  if (const auto exchange = std::exchange(client->exchange, nullptr)) {
    if (client->begun) {
      exchange->end();
    } else {
      exchange->respond(problem_response(unavailable("the gateway stops; try again in a moment"),
                                         exchange->request()));
    }
  }
}

void RemoteStreams::end_all() {
  draining_ = true;
  while (!clients_.empty()) end(SharedClient(*clients_.begin()));
}

}  // namespace quintet::host
