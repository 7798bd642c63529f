// The application versions of a log, as a start finds them.
#include "app/load.h"
#include "host/loop.h"
#include "host/place.h"
#include "store/memory.h"

namespace quintet::host {
namespace {

std::string app_with(const std::string& column) {
  return R"(quintet: 1
app: shop
pattern: monolithic
events:
  sale: {id: id, time: at, fields: {id: string, at: timestamp, customer: string}}
features:
  f: {of: sale, columns: {)" +
         column + ": count() over 7d by customer}}\n";
}

// The text of a version is long, and to parse it is much of what a start of a small log costs.
TEST(PlaceVersions, EachFileIsParsedOnceAndTheGivenOneNotAgain) {
  store::MemoryStore store;
  const auto vault = store::make_memory_vault();
  SystemClock clock;
  Loop loop;
  std::unique_ptr<Place> place;
  std::shared_ptr<const app::Spec> given;
  const auto open = [&](const std::string& text) {
    place.reset();
    Place::Settings settings;
    settings.spec = given = app::load(text).spec;
    ASSERT_NE(given, nullptr);
    auto opened = Place::open({store, *vault, clock, loop}, std::move(settings));
    ASSERT_TRUE(opened) << opened.error().message();
    place = *std::move(opened);
  };
  const std::string one = app_with("one"), two = app_with("two");
  for (int i = 0; i < 3; ++i) {
    open(one);
    open(two);
  }
  bool stored = false;
  place->snapshot([&](const Expected<void>& done) {
    stored = done.has_value();
    loop.stop();
  });
  loop.run();
  ASSERT_TRUE(stored);
  // From the log alone, and from a snapshot that holds the texts.
  for (int i = 0; i < 2; ++i) {
    open(two);
    EXPECT_EQ(place->started().snapshot != kNoPosition, i == 0);
    ASSERT_EQ(place->spec_of(7), nullptr);
    for (AppVersion version = 1; version <= 6; ++version) {
      const auto spec = place->spec_of(version);
      ASSERT_NE(spec, nullptr);
      EXPECT_EQ(spec, version % 2 == 1 ? place->spec_of(1) : given) << version;
    }
    EXPECT_EQ(place->spec_of(1)->text, one);
    EXPECT_EQ(&place->spec(), given.get());
    ASSERT_TRUE(store.remove_snapshots());
  }
}

}  // namespace
}  // namespace quintet::host
