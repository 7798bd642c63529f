#include "host/log_copy.h"

#include "host/control_chain.h"
#include "host/key_source.h"
#include "host/wire.h"
#include "stage/score.h"

namespace quintet::host {

namespace {

constexpr Micros kReopenAfter = kSecond;
constexpr Micros kAskBaseAgain = kSecond / 2;
constexpr Micros kCleanAgain = 10 * kSecond;  // after somebody held it
constexpr std::size_t kSlice = 16;            // rows, or parts of a base, that one job removes
constexpr std::size_t kPutParts = 64;         // of one transaction
constexpr std::size_t kPutBytes = std::size_t{1} << 20;
constexpr Position kEnd = ~Position{0} >> 1;

// A base takes the place of what came before it.
std::optional<stage::SealBody> seal_in(const event::BlockBytes& bytes) {
  std::optional<stage::SealBody> found;
  const auto decoded = event::decode_block(bytes);
  for (const event::Record& record : decoded->block.records) {
    if (record.kind != event::RecordKind::seal) continue;
    auto seal = stage::read_seal(record.plain);
    if (seal) found = *std::move(seal);
  }
  return found;
}

}  // namespace

LogCopy::~LogCopy() = default;

Expected<void> LogCopy::open() {
  ++life_;
  TRY(store_, parts_.process.open_store());
  TRY(epoch_, store_->open_epoch());
  committer_ = std::make_unique<Committer>(Committer::Parts{*store_, parts_.process.loop}, epoch_);
  TRY(const stage::LogEnd end, store_->end());
  last_ = durable_ = end.last;
  TRY(base_, Base::newest(*store_));
  sealed_ = base_ == nullptr ? 0 : base_->seal().base;
  versions_.clear();
  active_ = 0;
  promoted_.clear();
  came_.clear();
  waits_for_base_ = anew_ = cleaning_ = false;
  if (last_ != kNoPosition) {
    std::vector<event::Record> controls;  // newest first
    TRY_DO(each_control_back(*store_, base_.get(), kNoPosition, [&](event::Record&& record) {
      controls.push_back(std::move(record));
      return Expected<bool>(true);
    }));
    for (auto record = controls.rbegin(); record != controls.rend(); ++record) {
      TRY_DO(note(*record));
    }
  }
  parts_.changed();
  follow();
  clean_up();
  return {};
}

void LogCopy::close() {
  ++life_;
  feed_.reset();
  retry_ = nullptr;
  look_ = nullptr;
  committer_.reset();
}

std::uint32_t LogCopy::promoted(const std::string& model) const {
  const auto found = promoted_.find(model);
  return found == promoted_.end() ? 0 : found->second;
}

// It is of no use as it is in memory; it is opened anew.
void LogCopy::lose(const Error& why) {
  parts_.process.log.error("the copy of the log is opened anew", {{"reason", why.message()}});
  close();
  parts_.changed();
  retry_ = parts_.process.loop.after(kReopenAfter, [this] {
    store_.reset();
    if (const auto opened = open(); !opened) lose(opened.error());
  });
}

void LogCopy::soon(std::function<void()> job) {
  retry_ = parts_.process.loop.after(kAskBaseAgain, std::move(job));
}

// --- blocks ---

void LogCopy::follow() {
  feed_.reset();
  link::FeedConsumer::Options options;
  options.feed = "log.behind";
  options.from = last_ + 1;
  feed_ =
      std::make_unique<link::FeedConsumer>(parts_.process.local(), parts_.ingest, options, *this);
}

void LogCopy::on_failed(const Error& error) {
  if (error.code() != Code::expired) return lose(error);
  feed_.reset();
  ask_base();
}

void LogCopy::on_items(std::vector<link::FeedItem> items) {
  for (link::FeedItem& item : items) {
    auto block = wire::read_block(item.body);
    if (!block) return lose(block.error());
    const auto decoded = event::decode_block(*block);
    if (!decoded) return lose(decoded.error());
    last_ = block->last;
    came_.emplace_back(*std::move(block), std::move(item));
  }
  go_on();
}

// All up to the next seal record, whose base comes first.
void LogCopy::go_on() {
  if (waits_for_base_ || came_.empty()) return;
  const auto seal = seal_in(came_.front().first);
  if (seal && seal->base > sealed_) {
    OfferedBase offered;
    offered.seal = *seal;
    return fetch_base(offered, false);
  }
  commit_blocks();
}

void LogCopy::commit_blocks() {
  stage::Commit commit;
  commit.copies = true;
  commit.anew = std::exchange(anew_, false);
  auto items = std::make_shared<std::vector<link::FeedItem>>();
  while (!came_.empty()) {
    auto& [block, item] = came_.front();
    const auto seal = seal_in(block);
    if (seal && seal->base > sealed_) break;
    const auto decoded = event::decode_block(block);
    for (const event::Record& record : decoded->block.records) {
      if (const auto noted = note(record); !noted) return lose(noted.error());
    }
    commit.blocks.push_back(std::move(block));
    items->push_back(std::move(item));
    came_.pop_front();
  }
  committer_->submit(std::move(commit), [this, items, of = life_](const Expected<void>& result) {
    if (of != life_) return;
    if (!result) return lose(result.error());
    durable_ = items->back().last;
    parts_.changed();
    if (feed_ != nullptr) feed_->release(*items);
  });
  go_on();
}

Expected<void> LogCopy::note(const event::Record& record) {
  if (record.kind == event::RecordKind::application) {
    TRY(const stage::ApplicationBody body, stage::read_application(record.plain));
    if (body.version > versions_.size()) TRY_DO(add_version(versions_, body.text));
  } else if (record.kind == event::RecordKind::activate) {
    TRY(const stage::ApplicationBody body, stage::read_application(record.plain));
    active_ = body.version;
  } else if (record.kind == event::RecordKind::promote) {
    TRY(const stage::Promotion promotion, stage::read_promotion(record.plain));
    promoted_[promotion.model] = promotion.version;
  }
  return {};
}

// --- the base ---

// What is next here was removed there.
void LogCopy::ask_base() {
  parts_.base.base(kEnd, [this, of = life_](Expected<std::optional<OfferedBase>> found) {
    if (of != life_) return;
    if (!found || !*found) return soon([this] { ask_base(); });
    fetch_base(**found, true);
  });
}

void LogCopy::fetch_base(const OfferedBase& offered, bool anew) {
  waits_for_base_ = true;
  const std::uint64_t number = offered.seal.base;
  FetchedBase::fetch(
      parts_.base, offered, [](const std::string&) { return true; },
      [this, offered, number, anew, of = life_](Expected<std::shared_ptr<FetchedBase>> came) {
        if (of != life_) return;
        if (came) {
          auto all = std::make_shared<std::vector<stage::Snapshot>>((*came)->take_parts());
          return store_base(number, std::move(all), 0, anew);
        }
        const Code code = came.error().code();
        if (code == Code::broken) return lose(came.error());
        if (code != Code::not_found)
          return soon([this, offered, anew] { fetch_base(offered, anew); });
        // Another took its place, and what names it comes.
        if (anew) return soon([this] { ask_base(); });
        waits_for_base_ = false;
        sealed_ = number;
        go_on();
      });
}

void LogCopy::store_base(std::uint64_t number, std::shared_ptr<std::vector<stage::Snapshot>> parts,
                         std::size_t next, bool anew) {
  auto batch = std::make_shared<std::vector<stage::Snapshot>>();
  for (std::size_t bytes = 0;
       next < parts->size() && batch->size() < kPutParts && bytes < kPutBytes; ++next) {
    bytes += (*parts)[next].bytes.size();
    batch->push_back(std::move((*parts)[next]));
  }
  committer_->run([batch, number,
                   by = epoch_](stage::Store& store) { return store.put_base(number, *batch, by); },
                  [this, number, parts, next, anew, of = life_](const Expected<void>& result) {
                    if (of != life_) return;
                    if (!result) return lose(result.error());
                    if (next < parts->size()) return store_base(number, parts, next, anew);
                    auto base = Base::newest(*store_);
                    if (!base) return lose(base.error());
                    base_ = *std::move(base);
                    sealed_ = number;
                    waits_for_base_ = false;
                    if (anew) return begin_anew();
                    go_on();
                    clean_up();
                  });
}

// With the first block behind the base, the one before it is gone.
void LogCopy::begin_anew() {
  versions_.clear();
  active_ = 0;
  promoted_.clear();
  for (const event::Record& record : base_->controls()) {
    if (const auto noted = note(record); !noted) return lose(noted.error());
  }
  came_.clear();
  anew_ = true;
  last_ = base_->cut();
  parts_.process.log.info("the copy of the log begins at its base", {{"position", last_ + 1}});
  follow();
}

// In slices, each a job of the writing thread. Whoever holds it is waited for.
void LogCopy::clean_up() {
  if (cleaning_ || committer_ == nullptr || base_ == nullptr) return;
  if (held_.use_count() > 1) {
    look_ = parts_.process.loop.after(kCleanAgain, [this] { clean_up(); });
    return;
  }
  cleaning_ = true;
  const auto more = std::make_shared<bool>(false);
  const auto job = [more, first = base_->cut() + 1, number = base_->seal().base,
                    by = epoch_](stage::Store& store) -> Expected<void> {
    TRY(*more, store.remove_below(first, kSlice, by));
    if (*more) return {};
    TRY(const auto numbers, store.bases());
    for (const std::uint64_t other : numbers) {
      if (other == number) continue;
      TRY(*more, store.remove_base(other, kSlice, by));
      *more = true;
      break;
    }
    return {};
  };
  committer_->run(job, [this, more, of = life_](const Expected<void>& result) {
    if (of != life_) return;
    cleaning_ = false;
    if (!result) return lose(result.error());
    if (*more) clean_up();
  });
}

}  // namespace quintet::host
