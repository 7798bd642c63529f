#include "sim/process.h"

#include "sim/application.h"

namespace quintet::sim {

namespace {

constexpr Micros kLoopSlowness = 500;
constexpr Micros kWriterSlowness = 5'000;
constexpr Micros kAsideSlowness = 3'000;
constexpr Micros kOpenAgain = kSecond / 10;
constexpr Position kSnapshotEvery = 25;

}  // namespace

Process::Process(World& world, Disk& disk, std::shared_ptr<const app::Spec> spec, Micros jumped,
                 std::int64_t pace)
    : world_(world),
      disk_(disk),
      spec_(std::move(spec)),
      clock_(world, kBegin, pace),
      loop_(std::make_unique<Thread>(world, kLoopSlowness)),
      writer_(std::make_unique<Thread>(world, kWriterSlowness)),
      aside_(std::make_unique<Thread>(world, kAsideSlowness)) {
  clock_.jumped = jumped;
  open();
}

// Dies where it stands: nothing that was under way has an effect.
Process::~Process() {
  if (handle_) handle_->dead = true;
  close();
}

void Process::close() {
  place_.reset();
  vault_.reset();
  store_.reset();
  handle_.reset();
}

void Process::open() {
  if (dying_) return;
  handle_ = std::make_unique<DiskHandle>(disk_, [this] {
    dying_ = true;
    handle_->dead = true;
  });
  store_ = make_store(*handle_);
  vault_ = make_vault(*handle_);
  host::Place::Settings settings;
  settings.spec = spec_;
  settings.snapshot_every = kSnapshotEvery;
  settings.retain_least = 0;
  settings.on_failure = [this](const Error&) {
    loop_->post([this] {
      close();
      open();
    });
  };
  auto opened =
      host::Place::open({*store_, *vault_, clock_, *loop_, writer_.get(), aside_.get()}, settings);
  if (opened) {
    place_ = *std::move(opened);
    return;
  }
  disk_.sites.saw("a place cannot be opened");
  close_reason_ = opened.error().message();
  again_ = loop_->after(kOpenAgain, [this] {
    close();
    open();
  });
}

event::Decoder Process::decoder(std::string_view event_type) {
  const app::Spec& spec = place_->spec();
  return event::Decoder(spec.events[static_cast<std::size_t>(spec.event_index(event_type))],
                        {place_->pseudonym_key(), 0});
}

}  // namespace quintet::sim
