// rooms: link host
//
// A call over a link beside a bare gRPC echo of equal bodies (300 bytes each way) in the same run
// and process, over a unix socket: one call at a time against the blocking stub and a plain server;
// 64 under way, as single calls and sharing a stream, against gRPC's callback client and server.
// Ours pays for two loops, the server's and the client's, which gRPC's threads post to. CPU is that
// of the whole process, both ends.
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/method_handler_impl.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/server_callback.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>

#include "bench/figure.h"
#include "host/loop.h"
#include "link/call_stream.h"
#include "link/grpc.h"

namespace {

using namespace quintet;
using namespace quintet::bench;
using namespace quintet::link;

using grpc::ByteBuffer;

constexpr std::size_t kBytes = 300;
constexpr int kRounds = 9, kOne = 2'000, kMany = 20'000, kUnderWay = 64;
constexpr auto kMethod = "/bench.Bare/Echo";
constexpr auto kCallback = "/bench.Bare/CallbackEcho";

ByteBuffer body() {
  const grpc::Slice slice(std::string(kBytes, 'x'));
  return {&slice, 1};
}

// What generated code would make of a service with two methods.
class Bare final : public grpc::Service {
 public:
  Bare() {
    AddMethod(new grpc::internal::RpcServiceMethod(
        kMethod, grpc::internal::RpcMethod::NORMAL_RPC,
        new grpc::internal::RpcMethodHandler<Bare, ByteBuffer, ByteBuffer, ByteBuffer, ByteBuffer>(
            [](Bare*, grpc::ServerContext*, const ByteBuffer* request, ByteBuffer* answer) {
              *answer = *request;
              return grpc::Status::OK;
            },
            this)));
    AddMethod(new grpc::internal::RpcServiceMethod(kCallback, grpc::internal::RpcMethod::NORMAL_RPC,
                                                   nullptr));
    MarkMethodCallback(1, new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
                              [](grpc::CallbackServerContext* context, const ByteBuffer* request,
                                 ByteBuffer* answer) {
                                *answer = *request;
                                auto* reactor = context->DefaultReactor();
                                reactor->Finish(grpc::Status::OK);
                                return reactor;
                              }));
  }
};

// Microseconds a call.
struct Cost {
  double wall = 0, cpu = 0;
};

template <class F>
Cost cost(int calls, F run) {
  const double wall = seconds_on(CLOCK_MONOTONIC), cpu = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
  run();
  return {1e6 * (seconds_on(CLOCK_MONOTONIC) - wall) / calls,
          1e6 * (seconds_on(CLOCK_PROCESS_CPUTIME_ID) - cpu) / calls};
}

class BarePair {
 public:
  explicit BarePair(const std::string& address) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) fail("the bare server cannot start");
    channel_ = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
    stub_ = std::make_unique<grpc::GenericStub>(channel_);
  }
  ~BarePair() { server_->Shutdown(); }

  Cost one_at_a_time() {
    const grpc::internal::RpcMethod method(kMethod, grpc::internal::RpcMethod::NORMAL_RPC,
                                           channel_);
    const ByteBuffer request = body();
    return cost(kOne, [&] {
      for (int i = 0; i < kOne; ++i) {
        grpc::ClientContext context;
        ByteBuffer answer;
        const auto status = grpc::internal::BlockingUnaryCall<ByteBuffer, ByteBuffer>(
            channel_.get(), method, &context, request, &answer);
        if (!status.ok() || answer.Length() != kBytes) fail(status.error_message());
      }
    });
  }

  Cost many_under_way() {
    left_ = kMany;
    ended_ = 0;
    std::promise<void> done;
    done_ = &done;
    return cost(kMany, [&] {
      for (int i = 0; i < kUnderWay; ++i) next();
      done.get_future().wait();
    });
  }

 private:
  struct One {
    grpc::ClientContext context;
    ByteBuffer request = body(), answer;
  };
  void next() {
    if (left_.fetch_sub(1) <= 0) return;
    auto one = std::make_shared<One>();
    stub_->UnaryCall(&one->context, kCallback, {}, &one->request, &one->answer,
                     [this, one](const grpc::Status& status) {
                       if (!status.ok() || one->answer.Length() != kBytes) {
                         fail(status.error_message());
                       }
                       next();
                       if (++ended_ == kMany) done_->set_value();
                     });
  }

  Bare service_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::GenericStub> stub_;
  std::atomic<int> left_ = 0, ended_ = 0;
  std::promise<void>* done_ = nullptr;
};

