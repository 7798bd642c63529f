#include <fmt/format.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

#include "base/text.h"
#include "link/dispatch.h"
#include "link/grpc_parts.h"
#include "link/postbox.h"

namespace quintet::link {

namespace {

Incoming incoming_of(const grpc::GenericCallbackServerContext& context, Clock& clock) {
  Incoming call;
  call.method = context.method();
  call.peer = context.peer();
  for (const auto& [name, value] : context.client_metadata()) {
    const std::string_view key(name.data(), name.size());
    if (key.starts_with("grpc-") || key == "user-agent") continue;
    call.metadata.emplace_back(key, std::string_view(value.data(), value.size()));
  }
  const auto deadline = context.deadline();
  if (deadline != std::chrono::system_clock::time_point::max()) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        deadline - std::chrono::system_clock::now());
    call.deadline = clock.steady() + left.count();
  }
  return call;
}

// What a reactor of any thread needs of its server. The dispatch is touched by jobs that the
// postbox runs, which are none once the server has gone.
struct Inside {
  std::shared_ptr<Postbox> postbox;
  Dispatch* dispatch;
  Clock& clock;
  std::shared_ptr<const Service> service;
};

// One call. gRPC keeps the reactor until it was finished, which Response sees to.
class Unary final : public grpc::ServerGenericBidiReactor {
 public:
  Unary(grpc::GenericCallbackServerContext& context, const Inside& inside)
      : context_(context), inside_(inside) {
    StartRead(&buffer_);
  }

 private:
  // Finishes the call once, at the latest when it is destroyed.
  class Response {
   public:
    explicit Response(Unary& call) : call_(&call) {}
    Response(Response&& other) noexcept : call_(std::exchange(other.call_, nullptr)) {}
    ~Response() {
      if (call_ != nullptr) call_->respond(unavailable("the server has gone"));
    }
    void operator()(Expected<std::string> answer) {
      std::exchange(call_, nullptr)->respond(std::move(answer));
    }

   private:
    Unary* call_;
  };

  void respond(Expected<std::string> answer) {
    if (!answer) return Finish(to_status(answer.error()));
    buffer_ = to_buffer(*std::move(answer));
    StartWriteAndFinish(&buffer_, {}, grpc::Status::OK);
  }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish({grpc::StatusCode::INVALID_ARGUMENT, "a call without a request"});
    Incoming call = incoming_of(context_, inside_.clock);
    call.request = to_string(buffer_);
    call.cancelled = cancelled_;
    inside_.postbox->post([dispatch = inside_.dispatch, call = std::move(call),
                           response = Response(*this)]() mutable {
      dispatch->call(std::move(call), std::move(response));
    });
  }
  void OnCancel() override { *cancelled_ = true; }
  void OnDone() override { delete this; }

  grpc::GenericCallbackServerContext& context_;
  const Inside& inside_;
  grpc::ByteBuffer buffer_;
  const std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
};

