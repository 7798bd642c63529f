#include "host/event_spans.h"

#include "host/http_text.h"
#include "store/log_reader.h"

namespace quintet::host {

namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;

}  // namespace

EventSpans::EventSpans(Tracer* tracer, Clock& clock, std::string name, std::string before)
    : tracer_(tracer), clock_(clock), name_(std::move(name)), before_(std::move(before)) {}

void EventSpans::came(const event::BlockBytes& block) {
  // A block is decoded only if it may have such a trace: they end in "-01".
  if (tracer_ == nullptr || block.last <= last_ || block.bytes.find("-01") == std::string::npos) {
    return;
  }
  const auto decoded = event::decode_block(block);
  if (!decoded) return;  // whoever needs it will say so
  const Micros now = clock_.wall();
  for (const event::Record& record : decoded->block.records) {
    if (record.position <= last_ || !record.trace.ends_with("-01")) continue;
    open_.push_back({record.position, before_.empty() ? record.admitted_at : now, record.trace});
    if (open_.size() > kOpenSpans) open_.pop_front();
  }
  last_ = block.last;
}

void EventSpans::done(Position last) {
  for (; !open_.empty() && open_.front().position <= last; open_.pop_front()) {
    const Open& one = open_.front();
    const auto trace = parse_traceparent(one.trace);
    if (!trace) continue;
    Span span{trace->id, span_id_of(trace->id, name_, one.position), trace->parent, name_};
    if (!before_.empty()) span.parent = span_id_of(trace->id, before_, one.position);
    span.begin = one.begin;
    span.end = std::max(one.begin, clock_.wall());
    span.numbers = {{"quintet.position", static_cast<std::int64_t>(one.position)}};
    tracer_->add(std::move(span));
  }
}

LogSpans::LogSpans(Tracer* tracer, Clock& clock, std::string directory, Position last)
    : spans_(tracer, clock, "ingest", ""), directory_(std::move(directory)), last_(last) {}

void LogSpans::durable(Position last) {
  if (!spans_.on()) return;
  if (log_ == nullptr) {
    auto opened = store::open_log_reader(directory_);
    if (!opened) return;
    log_ = *std::move(opened);
  }
  while (last_ < last) {
    const auto blocks = log_->read_log(last_ + 1, kReadBytes);
    if (!blocks || blocks->empty()) return;
    for (const event::BlockBytes& block : *blocks) {
      spans_.came(block);
      last_ = block.last;
    }
  }
  spans_.done(last);
}

}  // namespace quintet::host
