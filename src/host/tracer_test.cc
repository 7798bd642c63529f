#include "host/tracer.h"

#include <gtest/gtest.h>

#include <set>

#include "event/record.h"
#include "host/event_spans.h"
#include "host/http_text.h"
#include "link/proto.h"

namespace quintet::host {
namespace {

TEST(SpanId, IsTheSameWhereverItIsAskedAndOfEachServiceItsOwn) {
  const std::string trace(32, 'a');
  std::set<std::string> ids;
  for (const char* name : {"ingest", "infer", "results"}) {
    for (Position position = 1; position <= 100; ++position) {
      ids.insert(span_id_of(trace, name, position));
      EXPECT_EQ(span_id_of(trace, name, position), span_id_of(trace, name, position));
    }
  }
  EXPECT_EQ(ids.size(), 300U);
  EXPECT_EQ(ids.begin()->size(), 16U);
}

TEST(Traceparent, NamesTheRequestsOwnSpanToWhomItAsks) {
  Trace trace{std::string(32, 'a'), std::string(16, 'b'), true, {}};
  EXPECT_EQ(traceparent_of(trace), "00-" + trace.id + "-bbbbbbbbbbbbbbbb-01");
  trace.span = std::string(16, 'c');
  EXPECT_EQ(traceparent_of(trace), "00-" + trace.id + "-cccccccccccccccc-01");
}

// The published classes read the same bytes in test/validate/traces.py; here its parts are counted.
TEST(Otlp, HoldsEachSpan) {
  std::vector<Span> spans(3);
  for (Span& span : spans) {
    span.trace = std::string(32, '1');
    span.id = std::string(16, '2');
    span.name = "one";
    span.begin = 1'000'000;
    span.end = 1'000'007;
  }
  const std::string bytes = write_otlp("quintet-test", spans);
  link::ProtoReader request(bytes);
  ASSERT_TRUE(request.next());
  link::ProtoReader resource(request.bytes());
  ASSERT_TRUE(resource.next());
  EXPECT_NE(resource.bytes().find("quintet-test"), std::string_view::npos);
  ASSERT_TRUE(resource.next());
  link::ProtoReader scope(resource.bytes());
  int found = 0;
  while (scope.next()) {
    if (scope.field() != 2) continue;
    ++found;
    link::ProtoReader span(scope.bytes());
    while (span.next()) {
      if (span.field() == 1) {
        EXPECT_EQ(span.bytes(), std::string(16, '\x11'));
      } else if (span.field() == 8) {
        EXPECT_EQ(span.number(), 1'000'007'000U);
      }
    }
    EXPECT_TRUE(span.ok());
  }
  EXPECT_EQ(found, 3);
}

TEST(Tracer, RefusesAnAddressThatIsNone) {
  SystemClock clock;
  Logger log(clock, LogLevel::off);
  Metrics metrics;
  for (const char* wrong : {"ftp://x", "nonsense", "http://", "http://host:x"}) {
    EXPECT_FALSE(Tracer::start({wrong, 1, "test"}, metrics, log)) << wrong;
    const auto checked = check_collector(wrong);
    ASSERT_FALSE(checked) << wrong;
    EXPECT_EQ(checked.error().message(),
              "\"" + std::string(wrong) + "\" is no URL as http://localhost:8080");
  }
  EXPECT_TRUE(check_collector("http://127.0.0.1:4318/"));
  EXPECT_TRUE(check_collector("https://collector.example.org/otlp"));
}

TEST(Tracer, RecordsAShareOfTheTracesThatBeginHere) {
  SystemClock clock;
  Logger log(clock, LogLevel::off);
  Metrics metrics;
  const auto tracer = Tracer::start({"http://127.0.0.1:1", 0.25, "test"}, metrics, log);
  ASSERT_TRUE(tracer);
  int recorded = 0;
  for (int i = 0; i < 4'000; ++i) recorded += (*tracer)->samples(std::to_string(i)) ? 1 : 0;
  EXPECT_GT(recorded, 900);
  EXPECT_LT(recorded, 1'100);
}

// Nobody listens there: what cannot be sent is counted, and the end does not wait for it.
TEST(Tracer, CountsWhatNobodyTook) {
  SystemClock clock;
  Logger log(clock, LogLevel::off);
  Metrics metrics;
  {
    const auto tracer = Tracer::start({"http://127.0.0.1:1", 1, "test"}, metrics, log);
    ASSERT_TRUE(tracer);
    EventSpans spans(tracer->get(), clock, "ingest", "");
    event::Block block;
    block.first = 1;
    for (const char* end : {"-01", "-00", "-01"}) {
      event::Record record;
      record.position = block.first + block.records.size();
      record.trace = "00-" + std::string(32, 'a') + "-" + std::string(16, 'b') + end;
      block.records.push_back(record);
    }
    spans.came(event::encode_block(block, {}));
    spans.came(event::encode_block(block, {}));  // again: nothing is told twice
    spans.done(3);
  }
  EXPECT_NE(metrics.text().find("quintet_spans_dropped_total 2\n"), std::string::npos)
      << metrics.text();
}

}  // namespace
}  // namespace quintet::host
