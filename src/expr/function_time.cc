// Parts of a time in the application's offset (S6.5), durations as numbers, truncate.
#include "base/civil.h"
#include "expr/number.h"
#include "expr/table.h"

namespace quintet::expr {

using event::Kind;
using event::Type;
using event::Value;

namespace {

constexpr Parameter kTime[] = {{"t", Accepts::timestamp}};
constexpr Parameter kDuration[] = {{"d", Accepts::duration}};
constexpr Parameter kTruncate[] = {{"t", Accepts::timestamp}, {"step", Accepts::duration}};

constexpr Example kHourExamples[] = {{"hour(at)", "13"}};
constexpr Example kMinuteExamples[] = {{"minute(at)", "45"}};
constexpr Example kWeekdayExamples[] = {{"weekday(at)", "4"}, {"weekday(at + 3d)", "7"}};
constexpr Example kDayExamples[] = {{"day(at)", "29"}, {"day(at + 1d)", "1"}};
constexpr Example kMonthExamples[] = {{"month(at)", "2"}};
constexpr Example kYearExamples[] = {{"year(at)", "2024"}, {"year(at - 60d)", "2023"}};
constexpr Example kDayOfYearExamples[] = {{"day_of_year(at)", "60"}};
constexpr Example kDaysExamples[] = {{"days(36h)", "1.5"}, {"days(at - (at - 1d))", "1"}};
constexpr Example kHoursExamples[] = {{"hours(gap)", "1.5"}};
constexpr Example kMinutesExamples[] = {{"minutes(gap)", "90"}};
constexpr Example kSecondsExamples[] = {{"seconds(gap)", "5400"}, {"seconds(250ms)", "0.25"}};
constexpr Example kMillisecondsExamples[] = {{"milliseconds(2s)", "2000"}};
constexpr Example kTruncateExamples[] = {{"truncate(at, 1h)", "2024-02-29T13:00:00Z"},
                                         {"truncate(at, 1d)", "2024-02-29T00:00:00Z"},
                                         {"truncate(at, 0s)", "null"}};

constexpr std::string_view kGroup = "Time";
constexpr Function kTable[] = {
    {FunctionId::hour, "hour", kTime, "int64", kGroup, "0 to 23.", kHourExamples},
    {FunctionId::minute, "minute", kTime, "int64", kGroup, "0 to 59.", kMinuteExamples},
    {FunctionId::weekday, "weekday", kTime, "int64", kGroup, "ISO: Monday 1 to Sunday 7.",
     kWeekdayExamples},
    {FunctionId::day, "day", kTime, "int64", kGroup, "Day of the month, 1 to 31.", kDayExamples},
    {FunctionId::month, "month", kTime, "int64", kGroup, "1 to 12.", kMonthExamples},
    {FunctionId::year, "year", kTime, "int64", kGroup, "The year.", kYearExamples},
    {FunctionId::day_of_year, "day_of_year", kTime, "int64", kGroup, "1 to 366.",
     kDayOfYearExamples},
    {FunctionId::days, "days", kDuration, "double", kGroup, "The duration in days.", kDaysExamples},
    {FunctionId::hours, "hours", kDuration, "double", kGroup, "The duration in hours.",
     kHoursExamples},
    {FunctionId::minutes, "minutes", kDuration, "double", kGroup, "The duration in minutes.",
     kMinutesExamples},
    {FunctionId::seconds, "seconds", kDuration, "double", kGroup, "The duration in seconds.",
     kSecondsExamples},
    {FunctionId::milliseconds, "milliseconds", kDuration, "double", kGroup,
     "The duration in milliseconds.", kMillisecondsExamples},
    {FunctionId::truncate, "truncate", kTruncate, "timestamp", kGroup,
     "The last multiple of `step` not after t, counted from 1970-01-01 00:00 in the application's "
     "time zone.",
     kTruncateExamples},
};

Operand part(Call& call, int (*of)(Micros, int)) {
  const int offset = call.build.utc_offset_minutes;
  return call.made1(type_of(Kind::int64), [of, offset](Frame&, Value v) {
    return Value::int64(of(v.as_int64(), offset));
  });
}

Operand in_units(Call& call, Micros unit) {
  return call.made1(type_of(Kind::real), [unit](Frame&, Value v) {
    return Value::real(divide({v.as_int64(), 0}, {unit, 0}));
  });
}

Operand truncate_function(Call& call) {
  const Micros offset = call.build.utc_offset_minutes * kMinute;
  return call.made2(call.type(0), [offset](Frame& frame, Value t, Value step) {
    if (step.as_int64() <= 0) return frame.fail(Fault::domain);
    const Micros local = t.as_int64() + offset;
    Micros out = 0;
    if (__builtin_mul_overflow(floor_divide(local, step.as_int64()), step.as_int64(), &out) ||
        __builtin_sub_overflow(out, offset, &out) || !is_time(out)) {
      return frame.fail(Fault::overflow);
    }
    return Value::timestamp(out);
  });
}

}  // namespace

std::span<const Function> time_functions() {
  return kTable;
}

Operand time_function(Call& call) {
  switch (call.function.id) {
    case FunctionId::hour: return part(call, hour_of);
    case FunctionId::minute: return part(call, minute_of);
    case FunctionId::weekday: return part(call, weekday_of);
    case FunctionId::day: return part(call, day_of);
    case FunctionId::month: return part(call, month_of);
    case FunctionId::year: return part(call, year_of);
    case FunctionId::day_of_year: return part(call, day_of_year);
    case FunctionId::days: return in_units(call, kDay);
    case FunctionId::hours: return in_units(call, kHour);
    case FunctionId::minutes: return in_units(call, kMinute);
    case FunctionId::seconds: return in_units(call, kSecond);
    case FunctionId::milliseconds: return in_units(call, 1'000);
    default: return truncate_function(call);
  }
}

}  // namespace quintet::expr
