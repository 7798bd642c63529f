#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "link/grpc_parts.h"
#include "link/pending.h"
#include "link/postbox.h"

namespace quintet::link {

namespace {

void set(grpc::ClientContext& context, const Metadata& metadata) {
  for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
}

// One call, kept until gRPC has called back.
struct Unary {
  grpc::ClientContext context;
  grpc::ByteBuffer request, answer;
  std::string method;
};

// The client's end of a stream. Start* and RemoveHold come from jobs of the scheduler alone, so
// that none comes after the hold has gone; the reactor keeps itself until OnDone.
class Stream final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                     public std::enable_shared_from_this<Stream> {
 public:
  Stream(std::shared_ptr<Postbox> postbox, std::string method, std::string peer, WireEvents& events)
      : postbox_(std::move(postbox)),
        method_(std::move(method)),
        peer_(std::move(peer)),
        events_(&events) {}

  void start(grpc::GenericStub& stub, const Metadata& metadata) {
    self_ = shared_from_this();
    set(context_, metadata);
    stub.PrepareBidiStreamingCall(&context_, method_, {}, this);
    AddHold();
    StartCall();
  }
  void fail(const Error& error) {
    held_ = false;
    postbox_->post([self = shared_from_this(), error] { self->end(error); });
  }
  void read() {
    if (held_) StartRead(&in_);
  }
  void write(std::string message) {
    if (!held_) return;
    out_ = to_buffer(std::move(message));
    StartWrite(&out_);
  }
  void finish() {
    if (held_) StartWritesDone();
  }
  void drop() {
    events_ = nullptr;
    if (!held_) return;
    context_.TryCancel();
    release();
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return postbox_->post([self = shared_from_this()] { self->release(); });
    postbox_->post([self = shared_from_this(), message = to_string(in_)]() mutable {
      if (self->events_ != nullptr) self->events_->on_message(std::move(message));
    });
  }
  void OnWriteDone(bool ok) override {
    postbox_->post([self = shared_from_this(), ok] {
      if (!ok) return self->release();
      if (self->events_ != nullptr) self->events_->on_written();
    });
  }
  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<Stream> self = std::move(self_);
    Expected<void> how;
    if (!status.ok()) how = to_error(status, method_, peer_);
    postbox_->post([self, how = std::move(how)] { self->end(how); });
  }
  void release() {
    if (std::exchange(held_, false)) RemoveHold();
  }
  void end(const Expected<void>& how) {
    if (WireEvents* events = std::exchange(events_, nullptr)) events->on_end(how);
  }

  const std::shared_ptr<Postbox> postbox_;
  const std::string method_, peer_;
  grpc::ClientContext context_;
  grpc::ByteBuffer in_, out_;
  std::shared_ptr<Stream> self_;
  // Of the scheduler's jobs:
  WireEvents* events_;
  bool held_ = true;
};

class StreamWire final : public Wire {
 public:
  explicit StreamWire(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~StreamWire() override { stream_->drop(); }
  void read() override { stream_->read(); }
  void write(std::string message) override { stream_->write(std::move(message)); }
  void finish(Expected<void>) override { stream_->finish(); }

 private:
  const std::shared_ptr<Stream> stream_;
};

class GrpcChannel final : public Channel {
 public:
  GrpcChannel(Local local, std::shared_ptr<grpc::Channel> channel, const std::string& address,
              ChannelOptions options)
      : local_(local),
        channel_(std::move(channel)),
        stub_(channel_),
        postbox_(std::make_shared<Postbox>(local.scheduler)),
        pending_(std::make_shared<Pending>(
            local, address, Pending::Limits{options.calls, options.message_bytes},
            [](CallId, const std::shared_ptr<void>& load) {
              std::static_pointer_cast<Unary>(load)->context.TryCancel();
            })) {}
  ~GrpcChannel() override {
    pending_->clear();
    postbox_->close();
  }

