#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "host/http_server_fixture.h"

namespace quintet::host {
namespace {

// Writes a key and a certificate that it signs itself.
TlsFiles make_files(const std::string& name) {
  const std::string base = ::testing::TempDir() + "tls-" + name + "-" + std::to_string(getpid());
  TlsFiles files{base + ".crt", base + ".key"};
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  FILE* file = std::fopen(files.certificate.c_str(), "w");
  PEM_write_X509(file, certificate);
  std::fclose(file);
  file = std::fopen(files.key.c_str(), "w");
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port) : context_(SSL_CTX_new(TLS_client_method())) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_);
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    ::close(socket_);
  }

  bool connect() { return SSL_connect(ssl_) == 1; }
  SSL* ssl() { return ssl_; }
  void send(const std::string& bytes) {
    ASSERT_EQ(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())),
              static_cast<int>(bytes.size()));
  }
  std::string read_all() {
    std::string all;
    char piece[16384];
    for (int count; (count = SSL_read(ssl_, piece, sizeof piece)) > 0;) all.append(piece, count);
    return all;
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  int socket_ = -1;
};

class HttpTlsTest : public ServerFixture {
 protected:
  void SetUp() override { files_ = make_files("server"); }
  void TearDown() override {
    ServerFixture::TearDown();
    std::remove(files_.certificate.c_str());
    std::remove(files_.key.c_str());
  }
  TlsFiles files_;
};

constexpr const char* kLastAsk =
    "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

TEST_F(HttpTlsTest, AnswersUnderTls) {
  start({}, {}, files_);
  TlsClient client(port_);
  ASSERT_TRUE(client.connect());
  client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.send(kLastAsk);
  const std::string all = client.read_all();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 200 OK\r\n")) << all;
  EXPECT_TRUE(all.ends_with("hello"));
  EXPECT_EQ(SSL_get_shutdown(client.ssl()), SSL_RECEIVED_SHUTDOWN);
}

TEST_F(HttpTlsTest, MovesLargeBodiesBothWays) {
  start({}, {}, files_);
  TlsClient client(port_);
  ASSERT_TRUE(client.connect());
  const std::string body(1'000'000, 'x');
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n"
              "Connection: close\r\n\r\n");
  client.send(body);
  EXPECT_TRUE(client.read_all().ends_with(body));
}

TEST_F(HttpTlsTest, RefusesOldVersionsAndOtherProtocols) {
  start({}, {}, files_);
  {
    TlsClient old(port_);
    SSL_set_min_proto_version(old.ssl(), TLS1_VERSION);
    SSL_set_max_proto_version(old.ssl(), TLS1_1_VERSION);
    SSL_set_security_level(old.ssl(), 0);
    EXPECT_FALSE(old.connect());
  }
  TlsClient other(port_);
  const unsigned char h2[] = "\x02h2";
  SSL_set_alpn_protos(other.ssl(), h2, 3);
  EXPECT_FALSE(other.connect());
}

TEST_F(HttpTlsTest, SurvivesPlainTextAndClientsThatLeave) {
  start({}, {}, files_);
  for (const char* bytes :
       {"GET /hello HTTP/1.1\r\n\r\n", "", "\x16\x03\x01", "\x16\x03\x01\xff"}) {
    HttpClient plain = client();
    ASSERT_TRUE(plain.send_bytes(bytes));
    plain.finish_sending();
    while (true) {
      auto more = plain.read_bytes();
      if (!more || !*more) break;
    }
  }
  {
    TlsClient leaves(port_);
    ASSERT_TRUE(leaves.connect());
    leaves.send("POST /echo HTTP/1.1\r\nContent-Length: 5\r\nHost: localhost\r\n\r\nhe");
  }
  TlsClient after(port_);
  ASSERT_TRUE(after.connect());
  after.send(kLastAsk);
  EXPECT_TRUE(after.read_all().ends_with("hello"));
}

TEST_F(HttpTlsTest, RefusesFilesThatAreMissingOrDoNotFit) {
  const TlsFiles other = make_files("other");
  ServerOptions options;
  for (const TlsFiles& files :
       {TlsFiles{"none.crt", files_.key}, TlsFiles{files_.certificate, "none.key"},
        TlsFiles{files_.certificate, other.key}}) {
    options.tls = files;
    const auto server = HttpServer::start(loop_, router_, options, metrics_, log_);
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().code(), Code::invalid);
  }
  std::remove(other.certificate.c_str());
  std::remove(other.key.c_str());
  start();
}

TEST_F(HttpTlsTest, OpensItselfToTheNetworkOnlyWithTlsAndToken) {
  ServerOptions options;
  options.address = "0.0.0.0";
  options.tls = files_;
  EXPECT_FALSE(HttpServer::start(loop_, router_, options, metrics_, log_));
  options.tokens = {{"0123456789abcdef", {Scope::read}}};
  EXPECT_TRUE(HttpServer::start(loop_, router_, options, metrics_, log_));
  start();
}

}  // namespace
}  // namespace quintet::host
