#include "event/csv_cell.h"

namespace quintet::event {
namespace {

std::string cell(Type type, Value value) {
  std::string out;
  append_csv_cell(out, type, value);
  return out;
}

TEST(CsvCell, TellsNullFromTheEmptyText) {
  const Type text = Type::of(Kind::text);
  EXPECT_EQ(cell(text, Value()), "");
  EXPECT_EQ(cell(text, Value::text("")), "\"\"");
  EXPECT_EQ(cell(text, Value::text("a,\"b\"")), "\"a,\"\"b\"\"\"");
}

}  // namespace
}  // namespace quintet::event
