#include <fmt/format.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <filesystem>
#include <fstream>

#include "link/grpc_parts.h"

namespace quintet::link {

namespace {

using Provider = grpc::experimental::FileWatcherCertificateProvider;

// Without its files the provider would wait for them in silence.
Expected<std::shared_ptr<Provider>> provider_of(const TlsOptions& tls) {
  for (const char* name : {"ca.pem", "cert.pem", "key.pem"}) {
    std::ifstream file(std::filesystem::path(tls.directory) / name);
    std::string first;
    if (!std::getline(file, first) || !first.starts_with("-----BEGIN ")) {
      return invalid(fmt::format("{}/{} cannot be read, or is not PEM", tls.directory, name));
    }
  }
  return std::make_shared<Provider>(tls.directory + "/key.pem", tls.directory + "/cert.pem",
                                    tls.directory + "/ca.pem",
                                    static_cast<unsigned>(kCertificateReload / kSecond));
}

void watch(grpc::experimental::TlsCredentialsOptions& options) {
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
}

}  // namespace

Expected<std::shared_ptr<grpc::ServerCredentials>> server_credentials(
    const std::optional<TlsOptions>& tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  TRY(auto provider, provider_of(*tls));
  grpc::experimental::TlsServerCredentialsOptions options(std::move(provider));
  watch(options);
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

Expected<std::shared_ptr<grpc::ChannelCredentials>> channel_credentials(
    const std::optional<TlsOptions>& tls) {
  if (!tls) return grpc::InsecureChannelCredentials();
  TRY(auto provider, provider_of(*tls));
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(std::move(provider));
  watch(options);
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace quintet::link
