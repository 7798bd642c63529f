#include "feature/tally.h"

#include "base/check.h"
#include "base/decimal.h"
#include "feature/extremes.h"

namespace quintet::feature {

using app::Function;
using event::Kind;
using event::Value;

namespace {

int scale_of(event::Type type) {
  return type.kind == Kind::decimal ? type.scale : 0;
}

}  // namespace

struct Tally::Rich {
  explicit Rich(const ByValue& order) : values(order) {}

  ExactSum sum;  // of doubles
  ExactMoments moments;
  Distinct distinct;
  Buckets buckets;
  std::map<std::int64_t, std::int64_t, ByValue> values;  // how often each stands in the window
  std::unique_ptr<Extremes> extremes;
};

Tally::Tally(const Lane& lane, const Texts& texts) {
  const bool doubles = lane.kind == RawKind::real && lane.sum;
  if (doubles || lane.squares || lane.ordered || lane.distinct || lane.buckets) {
    rich_ = std::make_unique<Rich>(ByValue{lane.kind == RawKind::text ? &texts : nullptr});
  }
}

Tally::Tally(Tally&&) noexcept = default;
Tally& Tally::operator=(Tally&&) noexcept = default;
Tally::~Tally() = default;

void Tally::change_rich(const Lane& lane, std::int64_t value, std::int64_t times) {
  if (lane.sum && lane.kind == RawKind::real) {
    times > 0 ? rich_->sum.add_real(real_of(value)) : rich_->sum.remove_real(real_of(value));
  }
  if (lane.squares) {
    ExactMoments& moments = rich_->moments;
    if (lane.kind == RawKind::real) {
      times > 0 ? moments.add_real(real_of(value)) : moments.remove_real(real_of(value));
    } else {
      times > 0 ? moments.add_int64(value) : moments.remove_int64(value);
    }
  }
  if (lane.ordered) {
    const auto found = rich_->values.try_emplace(value, 0).first;
    found->second += times;
    check(found->second >= 0, "a window lost a value that it never had");
    if (found->second == 0) rich_->values.erase(found);
  }
  if (lane.distinct) {
    event::Arena unused;
    const Value v = lane.kind == RawKind::text
                        ? (lane.type.kind == Kind::bytes
                               ? Value::bytes(rich_->values.key_comp().texts->text(value))
                               : Value::text(rich_->values.key_comp().texts->text(value)))
                        : value_of({value, false}, lane.type);
    rich_->distinct.add(Distinct::hash(v), times);
  }
  if (lane.buckets) {
    const double d =
        lane.kind == RawKind::real ? real_of(value) : decimal_to_double(value, scale_of(lane.type));
    rich_->buckets.add(d, times);
  }
}

Value Tally::value(const Lane& lane, std::int64_t bits, event::Arena& arena) const {
  if (lane.kind != RawKind::text) return value_of({bits, false}, lane.type);
  const auto text = arena.copy(rich_->values.key_comp().texts->text(bits));
  return lane.type.kind == Kind::bytes ? Value::bytes(text) : Value::text(text);
}

Value Tally::sum(const Lane& lane) const {
  if (lane.kind == RawKind::real) return Value::real_or_null(rich_->sum.to_double());
  if (whole_ > INT64_MAX || whole_ < INT64_MIN) return {};
  const auto sum = static_cast<std::int64_t>(whole_);
  switch (lane.type.kind) {
    case Kind::decimal: return Value::decimal(sum);
    case Kind::duration: return Value::duration(sum);
    default: return Value::int64(sum);
  }
}

double Tally::mean(const Lane& lane) const {
  if (lane.kind == RawKind::real) return rich_->sum.mean(static_cast<std::uint64_t>(count_));
  const Int128 divisor = static_cast<Int128>(count_) * power_of_ten(scale_of(lane.type));
  // Two whole numbers below 2^53 are doubles, and IEEE division rounds once.
  constexpr Int128 kWhole = Int128{1} << 53;
  if (whole_ < kWhole && whole_ > -kWhole && divisor < kWhole) {
    return static_cast<double>(static_cast<std::int64_t>(whole_)) /
           static_cast<double>(static_cast<std::int64_t>(divisor));
  }
  const auto size = static_cast<Uint128>(whole_ < 0 ? -whole_ : whole_);
  const double mean = round_quotient(size, static_cast<Uint128>(divisor), 0);
  return whole_ < 0 ? -mean : mean;
}

Value Tally::most_frequent(const Lane& lane, std::int64_t limit, event::Arena& arena) const {
  std::vector<std::pair<std::int64_t, std::int64_t>> found;  // -count, value: values in order
  for (const auto& [bits, count] : rich_->values) found.emplace_back(-count, bits);
  const auto fewer = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::stable_sort(found.begin(), found.end(), fewer);
  if (found.size() > static_cast<std::size_t>(limit)) {
    found.resize(static_cast<std::size_t>(limit));
  }
  const auto items = arena.values(found.size());
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = value(lane, found[i].second, arena);
  return Value::list(items);
}

Value Tally::answer(const Lane& lane, const app::Aggregate& asked, const std::int64_t* self,
                    event::Arena& arena) {
  if (self != nullptr) {
    add(lane, *self);
    const Value with = answer(lane, asked, nullptr, arena);
    remove(lane, *self);
    return with;
  }
  switch (asked.function) {
    case Function::count: return Value::int64(count_);
    case Function::sum: return sum(lane);
    case Function::mean: return count_ == 0 ? Value() : Value::real_or_null(mean(lane));
    case Function::any: return count_ == 0 ? Value() : Value::boolean(whole_ > 0);
    case Function::all: return count_ == 0 ? Value() : Value::boolean(whole_ == count_);
    default: return answer_rich(lane, asked, arena);
  }
}

Value Tally::answer_rich(const Lane& lane, const app::Aggregate& asked, event::Arena& arena) const {
  if (asked.function == Function::distinct) return Value::int64(rich_->distinct.estimate());
  if (asked.function == Function::top_k) return most_frequent(lane, asked.limit, arena);
  if (count_ == 0) return {};
  const int scale = scale_of(lane.type);
  switch (asked.function) {
    case Function::var: return Value::real_or_null(rich_->moments.variance(scale));
    case Function::std: return Value::real_or_null(rich_->moments.deviation(scale));
    case Function::quantile: return Value::real(rich_->buckets.quantile(asked.q));
    default: check(false, "this function has no tally"); return {};
  }
}

Extremes& Tally::extremes(const Lane& lane, const Texts& texts) {
  if (!rich_)
    rich_ = std::make_unique<Rich>(ByValue{lane.kind == RawKind::text ? &texts : nullptr});
  if (!rich_->extremes) rich_->extremes = std::make_unique<Extremes>();
  return *rich_->extremes;
}

namespace {

// Whether the sum of the bits is that of the values, and somebody asks for it.
bool sums_bits(const Lane& lane) {
  return lane.sum && lane.kind != RawKind::real && lane.kind != RawKind::text;
}

}  // namespace

void Tally::write(const Lane& lane, ByteWriter& out) const {
  out.varint(static_cast<std::uint64_t>(count_));
  if (sums_bits(lane)) {
    const bool small = whole_ >= INT64_MIN && whole_ <= INT64_MAX;
    out.u8(small ? 0 : 1);
    small ? out.zigzag(static_cast<std::int64_t>(whole_))
          : (out.u64(static_cast<std::uint64_t>(whole_)),
             out.i64(static_cast<std::int64_t>(whole_ >> 64)));
  }
  if (!rich_) return;
  if (lane.sum && lane.kind == RawKind::real) rich_->sum.write(out);
  if (lane.squares) rich_->moments.write(out);
  if (lane.distinct) rich_->distinct.write(out);
  if (lane.buckets) rich_->buckets.write(out);
  if (!lane.ordered) return;
  event::Arena arena;
  out.varint(rich_->values.size());
  for (const auto& [bits, count] : rich_->values) {
    arena.reset();
    event::write_value(out, lane.type, value(lane, bits, arena));
    out.varint(static_cast<std::uint64_t>(count));
  }
}

void Tally::read_whole(const Lane& lane, ByteReader& in) {
  const std::uint8_t large = in.u8();
  if (large == 0) {
    whole_ = in.zigzag();
  } else {
    const std::uint64_t low = in.u64();
    whole_ = static_cast<Int128>(in.i64()) << 64 | low;
    if (large > 1 || (whole_ >= INT64_MIN && whole_ <= INT64_MAX)) in.fail();
  }
  const bool number = lane.kind == RawKind::integer;
  const Int128 most = static_cast<Int128>(count_) * (number ? INT64_MAX : 1);
  const Int128 least = number ? static_cast<Int128>(count_) * INT64_MIN : 0;
  if (whole_ > most || whole_ < least) in.fail();
}

void Tally::read_values(const Lane& lane, ByteReader& in, Texts* texts) {
  const std::uint64_t size = in.count(in.rest());
  std::int64_t left = count_;
  event::Arena arena;
  const auto& before = rich_->values.key_comp();
  for (std::uint64_t i = 0; i < size && in.ok(); ++i) {
    arena.reset();
    const auto read = event::read_value(in, lane.type, arena);
    const auto count = static_cast<std::int64_t>(in.count(static_cast<std::uint64_t>(left)));
    if (!read || read->is_null() || count == 0) {
      in.fail();
      return;
    }
    const std::int64_t bits =
        lane.kind == RawKind::text ? texts->hold(read->as_text()) : raw_of(*read).bits;
    if (!rich_->values.empty() && !before(rich_->values.rbegin()->first, bits)) in.fail();
    rich_->values.emplace_hint(rich_->values.end(), bits, count);
    left -= count;
  }
  if (left != 0) in.fail();
}

void Tally::read(const Lane& lane, ByteReader& in, Texts* texts) {
  count_ = static_cast<std::int64_t>(in.count(INT64_MAX));
  if (sums_bits(lane)) read_whole(lane, in);
  if (!rich_) return;
  if (lane.sum && lane.kind == RawKind::real) {
    rich_->sum.read(in);
    if (count_ == 0 && !rich_->sum.is_zero()) in.fail();
  }
  if (lane.squares) {
    rich_->moments.read(in);
    if (rich_->moments.count() != static_cast<std::uint64_t>(count_)) in.fail();
  }
  if (lane.distinct) rich_->distinct.read(in, count_);
  if (lane.buckets) rich_->buckets.read(in, count_);
  if (lane.ordered) read_values(lane, in, texts);
}

std::size_t Tally::bytes() const {
  if (!rich_) return 0;
  return sizeof(Rich) + rich_->sum.heap_bytes() + rich_->moments.heap_bytes() +
         rich_->values.size() * 56 + rich_->distinct.bytes() + rich_->buckets.bytes() +
         (rich_->extremes ? rich_->extremes->bytes() : 0);
}

}  // namespace quintet::feature
