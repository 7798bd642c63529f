#include "link/reflection.h"

#include <memory>
#include <set>

#include "base/text.h"
#include "link/proto.h"
#include "link/session.h"
#include "link/status.h"

namespace quintet::link {

namespace {

// Fields of ServerReflectionRequest and ServerReflectionResponse.
enum Ask : std::uint32_t { kHost = 1, kFileByName = 3, kFileOfSymbol = 4, kListServices = 7 };
enum Tell : std::uint32_t { kValidHost = 1, kOriginal = 2, kFiles = 4, kServices = 6, kError = 7 };

std::string error_of(Code code, std::string_view message) {
  std::string error;
  ProtoWriter out(error);
  out.number(1, static_cast<std::uint64_t>(grpc_code(code)));
  out.bytes(2, message);
  return error;
}

void write_files(ProtoWriter& out, const std::vector<std::string>& files, std::string_view asked) {
  if (files.empty()) {
    out.message(kError, error_of(Code::not_found, shown(asked) + " is not known here"));
    return;
  }
  std::string all;
  ProtoWriter fields(all);
  for (const std::string& file : files) fields.message(1, file);
  out.message(kFiles, all);
}

void write_services(ProtoWriter& out, const std::vector<std::string>& services) {
  std::string all;
  for (const std::string& service : services) {
    std::string name;
    ProtoWriter(name).bytes(1, service);
    ProtoWriter(all).message(1, name);
  }
  out.message(kServices, all);
}

// Answers one question after the other.
class Reflecting final : public Session {
 public:
  Reflecting(const Descriptors& descriptors,
             std::shared_ptr<const std::vector<std::string>> services, Wire& wire)
      : Session(wire), descriptors_(descriptors), services_(std::move(services)) {
    read();
  }
  void on_message(std::string message) override {
    auto answer = reflect(descriptors_, *services_, message);
    if (!answer) return finish(answer.error());
    if (!busy()) send(*std::move(answer));
  }
  void on_read_end() override { finish({}); }

 private:
  void on_idle() override { read(); }

  const Descriptors& descriptors_;
  const std::shared_ptr<const std::vector<std::string>> services_;
};

}  // namespace

Expected<std::string> reflect(const Descriptors& descriptors,
                              const std::vector<std::string>& services, std::string_view request) {
  std::string answer, host;
  std::string_view asked;
  std::uint32_t kind = 0;
  ProtoReader in(request);
  while (in.next()) {
    if (in.field() == kHost) {
      host = in.bytes();
    } else if (in.field() >= kFileByName && in.field() <= kListServices) {
      kind = in.field();
      asked = in.bytes();
    }
  }
  if (!in.ok() || kind == 0) return invalid("that is no question of reflection");
  ProtoWriter out(answer);
  out.bytes(kValidHost, host);
  out.message(kOriginal, request);
  if (kind == kFileByName) {
    write_files(out, descriptors.with_imports(asked), asked);
  } else if (kind == kFileOfSymbol) {
    write_files(out, descriptors.with_imports(descriptors.file_of(asked)), asked);
  } else if (kind == kListServices) {
    write_services(out, services);
  } else {
    out.message(kError, error_of(Code::not_found, "there are no extensions here"));
  }
  return answer;
}

void offer_reflection(Service& service, const Descriptors& descriptors) {
  constexpr std::string_view kNames[] = {"grpc.reflection.v1.ServerReflection",
                                         "grpc.reflection.v1alpha.ServerReflection"};
  auto services = std::make_shared<std::vector<std::string>>(kNames, kNames + 2);
  for (const std::string_view name : kNames) {
    service.add_wire("/" + std::string(name) + "/ServerReflectionInfo",
                     [&descriptors, services](const Incoming&, Wire& wire) {
                       return std::make_unique<Reflecting>(descriptors, services, wire);
                     });
  }
  std::set<std::string> offered(kNames, kNames + 2);
  for (const std::string& method : service.methods()) {
    offered.insert(method.substr(1, method.rfind('/') - 1));
  }
  services->assign(offered.begin(), offered.end());
}

}  // namespace quintet::link
