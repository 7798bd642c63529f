// The server's end of a call stream: each frame is a call like any other. For dispatch.cc alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "link/batches.h"
#include "link/dispatch.h"

namespace quintet::link {

struct CallFrame;

class CallSession final : public WireEvents {
 public:
  CallSession(Local local, Dispatch& dispatch, const Incoming& opened, Wire& wire);
  ~CallSession() override;

  void on_message(std::string message) override;
  void on_written() override;
  void on_read_end() override;
  void on_end(Expected<void>) override { ended_ = true; }
  void on_drain() override;

 private:
  struct Answers;

  void begin(CallFrame frame);
  void answered();
  void flush();
  void go_on();

  const Local local_;
  Dispatch& dispatch_;
  const std::string peer_;
  Wire& wire_;
  Batches batches_;
  std::unordered_map<std::uint64_t, std::shared_ptr<std::atomic<bool>>> running_;
  bool reading_ = false, writing_ = false, ended_ = false;
  std::optional<Expected<void>> last_;  // to finish with, once all is answered and written
  const std::shared_ptr<Answers> answers_;
};

}  // namespace quintet::link
