// Traces for people: the spans of a process, sent to a collector as OTLP over HTTP (POST
// URL/v1/traces, protobuf), as the OpenTelemetry protocol 1.x describes it. A trace is recorded if
// its traceparent says so, or, where the request brought none, for a share of the requests.
//
// Nothing waits for it: spans beyond kMostSpans are dropped and counted, and a collector that is
// away costs no request anything. Threads: add() and wants() from any; the rest from one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/types.h"
#include "host/http.h"
#include "host/log.h"
#include "host/metrics.h"

namespace quintet::host {

enum class SpanKind : unsigned char { internal = 1, server = 2, client = 3 };

struct Span {
  std::string trace;   // 32 hex digits
  std::string id;      // 16
  std::string parent;  // 16, or empty
  std::string name;
  SpanKind kind = SpanKind::internal;
  Micros begin = 0, end = 0;  // wall clock
  bool failed = false;
  std::vector<std::pair<std::string, std::string>> texts = {};     // attributes
  std::vector<std::pair<std::string, std::int64_t>> numbers = {};  // attributes
};

// A span's id that two processes find for themselves: of a position of the log, by what is done to
// it there.
std::string span_id_of(std::string_view trace_id, std::string_view name, Position position);

struct TracerSettings {
  std::string url;      // of the collector, as http://127.0.0.1:4318; empty: no traces
  double share = 1;     // of the requests that bring no traceparent
  std::string service;  // the process's name, as quintet-ingest
};

// `invalid`, if it can be no collector's.
Expected<void> check_collector(std::string_view url);

// Most spans that wait to be sent, and most in one message.
inline constexpr std::size_t kMostSpans = 16'384;
inline constexpr std::size_t kSpansAtOnce = 512;

class Tracer {
 public:
  // Errors: the URL cannot be one.
  static Expected<std::unique_ptr<Tracer>> start(TracerSettings settings, Metrics& metrics,
                                                 Logger& log);
  // Sends what waits, for two seconds at most.
  ~Tracer();

  // Whether a request that brought no trace is recorded: the same for one id everywhere.
  bool samples(std::string_view trace_id) const;
  void add(Span span);

 private:
  struct State;
  explicit Tracer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The body of an ExportTraceServiceRequest.
std::string write_otlp(const std::string& service, const std::vector<Span>& spans);

}  // namespace quintet::host
