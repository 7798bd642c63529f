// Hashing, conversions, lists.
#include "base/hash.h"
#include "expr/number.h"
#include "expr/table.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

namespace {

constexpr Parameter kScalar[] = {{"x", Accepts::scalar}};
constexpr Parameter kBucket[] = {
    {"x", Accepts::scalar}, {"n", Accepts::int64}, {"salt", Accepts::text, true}};
constexpr Parameter kList[] = {{"items", Accepts::list}};
constexpr Parameter kElement[] = {{"items", Accepts::list}, {"i", Accepts::int64}};
constexpr Parameter kIsIn[] = {{"x", Accepts::scalar}, {"items", Accepts::list}};

constexpr Example kHash[] = {
    {"hash(name) == hash(\"Anna\")", "true"}, {"hash(n) >= 0", "true"}, {"hash(nothing)", "null"}};
constexpr Example kBucketExamples[] = {{"bucket(name, 1)", "0"},
                                       {"bucket(name, 10) < 10", "true"},
                                       {"bucket(name, 10, \"a\") >= 0", "true"},
                                       {"bucket(name, 0)", "null"}};
constexpr Example kToInt64[] = {{"to_int64(\"12\")", "12"},
                                {"to_int64(-2.9)", "-2"},
                                {"to_int64(amount)", "12"},
                                {"to_int64(flag)", "1"},
                                {"to_int64(\"12a\")", "null"}};
constexpr Example kToDouble[] = {{"to_double(amount)", "12.5"},
                                 {"to_double(\"1e3\")", "1000"},
                                 {"to_double(false)", "0"},
                                 {"to_double(\"\")", "null"}};
constexpr Example kToString[] = {{"to_string(amount)", "12.50"},
                                 {"to_string(flag)", "true"},
                                 {"to_string(at)", "2024-02-29T13:45:30Z"}};
constexpr Example kSize[] = {{"size(tags)", "3"}, {"size([1, 2])", "2"}};
constexpr Example kElementExamples[] = {
    {"element(tags, 1)", "a"}, {"element(tags, -2)", "b"}, {"element(tags, 4)", "null"}};
constexpr Example kIsInExamples[] = {{"is_in(n, [5, 7])", "true"},
                                     {"is_in(\"z\", tags)", "false"},
                                     {"is_in(nothing, tags)", "null"}};

constexpr Function kTable[] = {
    {FunctionId::hash, "hash", kScalar, "int64", "Hashing",
     "XXH3 with 64 bits over the canonical bytes of x, without the top bit. The same in every "
     "process and version.",
     kHash},
    {FunctionId::bucket, "bucket", kBucket, "int64", "Hashing",
     "0 to n - 1, by the hash of x and salt: for samples and canaries.", kBucketExamples},
    {FunctionId::to_int64, "to_int64", kScalar, "int64", "Conversion",
     "A number cut to its whole part, a bool as 1 or 0, a string read as a number, a time or a "
     "duration in microseconds; null and an error if it does not fit.",
     kToInt64},
    {FunctionId::to_double, "to_double", kScalar, "double", "Conversion",
     "The nearest double of a number, a bool as 1 or 0, a string read as a number.", kToDouble},
    {FunctionId::to_string, "to_string", kScalar, "string", "Conversion",
     "The text that reads back as the same value.", kToString},
    {FunctionId::size, "size", kList, "int64", "Lists", "The number of items.", kSize},
    {FunctionId::element, "element", kElement, "as the items", "Lists",
     "The i-th item from 1, or with a negative i from the end; null if there is none.",
     kElementExamples},
    {FunctionId::is_in, "is_in", kIsIn, "bool", "Lists", "The same as x in items.", kIsInExamples},
};

std::uint64_t hash_of(Value x, Value salt) {
  std::string bytes;
  ByteWriter out(bytes);
  event::write_canonical(out, x);
  if (!salt.is_null()) event::write_canonical(out, salt);
  return hash64(bytes) & ~(std::uint64_t{1} << 63);
}

Value bucket_of(Frame& frame, Value x, Value n, Value salt) {
  if (n.as_int64() < 1) return frame.fail(Fault::domain);
  return Value::int64(
      static_cast<std::int64_t>(hash_of(x, salt) % static_cast<std::uint64_t>(n.as_int64())));
}

Operand bucket_function(Call& call) {
  const Type type = type_of(Kind::int64);
  if (call.has(2)) return call.made3(type, bucket_of);
  return call.made2(type,
                    [](Frame& frame, Value x, Value n) { return bucket_of(frame, x, n, Value()); });
}

Operand no_conversion(Call& call) {
  return call.fail(code::kType, call.arguments[0].ast->span,
                   "`" + call.ast.text + "` does not take " + event::to_string(call.type(0)));
}

Operand to_int64_function(Call& call) {
  const Type type = type_of(Kind::int64);
  switch (call.type(0).kind) {
    case Kind::boolean:
    case Kind::int64:
    case Kind::timestamp:
    case Kind::duration:
      return call.made1(type, [](Frame&, Value v) { return Value::int64(v.as_int64()); });
    case Kind::decimal:
      return call.made1(type, [unit = power_of_ten(call.type(0).scale)](Frame&, Value v) {
        return Value::int64(v.as_int64() / unit);
      });
    case Kind::real:
      return call.made1(type, [](Frame& frame, Value v) {
        const double d = v.as_real();
        if (!(d >= -0x1p63 && d < 0x1p63)) return frame.fail(Fault::overflow);
        return Value::int64(static_cast<std::int64_t>(d));
      });
    case Kind::text:
      return call.made1(type, [](Frame& frame, Value v) {
        const Expected<std::int64_t> i = parse_int64(v.as_text());
        return i ? Value::int64(*i) : frame.fail(Fault::domain);
      });
    default: return no_conversion(call);
  }
}

Operand to_double_function(Call& call) {
  const Type type = type_of(Kind::real);
  switch (call.type(0).kind) {
    case Kind::int64:
    case Kind::decimal:
    case Kind::real: {
      Operand x = convert(std::move(call.arguments[0]), type);
      return made(call.ast, type, std::move(x.node));
    }
    case Kind::boolean:
      return call.made1(type, [](Frame&, Value v) { return Value::real(v.as_bool() ? 1 : 0); });
    case Kind::text:
      return call.made1(type, [](Frame& frame, Value v) {
        const Expected<double> d = parse_double(v.as_text());
        return d ? Value::real(*d) : frame.fail(Fault::domain);
      });
    default: return no_conversion(call);
  }
}

Operand to_string_function(Call& call) {
  const Type from = call.type(0);
  if (from.kind == Kind::bytes) return no_conversion(call);
  return call.made1(type_of(Kind::text), [from](Frame& frame, Value v) {
    if (v.kind() == Kind::text) return v;
    return Value::text(frame.arena.copy(event::to_text(from, v)));
  });
}

Operand element_function(Call& call) {
  return call.made2(call.type(0).element_type(), [](Frame&, Value list, Value i) {
    const auto n = static_cast<std::int64_t>(list.items().size());
    const std::int64_t at = i.as_int64() > 0 ? i.as_int64() - 1 : i.as_int64() + n;
    if (i.as_int64() == 0 || at < 0 || at >= n) return Value();
    return list.items()[static_cast<std::size_t>(at)];
  });
}

}  // namespace

std::span<const Function> value_functions() {
  return kTable;
}

Operand value_function(Call& call) {
  const Type int64 = type_of(Kind::int64);
  switch (call.function.id) {
    case FunctionId::hash:
      return call.made1(int64, [](Frame&, Value v) {
        return Value::int64(static_cast<std::int64_t>(hash_of(v, Value())));
      });
    case FunctionId::bucket: return bucket_function(call);
    case FunctionId::to_int64: return to_int64_function(call);
    case FunctionId::to_double: return to_double_function(call);
    case FunctionId::to_string: return to_string_function(call);
    case FunctionId::size:
      return call.made1(int64, [](Frame&, Value v) {
        return Value::int64(static_cast<std::int64_t>(v.items().size()));
      });
    case FunctionId::element: return element_function(call);
    default:
      Operand list = std::move(call.arguments[1]);
      return list_membership(call.build, call.ast, std::move(call.arguments[0]), std::move(list));
  }
}

}  // namespace quintet::expr
