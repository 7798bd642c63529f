// TLS between processes, with certificates made by the openssl program.
#include <fstream>

#include "link/world_fixture.h"

namespace quintet::link {
namespace {

namespace fs = std::filesystem;

// An authority, and directories of what it has signed.
class Authority {
 public:
  explicit Authority(std::string path) : path_(std::move(path)) {
    fs::create_directories(path_);
    run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" +
        fs::path(path_).filename().string() + " -keyout " + path_ + "/ca.key -out " + path_ +
        "/ca.pem");
  }
  // ca.pem, cert.pem and key.pem in `directory`, which is replaced as a whole.
  void issue(const std::string& directory, const std::string& name) const {
    const std::string fresh = path_ + "/new";
    fs::remove_all(fresh);
    fs::create_directories(fresh);
    std::ofstream(path_ + "/san") << "subjectAltName=DNS:" << name << "\n";
    run("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=" + name +
        " -keyout " + fresh + "/key.pem -out " + path_ + "/request");
    run("x509 -req -days 2 -CAcreateserial -in " + path_ + "/request -CA " + path_ +
        "/ca.pem -CAkey " + path_ + "/ca.key -extfile " + path_ + "/san -out " + fresh +
        "/cert.pem");
    fs::copy(path_ + "/ca.pem", fresh + "/ca.pem");
    fs::remove_all(directory);
    fs::rename(fresh, directory);
  }

 private:
  static void run(const std::string& arguments) {
    const std::string command = "openssl " + arguments + " >/dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  std::string path_;
};

class Tls : public ::testing::Test {
 protected:
  Tls() : ours_(directory_.path() + "/ours"), theirs_(directory_.path() + "/theirs") {}

  Local local() { return {pump_, pump_}; }
  std::string at(const std::string& name) const { return directory_.path() + "/" + name; }
  void serve(const std::string& certificates) {
    transport_ = std::make_unique<GrpcTransport>(TlsOptions{certificates});
    auto service = std::make_shared<Service>();
    service->add("/a/b", [](Incoming call, Answer answer) { answer(call.request); });
    auto server = transport_->listen(local(), "127.0.0.1:0", service, {});
    ASSERT_TRUE(server) << server.error().message();
    server_ = *std::move(server);
  }
  // "ok", or the code of the error; each time over a channel and a connection of its own.
  std::string ask(std::optional<TlsOptions> tls) {
    GrpcTransport transport(std::move(tls));
    auto channel = transport.connect(local(), server_->address(), {});
    if (!channel) return std::string(name_of(channel.error().code()));
    return ask(**channel);
  }
  std::string ask(Channel& channel) {
    std::string got;
    channel.call({"/a/b", "x", pump_.steady() + kMinute}, [&](Expected<std::string> answer) {
      got = answer ? "ok" : std::string(name_of(answer.error().code()));
    });
    EXPECT_TRUE(pump_.run_until([&] { return !got.empty(); }));
    return got;
  }
  bool comes_to(const std::function<std::string()>& asked, const std::string& wanted) {
    const Micros end = pump_.steady() + 2 * kMinute;
    while (pump_.steady() < end) {
      if (asked() == wanted) return true;
      pump_.run_for(100'000);
    }
    return false;
  }

  Directory directory_;
  Pump pump_{/*simulated=*/false};
  Authority ours_, theirs_;
  std::unique_ptr<GrpcTransport> transport_;
  std::unique_ptr<Server> server_;
};

TEST_F(Tls, BothSidesTakeOnlyWhatTheirAuthoritySigned) {
  ours_.issue(at("server"), "quintet");
  ours_.issue(at("client"), "client");
  theirs_.issue(at("stranger"), "client");
  serve(at("server"));
  EXPECT_EQ(ask(TlsOptions{at("client"), "quintet"}), "ok");
  EXPECT_EQ(ask({}), "unavailable") << "without TLS";
  EXPECT_EQ(ask(TlsOptions{at("stranger"), "quintet"}), "unavailable") << "of another authority";
  // The stranger's certificate beside our authority: the client trusts the server, not the server
  // the client.
  fs::copy(at("ours") + "/ca.pem", at("stranger") + "/ca.pem",
           fs::copy_options::overwrite_existing);
  EXPECT_EQ(ask(TlsOptions{at("stranger"), "quintet"}), "unavailable") << "with our ca.pem";
  EXPECT_EQ(ask(TlsOptions{at("client"), "quintet"}), "ok");
}

TEST_F(Tls, AServerOfAnotherNameIsNotTaken) {
  ours_.issue(at("server"), "quintet");
  ours_.issue(at("client"), "client");
  serve(at("server"));
  EXPECT_EQ(ask(TlsOptions{at("client"), "other"}), "unavailable");
  EXPECT_EQ(ask(TlsOptions{at("client")}), "unavailable");  // not the address's name either
}

TEST_F(Tls, ANewCertificateIsTakenWithoutARestart) {
  ours_.issue(at("server"), "quintet");
  ours_.issue(at("client"), "client");
  theirs_.issue(at("other"), "client");
  serve(at("server"));
  const auto ours = [&] { return ask(TlsOptions{at("client"), "quintet"}); };
  const auto theirs = [&] { return ask(TlsOptions{at("other"), "quintet"}); };
  EXPECT_EQ(ours(), "ok");
  EXPECT_EQ(theirs(), "unavailable");
  theirs_.issue(at("server"), "quintet");
  EXPECT_TRUE(comes_to(theirs, "ok"));
  EXPECT_TRUE(comes_to(ours, "unavailable"));
}

TEST_F(Tls, AChannelTakesNewCertificatesToo) {
  ours_.issue(at("server"), "quintet");
  theirs_.issue(at("client"), "client");
  serve(at("server"));
  GrpcTransport transport(TlsOptions{at("client"), "quintet"});
  auto channel = transport.connect(local(), server_->address(), {});
  ASSERT_TRUE(channel);
  EXPECT_EQ(ask(**channel), "unavailable");
  ours_.issue(at("client"), "client");
  EXPECT_TRUE(comes_to([&] { return ask(**channel); }, "ok"));
}

TEST_F(Tls, FilesThatAreMissingOrNoCertificatesAreNamed) {
  GrpcTransport transport(TlsOptions{at("nowhere")});
  const auto channel = transport.connect(local(), "127.0.0.1:1", {});
  ASSERT_FALSE(channel);
  EXPECT_EQ(channel.error().code(), Code::invalid);
  EXPECT_NE(channel.error().message().find("nowhere/ca.pem cannot be read"), std::string::npos);
  ours_.issue(at("server"), "quintet");
  std::ofstream(at("server") + "/key.pem") << "no key\n";
  GrpcTransport damaged(TlsOptions{at("server")});
  const auto server = damaged.listen(local(), "127.0.0.1:0", std::make_shared<Service>(), {});
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message().find("server/key.pem"), std::string::npos);
}

}  // namespace
}  // namespace quintet::link
