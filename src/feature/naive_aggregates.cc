// Aggregates of naive.h over a list of values, each as S4 says it.
#include <cmath>
#include <map>
#include <set>

#include "base/bytes.h"
#include "base/decimal.h"
#include "base/hash.h"
#include "base/real.h"
#include "feature/naive.h"
#include "feature/naive_sums.h"

namespace quintet::feature {

using app::Function;
using event::Kind;
using event::Value;

namespace {

struct Sums {
  Big n, sum, squares;
  Big unit = 1;  // a value is an integer / unit * 2^-point
  int point = 0;
};

Sums sums_of(event::Type type, const std::vector<Value>& values) {
  Sums sums;
  if (type.kind == Kind::decimal) sums.unit = power_of_ten(type.scale);
  if (type.kind == Kind::real) sums.point = Big::point();
  for (const Value value : values) {
    const Big x = value.kind() == Kind::real ? Big::of(value.as_real()) : Big(value.as_int64());
    sums.n = sums.n + 1;
    sums.sum = sums.sum + x;
    sums.squares = sums.squares + x * x;
  }
  return sums;
}

Value sum_of(const app::Aggregate& aggregate, event::Type type, const std::vector<Value>& values) {
  const Sums sums = sums_of(type, values);
  if (aggregate.type.kind == Kind::real) {
    return Value::real_or_null(quotient(sums.sum, 1, -sums.point));
  }
  const auto sum = sums.sum.to_int64();
  if (!sum) return {};
  if (aggregate.type.kind == Kind::decimal) return Value::decimal(*sum);
  if (aggregate.type.kind == Kind::duration) return Value::duration(*sum);
  return Value::int64(*sum);
}

Value mean_of(event::Type type, const std::vector<Value>& values) {
  const Sums sums = sums_of(type, values);
  return Value::real_or_null(quotient(sums.sum, sums.n * sums.unit, -sums.point));
}

double variance_of(event::Type type, const std::vector<Value>& values) {
  const Sums sums = sums_of(type, values);
  const Big top = sums.n * sums.squares + (sums.sum * sums.sum).minus_sign();
  return quotient(top, sums.n * sums.n * sums.unit * sums.unit, -2 * sums.point);
}

Value distinct_of(const std::vector<Value>& values) {
  std::map<std::uint64_t, int> registers;
  for (const Value value : values) {
    std::string bytes;
    ByteWriter out(bytes);
    event::write_canonical(out, value);
    const std::uint64_t hash = hash64(bytes);
    int rank = 1;
    while (rank < 53 && (hash >> (52 - rank) & 1) == 0) ++rank;
    int& most = registers[hash >> 52];
    most = std::max(most, rank);
  }
  Big sum = 0;
  for (int i = 0; i < 4096; ++i) {
    const auto found = registers.find(static_cast<std::uint64_t>(i));
    sum = sum + Big(std::int64_t{1} << (53 - (found == registers.end() ? 0 : found->second)));
  }
  const double harmonic = quotient(sum, 1, -53);
  double estimate = 0.7213 / (1 + 1.079 / 4096.0) * 4096.0 * 4096.0 / harmonic;
  const auto zeros = static_cast<double>(4096 - registers.size());
  if (estimate <= 2.5 * 4096 && zeros > 0) estimate = 4096.0 * real::log(4096.0 / zeros);
  return Value::int64(static_cast<std::int64_t>(std::floor(estimate + 0.5)));
}

Value quantile_of(event::Type type, double q, const std::vector<Value>& values) {
  std::vector<double> edges;
  for (const Value value : values) {
    const double d =
        value.kind() == Kind::real
            ? value.as_real()
            : decimal_to_double(value.as_int64(), type.kind == Kind::decimal ? type.scale : 0);
    edges.push_back(std::bit_cast<double>(std::bit_cast<std::uint64_t>(d) >> 45 << 45));
  }
  std::sort(edges.begin(), edges.end());
  // ceil(q n) for the shortest decimal that is q, by counting up.
  const std::int64_t written = *parse_decimal(format_double(q), 18);
  std::int64_t at = 1;
  const auto n = static_cast<std::int64_t>(edges.size());
  const auto reaches = [&](std::int64_t rank) {
    return !(Big(rank) * Big(power_of_ten(18)) + (Big(written) * Big(n)).minus_sign()).negative();
  };
  while (at < n && !reaches(at)) ++at;
  return Value::real(edges[static_cast<std::size_t>(at - 1)]);
}

struct Less {
  bool operator()(Value a, Value b) const { return event::compare(a, b) < 0; }
};

Value list_of(const std::vector<Value>& values, event::Arena& arena) {
  const auto items = arena.values(values.size());
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = arena.copy(values[i]);
  return Value::list(items);
}

Value top_of(std::int64_t k, const std::vector<Value>& values, event::Arena& arena) {
  std::map<Value, int, Less> counts;
  for (const Value value : values) ++counts[value];
  std::vector<Value> top;
  for (const auto& [value, count] : counts) top.push_back(value);
  std::stable_sort(top.begin(), top.end(), [&](Value a, Value b) { return counts[a] > counts[b]; });
  if (top.size() > static_cast<std::size_t>(k)) top.resize(static_cast<std::size_t>(k));
  return list_of(top, arena);
}

}  // namespace

Value aggregate_of(const app::Aggregate& aggregate, event::Type type,
                   const std::vector<Value>& values, std::size_t count, event::Arena& arena) {
  const auto n = static_cast<std::int64_t>(aggregate.input < 0 ? count : values.size());
  switch (aggregate.function) {
    case Function::count: return Value::int64(n);
    case Function::sum: return sum_of(aggregate, type, values);
    case Function::distinct: return distinct_of(values);
    case Function::top_k: return top_of(aggregate.limit, values, arena);
    case Function::list: {
      const auto limit = static_cast<std::size_t>(aggregate.limit);
      const std::size_t from = values.size() > limit ? values.size() - limit : 0;
      return list_of({values.begin() + static_cast<std::ptrdiff_t>(from), values.end()}, arena);
    }
    default: break;
  }
  if (values.empty()) return {};
  const auto true_one = [](Value v) { return v.as_bool(); };
  switch (aggregate.function) {
    case Function::mean: return mean_of(type, values);
    case Function::var: return Value::real_or_null(variance_of(type, values));
    case Function::std: return Value::real_or_null(std::sqrt(variance_of(type, values)));
    case Function::min: return arena.copy(*std::min_element(values.begin(), values.end(), Less{}));
    case Function::max: return arena.copy(*std::max_element(values.begin(), values.end(), Less{}));
    case Function::first: return arena.copy(values.front());
    case Function::last: return arena.copy(values.back());
    case Function::any: return Value::boolean(std::any_of(values.begin(), values.end(), true_one));
    case Function::all: return Value::boolean(std::all_of(values.begin(), values.end(), true_one));
    case Function::quantile: return quantile_of(type, aggregate.q, values);
    default: return {};
  }
}

}  // namespace quintet::feature