class OurPair {
 public:
  explicit OurPair(const std::string& address) {
    auto service = std::make_shared<Service>();
    service->add(kMethod, [](Incoming call, Answer answer) { answer(std::move(call.request)); });
    server_loop_.start("server");
    client_loop_.start("client");
    on(server_loop_, [&] {
      auto server = transport_.listen({server_loop_, clock_}, address, service, {});
      if (!server) fail(server.error().message());
      server_ = *std::move(server);
    });
    on(client_loop_, [&] {
      auto channel = transport_.connect({client_loop_, clock_}, address, {});
      if (!channel) fail(channel.error().message());
      channel_ = *std::move(channel);
      stream_ = std::make_unique<CallStream>(Local{client_loop_, clock_}, *channel_);
    });
  }
  ~OurPair() {
    on(client_loop_, [&] {
      stream_.reset();
      channel_.reset();
    });
    on(server_loop_, [&] { server_.reset(); });
  }

  Cost calls(bool stream, int calls, int under_way) {
    std::promise<void> done;
    done_ = &done;
    left_ = ended_ = calls;
    caller_ = stream ? static_cast<Caller*>(stream_.get()) : channel_.get();
    return cost(calls, [&] {
      client_loop_.post([this, under_way] {
        for (int i = 0; i < under_way; ++i) next();
      });
      done.get_future().wait();
    });
  }

 private:
  template <class F>
  static void on(host::Loop& loop, F function) {
    std::promise<void> done;
    loop.post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }
  void next() {
    if (left_ == 0) return;
    --left_;
    caller_->call({kMethod, std::string(kBytes, 'x'), clock_.steady() + kMinute},
                  [this](Expected<std::string> answer) {
                    if (!answer || answer->size() != kBytes) fail("a call of ours failed");
                    next();
                    if (--ended_ == 0) done_->set_value();
                  });
  }

  SystemClock clock_;
  GrpcTransport transport_;
  host::Loop server_loop_, client_loop_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<CallStream> stream_;
  Caller* caller_ = nullptr;
  std::promise<void>* done_ = nullptr;
  int left_ = 0, ended_ = 0;
};

template <class Floor, class Ours>
void measure(const std::string& name, double goal, Floor floor, Ours ours) {
  Figure wall(name, "us a call", "bare gRPC echo", {{"ours/floor", "at_most", goal}});
  Figure cpu(name + ", CPU of both ends", "us a call", "bare gRPC echo");
  floor();
  ours();
  for (int round = 0; round < kRounds; ++round) {
    const Cost first = floor(), a = ours(), b = ours(), last = floor();
    wall.add({first.wall, {a.wall, b.wall}, last.wall});
    cpu.add({first.cpu, {a.cpu, b.cpu}, last.cpu});
  }
  wall.print();
  cpu.print();
}

}  // namespace

int main() {
  std::string directory = "/tmp/quintet-bench-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) fail("no temporary directory");
  {
    BarePair bare("unix:" + directory + "/bare");
    OurPair ours("unix:" + directory + "/ours");
    measure(
        "link: one call at a time", 1.25, [&] { return bare.one_at_a_time(); },
        [&] { return ours.calls(false, kOne, 1); });
    measure(
        "link: 64 calls under way", 1.25, [&] { return bare.many_under_way(); },
        [&] { return ours.calls(false, kMany, kUnderWay); });
    measure(
        "link: 64 calls under way on a stream", 1.0, [&] { return bare.many_under_way(); },
        [&] { return ours.calls(true, kMany, kUnderWay); });
  }
  std::filesystem::remove_all(directory);
}