  const std::string& peer() const override { return pending_->peer(); }
  void cancel(CallId id) override { pending_->cancel(id); }
  CallId call(Call call, Reply reply) override;
  std::unique_ptr<Wire> open(Opening opening, WireEvents& events) override {
    auto stream = std::make_shared<Stream>(postbox_, opening.method, peer(), events);
    if (const Expected<void> good = check_metadata(opening.metadata); good) {
      stream->start(stub_, opening.metadata);
    } else {
      stream->fail(on_the_way(good.error(), opening.method, peer()));
    }
    return std::make_unique<StreamWire>(std::move(stream));
  }

 private:
  const Local local_;
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  const std::shared_ptr<Postbox> postbox_;
  const std::shared_ptr<Pending> pending_;
};

CallId GrpcChannel::call(Call call, Reply reply) {
  const auto [id, send] = pending_->add(call, std::move(reply));
  if (!send) return id;
  auto unary = std::make_shared<Unary>();
  pending_->attach(id, unary);
  set(unary->context, call.metadata);
  if (call.deadline != kNoDeadline) {
    const Micros left = call.deadline - local_.clock.steady();
    unary->context.set_deadline(std::chrono::system_clock::now() + std::chrono::microseconds(left));
  }
  unary->request = to_buffer(std::move(call.request));
  unary->method = std::move(call.method);
  Unary& of = *unary;
  stub_.UnaryCall(&of.context, of.method, {}, &of.request, &of.answer,
                  [unary, postbox = postbox_, to = std::weak_ptr(pending_), id,
                   peer = peer()](const grpc::Status& status) {
                    Expected<std::string> answer =
                        status.ok() ? Expected<std::string>(to_string(unary->answer))
                                    : to_error(status, unary->method, peer);
                    postbox->post([to, id, answer = std::move(answer)]() mutable {
                      if (const auto pending = to.lock()) pending->answer(id, std::move(answer));
                    });
                  });
  return id;
}

// What gRPC logs reaches our callers as errors; but it says why it aborts in its log alone.
void log_the_fatal(gpr_log_func_args* line) {
  if (std::string_view(line->message).find("assertion failed") == std::string_view::npos) return;
  std::fprintf(stderr, "gRPC, %s:%d: %s\n", line->file, line->line, line->message);
}

}  // namespace

void prepare_grpc() {
  struct Kept {
    std::shared_ptr<grpc::Channel> channel =
        grpc::CreateChannel("unix:/", grpc::InsecureChannelCredentials());
    grpc::GenericStub stub{channel};
    grpc::ClientContext context;
    grpc::ByteBuffer request = to_buffer({}), answer;
  };
  // Volatile, so that it is there for leak checkers to find.
  static Kept* volatile kept = [] {
    if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function(log_the_fatal);
    auto* made = new Kept;
    made->context.TryCancel();  // so that it does not even connect
    made->stub.UnaryCall(&made->context, "/kept", {}, &made->request, &made->answer,
                         [](const grpc::Status&) {});
    return made;
  }();
  (void)kept;
}

Expected<std::unique_ptr<Channel>> GrpcTransport::connect(Local local, const std::string& address,
                                                          ChannelOptions options) {
  TRY_DO(check_address(address));
  prepare_grpc();
  TRY(auto credentials, channel_credentials(tls_));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(options.message_bytes + kEnvelopeBytes));
  arguments.SetMaxSendMessageSize(-1);  // checked before
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(kMaxHeaderBytes));
  // Each channel connects for itself, at our pace, and straight to its peer; a guard tries again.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, static_cast<int>(kFirstBackOff / 1000));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(kConnectTime / 1000));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, static_cast<int>(kReconnect / 1000));
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);  // nobody reads its counts
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(kKeepAlive / 1000));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(kKeepAliveAnswer / 1000));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  if (tls_ && !tls_->server_name.empty()) {
    arguments.SetString(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG, tls_->server_name);
  }
  std::unique_ptr<Channel> channel = std::make_unique<GrpcChannel>(
      local, grpc::CreateCustomChannel(address, std::move(credentials), arguments), address,
      options);
  return channel;
}

}  // namespace quintet::link
