// What is particular to gRPC's addresses; the contract is in the other tests.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "link/world_fixture.h"

namespace quintet::link {
namespace {

class Addresses : public ::testing::Test {
 protected:
  Expected<std::unique_ptr<Server>> listen(const std::string& address) {
    return transport_.listen({pump_, pump_}, address, std::make_shared<Service>(), {});
  }
  std::string refusal(const std::string& address) {
    const auto channel = transport_.connect({pump_, pump_}, address, {});
    const auto server = listen(address);
    if (channel || server) return "taken";
    EXPECT_EQ(channel.error().code(), Code::invalid);
    EXPECT_EQ(server.error().message(), channel.error().message());
    return server.error().message();
  }

  Pump pump_{/*simulated=*/false};
  GrpcTransport transport_;
};

TEST_F(Addresses, ThatCannotBeAreRefusedWithTheReason) {
  for (const auto address : {"", "host", ":80", "host:", "host:port", "host:123456", "http://x"}) {
    EXPECT_NE(refusal(address).find("neither HOST:PORT nor unix:/PATH"), std::string::npos)
        << address;
  }
  EXPECT_NE(refusal("unix:relative").find("absolute path"), std::string::npos);
  EXPECT_NE(refusal("unix:/" + std::string(107, 'x')).find("at most 107 bytes"), std::string::npos);
}

TEST_F(Addresses, PortZeroIsReplacedByTheOneThatWasChosen) {
  const auto server = listen("127.0.0.1:0");
  ASSERT_TRUE(server);
  EXPECT_TRUE((*server)->address().starts_with("127.0.0.1:"));
  EXPECT_FALSE((*server)->address().ends_with(":0"));
  const auto second = listen((*server)->address());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::conflict);
}

TEST_F(Addresses, ASocketLeftByAProcessThatDiedIsTakenOver) {
  const Directory directory;
  const std::string path = directory.path() + "/socket";
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ::close(socket);
  EXPECT_TRUE(listen("unix:" + path));
}

}  // namespace
}  // namespace quintet::link
