#include "link/feed_wire.h"

#include "link/proto.h"

namespace quintet::link {

namespace {

FeedItem decode_item(ProtoReader& outer) {
  FeedItem item;
  ProtoReader in(outer.bytes());
  while (in.next()) {
    if (in.field() == 1) item.first = in.number();
    if (in.field() == 2) item.last = in.number();
    if (in.field() == 3) item.body = in.bytes();
  }
  if (!in.ok()) outer.fail();
  return item;
}

}  // namespace

std::string encode(const FeedAsk& ask) {
  std::string bytes;
  ProtoWriter out(bytes);
  out.bytes(1, ask.feed);
  out.number(2, ask.from);
  out.number(3, ask.messages);
  out.number(4, ask.bytes);
  return bytes;
}

std::string encode(const std::vector<FeedItem>& items) {
  std::size_t size = 0;
  for (const FeedItem& item : items) size += item.body.size() + 40;
  std::string bytes, head;
  bytes.reserve(size);
  ProtoWriter out(bytes);
  for (const FeedItem& item : items) {
    head.clear();
    ProtoWriter nested(head);
    nested.number(1, item.first);
    nested.number(2, item.last);
    if (!item.body.empty()) nested.length(3, item.body.size());
    out.message(1, head, item.body);
  }
  return bytes;
}

Expected<FeedAsk> decode_feed_ask(std::string_view bytes) {
  FeedAsk ask;
  ProtoReader in(bytes);
  while (in.next()) {
    if (in.field() == 1) ask.feed = in.bytes();
    if (in.field() == 2) ask.from = in.number();
    if (in.field() == 3) ask.messages = in.number();
    if (in.field() == 4) ask.bytes = in.number();
  }
  if (!in.ok()) return broken("a follower's message is damaged");
  return ask;
}

Expected<std::vector<FeedItem>> decode_feed_items(std::string_view bytes) {
  std::vector<FeedItem> items;
  ProtoReader in(bytes);
  while (in.next()) {
    if (in.field() == 1) items.push_back(decode_item(in));
    if (items.size() > kMaxBatchItems) in.fail();
  }
  if (!in.ok()) return broken("a message of a feed is damaged");
  return items;
}

}  // namespace quintet::link