// The server's end of a stream. Start* and Finish come from jobs of the scheduler alone; the
// reactor keeps itself until OnDone.
class Stream final : public grpc::ServerGenericBidiReactor,
                     public std::enable_shared_from_this<Stream> {
 public:
  static Stream* begin(grpc::GenericCallbackServerContext& context, const Inside& inside) {
    auto stream = std::make_shared<Stream>(inside.postbox);
    stream->self_ = stream;
    // Destroyed unrun, the job finishes the stream through its wire.
    inside.postbox->post([dispatch = inside.dispatch, call = incoming_of(context, inside.clock),
                          wire = std::make_unique<Handle>(stream), stream]() mutable {
      dispatch->stream(call, [&](WireEvents& events) {
        stream->events_ = &events;
        return std::move(wire);
      });
    });
    return stream.get();
  }
  explicit Stream(std::shared_ptr<Postbox> postbox) : postbox_(std::move(postbox)) {}

 private:
  class Handle final : public Wire {
   public:
    explicit Handle(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
    ~Handle() override { stream_->drop(); }
    void read() override {
      if (!stream_->finished_) stream_->StartRead(&stream_->in_);
    }
    void write(std::string message) override {
      if (stream_->finished_) return;
      stream_->out_ = to_buffer(std::move(message));
      stream_->StartWrite(&stream_->out_);
    }
    void finish(Expected<void> status) override { stream_->finish(to_status(status)); }

   private:
    const std::shared_ptr<Stream> stream_;
  };

  void finish(const grpc::Status& status) {
    if (!std::exchange(finished_, true)) Finish(status);
  }
  void drop() {
    events_ = nullptr;
    finish(to_status(unavailable("the stream was cut")));
  }
  void OnReadDone(bool ok) override {
    postbox_->post([self = shared_from_this(), ok, message = to_string(in_)]() mutable {
      if (self->events_ == nullptr || self->finished_) return;
      if (ok) return self->events_->on_message(std::move(message));
      if (!self->cancelled_) self->events_->on_read_end();
    });
  }
  void OnWriteDone(bool ok) override {
    postbox_->post([self = shared_from_this(), ok] {
      if (ok && self->events_ != nullptr) self->events_->on_written();
    });
  }
  void OnCancel() override {
    cancelled_ = true;
    postbox_->post([self = shared_from_this()] { self->finish(grpc::Status::CANCELLED); });
  }
  void OnDone() override {
    const std::shared_ptr<Stream> self = std::move(self_);
    postbox_->post([self] {
      WireEvents* events = std::exchange(self->events_, nullptr);
      if (events == nullptr) return;
      if (self->cancelled_) return events->on_end(unavailable("the peer cut the stream"));
      events->on_end({});
    });
  }

  const std::shared_ptr<Postbox> postbox_;
  std::shared_ptr<Stream> self_;
  grpc::ByteBuffer in_, out_;
  std::atomic<bool> cancelled_ = false;
  // Of the scheduler's jobs, and of whoever destroys one of them unrun:
  WireEvents* events_ = nullptr;
  bool finished_ = false;
};

class Generic final : public grpc::CallbackGenericService {
 public:
  explicit Generic(const Inside& inside) : inside_(inside) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    if (Dispatch::is_stream(*inside_.service, context->method())) {
      return Stream::begin(*context, inside_);
    }
    return new Unary(*context, inside_);
  }

 private:
  const Inside& inside_;
};

class GrpcServer final : public Server {
 public:
  GrpcServer(Local local, std::string address, const std::shared_ptr<const Service>& service,
             ServerOptions options)
      : address_(std::move(address)),
        dispatch_(std::make_unique<Dispatch>(local, address_, service, options)),
        inside_{std::make_shared<Postbox>(local.scheduler), dispatch_.get(), local.clock, service},
        generic_(inside_) {}
  // Every call has its answer before gRPC is told to end, which then waits for no handler.
  ~GrpcServer() override {
    dispatch_.reset();
    inside_.postbox->close();
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  }

  bool start(ServerOptions options, std::shared_ptr<grpc::ServerCredentials> credentials);
  const std::string& address() const override { return address_; }
  void drain(Micros most, Job done) override { dispatch_->drain(most, std::move(done)); }

 private:
  std::string address_;
  std::unique_ptr<Dispatch> dispatch_;
  const Inside inside_;
  Generic generic_;
  std::unique_ptr<grpc::Server> server_;
};

bool GrpcServer::start(ServerOptions options,
                       std::shared_ptr<grpc::ServerCredentials> credentials) {
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address_, std::move(credentials), &port);
  builder.RegisterCallbackGenericService(&generic_);
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes + kEnvelopeBytes));
  builder.SetMaxSendMessageSize(-1);  // checked before
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(kMaxHeaderBytes));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);  // nobody reads its counts
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(kKeepAlive / 1000));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             static_cast<int>(kKeepAliveAnswer / 1000));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             static_cast<int>(kKeepAlive / 2000));
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port == 0) return false;
  if (address_.ends_with(":0")) address_.replace(address_.size() - 1, 1, std::to_string(port));
  return true;
}

// gRPC takes a unix socket's path from whoever has it, so it is asked first whether anyone answers.
bool answers(const std::string& address) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, address.data() + 5, address.size() - 5);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return false;
  const bool connected =
      ::connect(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
  ::close(socket);
  return connected;
}

}  // namespace

Expected<std::unique_ptr<Server>> GrpcTransport::listen(Local local, const std::string& address,
                                                        std::shared_ptr<const Service> service,
                                                        ServerOptions options) {
  TRY_DO(check_address(address));
  prepare_grpc();
  TRY(auto credentials, server_credentials(tls_));
  if (address.starts_with("unix:") && answers(address)) {
    return conflict(fmt::format("{} is listened at already", address));
  }
  auto server = std::make_unique<GrpcServer>(local, address, service, options);
  if (!server->start(options, std::move(credentials))) {
    return conflict(
        fmt::format("{} cannot be listened at: it is in use, or not of this machine", address));
  }
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace quintet::link
