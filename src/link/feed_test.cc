// Feeds, the same over every transport.
#include "link/feed.h"

#include <numeric>

#include "link/feed_wire.h"
#include "link/world_fixture.h"

namespace quintet::link {
namespace {

// What a feed has: messages that continue each other.
class Log {
 public:
  void append(std::size_t positions, std::string body) {
    const Position first = items.empty() ? 1 : items.back().last + 1;
    items.push_back({first, first + positions - 1, std::move(body)});
  }
  FeedProducer::Read read() {
    return [this](Position from, std::size_t messages, std::size_t bytes) {
      ++reads;
      return find(from, messages, bytes);
    };
  }
  Expected<std::vector<FeedItem>> find(Position from, std::size_t messages, std::size_t bytes) {
    if (error) return *error;
    std::vector<FeedItem> found;
    std::size_t size = 0;
    for (const FeedItem& item : items) {
      if (item.last < from) continue;
      size += item.body.size();
      if (found.size() == messages || (!found.empty() && size > bytes)) break;
      found.push_back(item);
    }
    return found;
  }

  std::vector<FeedItem> items;
  std::optional<Error> error;
  int reads = 0;
};

class Follower final : public FeedEvents {
 public:
  void on_items(std::vector<FeedItem> items) override {
    for (const FeedItem& item : items) got.push_back(item);
    largest_batch = std::max(largest_batch, items.size());
    if (release && consumer) consumer->release(items);
  }
  void on_up() override { ++ups; }
  void on_down(const Error& error) override { downs.push_back(error); }
  void on_failed(const Error& error) override { failed = error; }

  std::string bodies() const {
    std::string all;
    for (const FeedItem& item : got) all += item.body;
    return all;
  }
  std::size_t bytes() const {
    return std::accumulate(
        got.begin(), got.end(), std::size_t{0},
        [](std::size_t sum, const FeedItem& item) { return sum + item.body.size(); });
  }

  std::unique_ptr<FeedConsumer> consumer;
  bool release = true;
  std::vector<FeedItem> got;
  std::size_t largest_batch = 0;
  int ups = 0;
  std::vector<Error> downs;
  std::optional<Error> failed;
};

class Feed : public World {
 protected:
  void start() {
    feeds_ = std::make_unique<Feeds>();
    producer_ = &feeds_->add("log", log_.read());
    auto service = std::make_shared<Service>();
    feeds_->offer(*service);
    serve(service);
  }
  void stop() {
    server_.reset();
    feeds_.reset();
  }
  void follow(Follower& follower, FeedConsumer::Options options) {
    if (options.feed.empty()) options.feed = "log";
    follower.consumer = std::make_unique<FeedConsumer>(local(), *channel_, options, follower);
  }
  // A feed whose items are as they are given, however wrong.
  std::string error_of(std::vector<FeedItem> items, Position from) {
    log_.items.clear();
    feeds_ = std::make_unique<Feeds>();
    bool given = false;
    feeds_->add("log", [&](Position, std::size_t, std::size_t) -> Expected<std::vector<FeedItem>> {
      if (std::exchange(given, true)) return std::vector<FeedItem>();
      return items;
    });
    auto service = std::make_shared<Service>();
    feeds_->offer(*service);
    serve(service);
    connect();
    Follower follower;
    follow(follower, {.from = from});
    EXPECT_TRUE(run_until([&] { return follower.failed.has_value(); }));
    if (!follower.failed) return "";
    EXPECT_EQ(follower.failed->code(), Code::broken);
    follower.consumer.reset();
    channel_.reset();
    stop();
    return follower.failed->message();
  }

