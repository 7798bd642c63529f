// Spans as the OpenTelemetry protocol writes them: messages and numbers of fields are those of
// opentelemetry/proto/collector/trace/v1 and trace/v1.
#include "host/tracer.h"
#include "link/proto.h"

namespace quintet::host {

namespace {

using link::ProtoWriter;

constexpr std::uint64_t kNanos = 1'000;  // of a microsecond
constexpr std::uint64_t kStatusError = 2;

std::string raw_of(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string raw;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    raw += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
  }
  return raw;
}

std::string text_attribute(std::string_view name, std::string_view text) {
  std::string out, value;
  ProtoWriter(value).message(1, text);
  ProtoWriter writer(out);
  writer.bytes(1, name);
  writer.message(2, value);
  return out;
}

std::string number_attribute(std::string_view name, std::int64_t number) {
  std::string out, value;
  ProtoWriter(value).present(3, static_cast<std::uint64_t>(number));
  ProtoWriter writer(out);
  writer.bytes(1, name);
  writer.message(2, value);
  return out;
}

std::string bytes_of(const Span& span) {
  std::string out;
  ProtoWriter writer(out);
  writer.bytes(1, raw_of(span.trace));
  writer.bytes(2, raw_of(span.id));
  writer.bytes(4, raw_of(span.parent));
  writer.bytes(5, span.name);
  writer.number(6, static_cast<std::uint64_t>(span.kind));
  writer.fixed64(7, static_cast<std::uint64_t>(span.begin) * kNanos);
  writer.fixed64(8, static_cast<std::uint64_t>(span.end) * kNanos);
  for (const auto& [name, text] : span.texts) writer.message(9, text_attribute(name, text));
  for (const auto& [name, number] : span.numbers) {
    writer.message(9, number_attribute(name, number));
  }
  if (span.failed) {
    std::string status;
    ProtoWriter(status).number(3, kStatusError);
    writer.message(15, status);
  }
  return out;
}

}  // namespace

std::string write_otlp(const std::string& service, const std::vector<Span>& spans) {
  std::string resource, scope, scoped, all, out;
  ProtoWriter of_resource(resource);
  of_resource.message(1, text_attribute("service.name", service));
  ProtoWriter of_scope(scope);
  of_scope.bytes(1, "quintet");
  ProtoWriter of_scoped(scoped);
  of_scoped.message(1, scope);
  for (const Span& span : spans) of_scoped.message(2, bytes_of(span));
  ProtoWriter of_all(all);
  of_all.message(1, resource);
  of_all.message(2, scoped);
  ProtoWriter(out).message(1, all);
  return out;
}

}  // namespace quintet::host
