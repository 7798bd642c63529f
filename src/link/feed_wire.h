// The messages of the stream kFollowMethod, as api/quintet/link/v1/link.proto describes them. Any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "link/feed.h"

namespace quintet::link {

// From the follower: the first names the feed and the position, all add credits.
struct FeedAsk {
  std::string feed;
  Position from = kNoPosition;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
};

std::string encode(const FeedAsk& ask);
std::string encode(const std::vector<FeedItem>& items);
// `broken` for what is no such message; positions are not judged.
Expected<FeedAsk> decode_feed_ask(std::string_view bytes);
Expected<std::vector<FeedItem>> decode_feed_items(std::string_view bytes);

}  // namespace quintet::link