  Log log_;
  std::unique_ptr<Feeds> feeds_;
  FeedProducer* producer_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(All, Feed, ::testing::ValuesIn(kKinds), name_of_kind);

TEST_P(Feed, GivesWhatIsThereAndThenWhatComes) {
  log_.append(1, "a");
  log_.append(3, "b");
  start();
  connect();
  Follower follower;
  follow(follower, {});
  ASSERT_TRUE(run_until([&] { return follower.got.size() == 2; }));
  EXPECT_EQ(follower.ups, 1);
  EXPECT_EQ(follower.got[1].first, 2u);
  EXPECT_EQ(follower.got[1].last, 4u);
  EXPECT_EQ(follower.consumer->next(), 5u);
  log_.append(1, "c");
  producer_->wake();
  ASSERT_TRUE(run_until([&] { return follower.got.size() == 3; }));
  EXPECT_EQ(follower.bodies(), "abc");
}

TEST_P(Feed, IsNotReadAgainUntilItIsWoken) {
  start();
  connect();
  Follower follower;
  follow(follower, {});
  ASSERT_TRUE(run_until([&] { return follower.ups == 1; }));
  log_.append(1, "a");
  producer_->wake();
  ASSERT_TRUE(run_until([&] { return follower.got.size() == 1; }));
  const int reads = log_.reads;
  pump_.run_for(kSecond / 10);
  // After the last write it has been looked once whether there is more.
  EXPECT_LE(log_.reads, reads + 2);
}

TEST_P(Feed, GoesOnFromEveryPosition) {
  constexpr Position kCount = 30;
  for (Position i = 1; i <= kCount; ++i) log_.append(1 + i % 3, std::to_string(i) + ",");
  start();
  connect();
  const Position end = log_.items.back().last;
  for (Position from = 1; from <= end + 1; ++from) {
    Follower follower;
    follow(follower, {.from = from, .messages = 3});
    std::string expected;
    for (const FeedItem& item : log_.items) {
      if (item.last >= from) expected += item.body;
    }
    ASSERT_TRUE(run_until([&] { return follower.ups == 1 && follower.bodies() == expected; }))
        << "from " << from << ": " << follower.bodies();
    EXPECT_EQ(follower.consumer->next(), end + 1);
  }
}

TEST_P(Feed, GoesOnAfterALossOnceForEveryPosition) {
  for (int i = 0; i < 100; ++i) log_.append(1, std::to_string(i) + ",");
  start();
  connect();
  Follower follower;
  follow(follower, {.messages = 7});
  std::size_t losses = 0;
  while (follower.got.size() < 100) {
    const std::size_t before = follower.got.size();
    ASSERT_TRUE(
        run_until([&] { return follower.got.size() >= std::min<std::size_t>(100, before + 9); }));
    if (follower.got.size() == 100) break;
    stop();
    ++losses;
    ASSERT_TRUE(run_until([&] { return follower.downs.size() >= losses; }));
    EXPECT_EQ(follower.downs.back().code(), Code::unavailable);
    const int ups = follower.ups;
    start();
    ASSERT_TRUE(run_until([&] { return follower.ups > ups; }));
    losses = follower.downs.size();
  }
  std::string expected;
  for (const FeedItem& item : log_.items) expected += item.body;
  EXPECT_EQ(follower.bodies(), expected);
  EXPECT_GT(losses, 5u);
}

TEST_P(Feed, WaitsForAPeerThatIsNotThereYet) {
  start();
  stop();
  connect();
  log_.append(1, "a");
  Follower follower;
  follow(follower, {});
  ASSERT_TRUE(run_until([&] { return follower.downs.size() == 2; }));
  EXPECT_NE(follower.downs[0].message().find(address_), std::string::npos)
      << follower.downs[0].message();
  start();
  EXPECT_TRUE(run_until([&] { return follower.got.size() == 1; }));
}

TEST_P(Feed, SendsNoMoreMessagesThanWereGranted) {
  for (int i = 0; i < 50; ++i) log_.append(1, "x");
  start();
  connect();
  Follower follower;
  follower.release = false;
  follow(follower, {.messages = 8});
  ASSERT_TRUE(run_until([&] { return follower.got.size() == 8; }));
  pump_.run_for(kSecond / 20);
  EXPECT_EQ(follower.got.size(), 8u);
  // A slow consumer gets as much as it releases.
  for (std::size_t released = 0; released < 42; released += 2) {
    follower.consumer->release(2, 2);
    ASSERT_TRUE(run_until([&] { return follower.got.size() == 10 + released; }));
  }
}

TEST_P(Feed, SendsNoMoreBytesThanWereGrantedButForTheLastMessage) {
  for (int i = 0; i < 50; ++i) log_.append(1, std::string(300, 'x'));
  start();
  connect();
  Follower follower;
  follower.release = false;
  follow(follower, {.bytes = 1000});
  ASSERT_TRUE(run_until([&] { return follower.bytes() >= 1000; }));
  pump_.run_for(kSecond / 20);
  EXPECT_EQ(follower.bytes(), 1200u);
}

TEST_P(Feed, SendsAMessageThatIsLargerThanTheWindowAlone) {
  log_.append(1, std::string(5000, 'a'));
  log_.append(1, std::string(5000, 'b'));
  start();
  connect();
  Follower follower;
  follower.release = false;
  follow(follower, {.bytes = 1000});
  ASSERT_TRUE(run_until([&] { return follower.got.size() == 1; }));
  pump_.run_for(kSecond / 20);
  EXPECT_EQ(follower.got.size(), 1u);
  follower.consumer->release(1, 5000);
  ASSERT_TRUE(run_until([&] { return follower.got.size() == 2; }));
}

TEST_P(Feed, KeepsTheWindowOfWhatIsHeldOverALoss) {
  for (int i = 0; i < 50; ++i) log_.append(1, std::string(500, 'x'));
  start();
  connect();
  Follower follower;
  follower.release = false;
  follow(follower, {.messages = 10, .bytes = 2000});
  ASSERT_TRUE(run_until([&] { return follower.got.size() == 4; }));
  stop();
  ASSERT_TRUE(run_until([&] { return !follower.downs.empty(); }));
  start();
  ASSERT_TRUE(run_until([&] { return follower.ups == 2; }));
  pump_.run_for(kSecond / 20);
  EXPECT_EQ(follower.got.size(), 4u);
  follower.release = true;
  follower.consumer->release(4, 2000);
  EXPECT_TRUE(run_until([&] { return follower.got.size() == 50; }));
}

TEST_P(Feed, PutsManySmallMessagesIntoOneOfTheWire) {
  for (int i = 0; i < 1000; ++i) log_.append(1, "x");
  start();
  connect();
  Follower follower;
  follow(follower, {});
  ASSERT_TRUE(run_until([&] { return follower.got.size() == 1000; }));
  EXPECT_GT(follower.largest_batch, 100u);
}

TEST_P(Feed, ServesSeveralFollowersEachAtItsPlace) {
  for (int i = 0; i < 40; ++i) log_.append(1, "x");
  start();
  connect();
  std::vector<Follower> followers(5);
  for (std::size_t i = 0; i < followers.size(); ++i) {
    follow(followers[i], {.from = 1 + 10 * i, .messages = 4});
  }
  ASSERT_TRUE(run_until([&] {
    for (std::size_t i = 0; i < followers.size(); ++i) {
      if (followers[i].got.size() != 40 - std::min<std::size_t>(40, 10 * i)) return false;
    }
    return producer_->followers() == 5;
  }));
  followers.clear();
  EXPECT_TRUE(run_until([&] { return producer_->followers() == 0; }));
}

TEST_P(Feed, ThatIsNotThereFailsWithItsName) {
  start();
  connect();
  Follower follower;
  follow(follower, {.feed = "other"});
  ASSERT_TRUE(run_until([&] { return follower.failed.has_value(); }));
  EXPECT_EQ(follower.failed->code(), Code::not_found);
  EXPECT_NE(follower.failed->message().find("\"other\""), std::string::npos);
}

TEST_P(Feed, GivesTheErrorOfItsSource) {
  start();
  log_.error = expired("positions below 100 were removed");
  connect();
  Follower follower;
  follow(follower, {});
  ASSERT_TRUE(run_until([&] { return follower.failed.has_value(); }));
  EXPECT_EQ(follower.failed->code(), Code::expired);
  EXPECT_NE(follower.failed->message().find("positions below 100"), std::string::npos);
}

TEST_P(Feed, IsAskedAgainAfterAnErrorThatPasses) {
  start();
  log_.append(1, "a");
  log_.error = unavailable("the store is away");
  connect();
  Follower follower;
  follow(follower, {});
  ASSERT_TRUE(run_until([&] { return follower.downs.size() == 2; }));
  EXPECT_NE(follower.downs[0].message().find("the store is away"), std::string::npos);
  log_.error.reset();
  EXPECT_TRUE(run_until([&] { return follower.got.size() == 1; }));
}

TEST_P(Feed, ProducersFaultsAreReportedAndNothingAfterThemIsTaken) {
  EXPECT_NE(error_of({{1, 1, "a"}, {3, 3, "b"}}, 1).find("has a gap: positions 3 to 3 after 1"),
            std::string::npos);
  EXPECT_NE(error_of({{6, 6, "a"}}, 5).find("has a gap: positions 6 to 6 after 4"),
            std::string::npos);
  EXPECT_NE(error_of({{1, 1, "a"}, {2, 2, "b"}, {1, 1, "a"}}, 1).find("went back"),
            std::string::npos);
  EXPECT_NE(error_of({{1, 2, "a"}, {2, 3, "b"}}, 1).find("went back"), std::string::npos);
  EXPECT_NE(error_of({{0, 1, "a"}}, 1).find("without positions"), std::string::npos);
  EXPECT_NE(error_of({{3, 2, "a"}}, 1).find("without positions"), std::string::npos);
}

// Sends what it was given, whatever was asked for.
class Flood final : public WireEvents {
 public:
  Flood(Wire& wire, std::vector<FeedItem> items) { wire.write(encode(items)); }
  void on_message(std::string) override {}
  void on_written() override {}
  void on_end(Expected<void>) override {}
};

TEST_P(Feed, ProducersThatSendMoreThanWasGrantedAreFaulty) {
  std::vector<FeedItem> many;
  for (Position i = 1; i <= kFeedMessages + 1; ++i) many.push_back({i, i, "x"});
  auto service = std::make_shared<Service>();
  service->add_wire(std::string(kFollowMethod), [&](const Incoming&, Wire& wire) {
    return std::make_unique<Flood>(wire, many);
  });
  serve(service);
  connect();
  Follower follower;
  follow(follower, {});
  ASSERT_TRUE(run_until([&] { return follower.failed.has_value(); }));
  EXPECT_NE(follower.failed->message().find("more than it was granted"), std::string::npos);
  follower.consumer.reset();
  channel_.reset();
  stop();
}

TEST_P(Feed, WhatIsReadBeyondTheGrantIsSentLater) {
  feeds_ = std::make_unique<Feeds>();
  for (int i = 0; i < 40; ++i)
    log_.append(1, std::string(static_cast<std::size_t>(1 + i % 7), 'x'));
  feeds_->add("log", [this](Position from, std::size_t, std::size_t) {
    return log_.find(from, 1000, 1 << 20);
  });
  auto service = std::make_shared<Service>();
  feeds_->offer(*service);
  serve(service);
  connect();
  Follower follower;
  follower.release = false;
  follow(follower, {.messages = 5, .bytes = 12});
  for (std::size_t done = 0; done < 40;) {
    ASSERT_TRUE(run_until([&] { return follower.got.size() > done; }));
    std::vector<FeedItem> news(follower.got.begin() + static_cast<std::ptrdiff_t>(done),
                               follower.got.end());
    done = follower.got.size();
    follower.consumer->release(news);
  }
  follower.consumer.reset();
  channel_.reset();
  stop();
}

TEST_P(Feed, RepeatedMessagesAreDropped) {
  log_.items = {{1, 1, "a"}, {2, 2, "b"}, {2, 2, "b"}, {3, 3, "c"}};
  start();
  connect();
  Follower follower;
  follow(follower, {});
  ASSERT_TRUE(run_until([&] { return follower.consumer->next() == 4; }));
  EXPECT_EQ(follower.bodies(), "abc");
}

TEST_P(Feed, MessagesBeforeWhatWasAskedForAreDropped) {
  feeds_ = std::make_unique<Feeds>();
  log_.items = {{1, 1, "a"}, {2, 2, "b"}, {3, 3, "c"}};
  feeds_->add("log", [this](Position from, std::size_t messages, std::size_t bytes) {
    return log_.find(from == 3 ? 1 : from, messages, bytes);
  });
  auto service = std::make_shared<Service>();
  feeds_->offer(*service);
  serve(service);
  connect();
  Follower follower;
  follow(follower, {.from = 3});
  ASSERT_TRUE(run_until([&] { return follower.consumer->next() == 4; }));
  EXPECT_EQ(follower.bodies(), "c");
}

TEST_P(Feed, EndsWithItsServersDrainAndGoesOnWithTheNext) {
  log_.append(1, "a");
  start();
  connect();
  Follower follower;
  follow(follower, {});
  ASSERT_TRUE(run_until([&] { return follower.got.size() == 1; }));
  bool drained = false;
  server_->drain(kHour, [&] { drained = true; });
  ASSERT_TRUE(run_until([&] { return drained && !follower.downs.empty(); }));
  EXPECT_EQ(follower.downs[0].code(), Code::unavailable);
  stop();
  log_.append(1, "b");
  start();
  EXPECT_TRUE(run_until([&] { return follower.got.size() == 2; }));
}

TEST_P(Feed, AConsumerMayBeDestroyedByWhatItHears) {
  log_.append(1, "a");
  start();
  connect();
  struct Once final : FeedEvents {
    void on_items(std::vector<FeedItem>) override {
      consumer.reset();
      done = true;
    }
    void on_down(const Error&) override {}
    void on_failed(const Error&) override {}
    std::unique_ptr<FeedConsumer> consumer;
    bool done = false;
  } once;
  once.consumer = std::make_unique<FeedConsumer>(local(), *channel_,
                                                 FeedConsumer::Options{.feed = "log"}, once);
  EXPECT_TRUE(run_until([&] { return once.done; }));
  EXPECT_TRUE(run_until([&] { return producer_->followers() == 0; }));
}

TEST(FeedWire, GivesBackWhatWasWritten) {
  const FeedAsk ask{"log", 7, 1 << 20, std::uint64_t{1} << 50};
  const auto back = decode_feed_ask(encode(ask));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->feed, "log");
  EXPECT_EQ(back->from, 7u);
  EXPECT_EQ(back->messages, ask.messages);
  EXPECT_EQ(back->bytes, ask.bytes);
  const std::vector<FeedItem> items = {{1, 300, std::string(200, 'x')}, {301, 301, ""}};
  const auto read = decode_feed_items(encode(items));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*read)[i].first, items[i].first);
    EXPECT_EQ((*read)[i].last, items[i].last);
    EXPECT_EQ((*read)[i].body, items[i].body);
  }
}

TEST(FeedWire, RefusesDamage) {
  const std::string good = encode(std::vector<FeedItem>{{1, 300, std::string(200, 'x')}});
  for (std::size_t size = 1; size < good.size(); ++size) {
    EXPECT_FALSE(decode_feed_items(good.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_feed_items("\x0a\x02\x08"));
  EXPECT_FALSE(decode_feed_ask("\x08\x01"));  // the feed's name as a number
  std::string many;
  for (std::size_t i = 0; i <= kMaxBatchItems; ++i) many += std::string("\x0a\x00", 2);
  EXPECT_FALSE(decode_feed_items(many));
}

}  // namespace
}  // namespace quintet::link
