#include "host/run_services.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/un.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/json_in.h"
#include "base/json_out.h"
#include "host/control.h"
#include "host/http_tcp.h"
#include "host/replica_scaler.h"
#include "host/service.h"
#include "link/grpc.h"
#include "store/location.h"
#include "store/lock.h"

namespace quintet::host {

namespace {

namespace fs = std::filesystem;

constexpr Micros kLookAgain = kSecond / 20;

// Where the services listen: sockets in the data directory, or, where its path is too long for a
// socket's name, in a directory of their own that goes with this object.
class Sockets {
 public:
  static Expected<Sockets> make(const std::string& data) {
    Sockets made;
    std::error_code failed;
    const fs::path whole = fs::absolute(data, failed);
    if (failed) return unavailable(data + ": " + failed.message());
    made.directory_ = (whole / "sockets").string();
    constexpr std::size_t kLongestName = 24;  // of a service
    if (made.directory_.size() + kLongestName < sizeof(sockaddr_un::sun_path)) {
      fs::remove_all(made.directory_, failed);
      fs::create_directories(made.directory_, failed);
      if (failed) return unavailable(made.directory_ + ": " + failed.message());
      fs::permissions(made.directory_, fs::perms::owner_all, failed);
      return made;
    }
    std::string pattern = (fs::temp_directory_path() / "quintet-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return unavailable("no directory like " + pattern);
    made.directory_ = pattern;
    return made;
  }
  Sockets(Sockets&& other) noexcept : directory_(std::exchange(other.directory_, {})) {}
  ~Sockets() {
    std::error_code ignored;
    if (!directory_.empty()) fs::remove_all(directory_, ignored);
  }
  std::string address(std::string_view service) const {
    return "unix:" + directory_ + "/" + std::string(service) + ".sock";
  }

 private:
  Sockets() = default;
  std::string directory_;
};

// Services whose supervisor was killed end by themselves, which takes a moment.
Expected<void> wait_until_free(const std::string& data, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string directory = data + "/" + name;
    if (!fs::exists(directory + "/lock")) continue;
    for (Micros waited = 0;; waited += kLookAgain) {
      const auto lock = store::DirectoryLock::take(directory, "lock");
      if (lock) break;
      if (waited >= kEndGrace) return lock.error();
      std::this_thread::sleep_for(std::chrono::microseconds(kLookAgain));
    }
  }
  return {};
}

void add_door(const RunSettings& settings, std::vector<std::string>& command) {
  const auto add = [&](const char* name, const std::string& value) {
    command.emplace_back(name);
    command.push_back(value);
  };
  add("--host", settings.door.address);
  add("--port", std::to_string(settings.door.port));
  add("--listen-descriptor", std::to_string(kGivenDescriptor));
  for (const std::string& name : settings.door.names) add("--name", name);
  const ClientLimitOptions& limits = settings.door.client_limits;
  if (limits.per_second > 0) add("--client-rate", fmt::format("{}", limits.per_second));
  if (limits.burst > 0) add("--client-burst", fmt::format("{}", limits.burst));
  if (limits.in_flight > 0) add("--client-in-flight", std::to_string(limits.in_flight));
  if (!settings.tokens_path.empty()) add("--tokens", settings.tokens_path);
  if (settings.door.tls) {
    add("--tls-certificate", settings.door.tls->certificate);
    add("--tls-key", settings.door.tls->key);
  }
}

std::string trace_share_of(const TracerSettings& traces) {
  std::string text;
  JsonWriter(text).real(traces.share);
  return text;
}

// All processes, in the order of their starting.
std::vector<std::string> names_of(ReplicaId infer_replicas) {
  std::vector<std::string> names;
  for (const std::string_view name : service_names()) {
    names.emplace_back(name);
    for (ReplicaId id = 2; name == "infer" && id <= infer_replicas; ++id) {
      names.push_back(replica_name(id));
    }
  }
  return names;
}

// 0 for another service.
ReplicaId replica_of(const std::string& name) {
  for (ReplicaId id = 1; id <= kMostReplicas; ++id) {
    if (name == replica_name(id)) return id;
  }
  return 0;
}

Expected<void> settle(const RunSettings& settings, const std::string& service) {
  return store::settle(
      settings.data_directory + "/" + service,
      store::location_at(settings.store_url, settings.store_schema, settings.spec->app, service));
}

// The number of replicas is kept beside the services' directories.
Expected<void> keep_replicas(const std::string& data, ReplicaId count) {
  return store::replace_file(data + "/replicas", "infer=" + std::to_string(count) + "\n");
}

Expected<ReplicaId> kept_replicas(const std::string& data) {
  const std::string file = data + "/replicas";
  const auto text = store::read_small_file(file);
  if (!text && text.error().code() == Code::not_found) return ReplicaId{1};
  if (!text) return text.error();
  auto count = read_replica_count(text->substr(0, text->find('\n')));
  if (!count) return std::move(count).error().during(file);
  return count;
}

class Services {
 public:
  Services(RunSettings settings, Sockets sockets)
      : settings_(std::move(settings)),
        sockets_(std::move(sockets)),
        log_(clock_, LogLevel::info) {}

  Expected<void> run(const pattern::Topology& topology, const std::string& app_path) {
    TRY(const std::string program, own_program());
    const DoorSettings& door = settings_.door;
    TRY_DO(check_address(door.address, door.tls.has_value(), !door.tokens.empty()));
    // Held here, so that the door's address stays and nobody is refused between two gateways.
    TRY(const ListeningSocket socket, ListeningSocket::open(door.address, door.port));
    settings_.door.port = socket.port();
    if (service_names().size() != topology.places().size()) {
      return invalid("the pattern " + topology.name() + " has places that are no services");
    }
    Supervisor::Settings settings;
    program_ = program;
    app_path_ = app_path;
    for (const std::string& name : names_of(settings_.infer_replicas)) {
      settings.programs.push_back({name, command_of(name)});
      if (name != "gateway") continue;
      settings.programs.back().descriptor = socket.descriptor();
      settings.programs.back().overlaps = true;
    }
    settings.on_ready = [this](const std::string& name, const std::string& line) {
      ready(name, line);
    };
    settings.on_failure = [this](const Error& why) {
      failure_ = why;
      stop();
    };
    supervisor_ = std::make_unique<Supervisor>(loop_, log_, std::move(settings));
    loop_.on_termination([this](int) { stop(); });
    loop_.on_renewal([this] {
      restart([this](const Expected<void>& done) {
        if (!done) log_.error("no restart", {{"reason", done.error().message()}});
      });
    });
    scaler_ = std::make_unique<ReplicaScaler>(
        ReplicaScaler::Parts{*supervisor_,
                             {loop_, clock_},
                             transport_,
                             [this](ReplicaId id, bool spare) { return program_of(id, spare); },
                             [this](ReplicaId id) { return sockets_.address(replica_name(id)); },
                             sockets_.address("results"),
                             [this](ReplicaId count) { return keep(count); }},
        settings_.infer_replicas);
    TRY(const auto control,
        Control::open({loop_, clock_}, transport_, settings_.data_directory,
                      sockets_.address("control"),
                      {[this](const wire::ReplicaCount& wanted, auto done) { scale(wanted, done); },
                       [this](auto done) { restart(done); }}));
    TRY_DO(supervisor_->start());
    loop_.run();
    supervisor_.reset();
    return std::move(failure_);
  }

 private:
  std::vector<std::string> command_of(const std::string& name) const {
    const ReplicaId replica = replica_of(name);
    const std::string service = replica > 0 ? "infer" : name;
    std::vector<std::string> command = {program_,  "--format", "json",
                                        "service", service,    "--ends-with-input"};
    if (replica > 1) command.insert(command.end(), {"--replica", std::to_string(replica)});
    if (name == "gateway") {
      add_door(settings_, command);
    } else {
      command.insert(command.end(), {"--listen", sockets_.address(name), "--data",
                                     settings_.data_directory + "/" + std::string(name),
                                     "--snapshot-every", std::to_string(settings_.snapshot_every)});
    }
    if (!settings_.traces.url.empty()) {
      command.insert(command.end(), {"--traces", settings_.traces.url, "--trace-share",
                                     trace_share_of(settings_.traces)});
    }
    if (name == "ingest") {
      command.insert(command.end(), {"--app", app_path_});
      if (!settings_.pseudonym_key_path.empty()) {
        command.insert(command.end(), {"--pseudonym-key", settings_.pseudonym_key_path});
      }
    }
    const auto add_peer = [&](const std::string& peer) {
      command.insert(command.end(), {"--peer", peer + "=" + sockets_.address(peer)});
    };
    for (const std::string_view peer : peers_of(service)) add_peer(std::string(peer));
    for (ReplicaId id = 2; name == "results" && id <= settings_.infer_replicas; ++id) {
      add_peer(replica_name(id));
    }
    return command;
  }

  // A service says {"service": NAME, "at": WHERE}.
  void ready(const std::string& name, const std::string& line) {
    if (name == "gateway" && url_.empty()) {
      if (const auto said = JsonDocument::parse(line)) url_ = said->root().find("at").text();
    }
    if (told_ || !supervisor_->all_ready() || url_.empty()) return;
    told_ = true;
    if (settings_.on_ready) settings_.on_ready(url_, {});
  }

  // --- other replicas, and a restart, while all runs ---
  Expected<Supervisor::Program> program_of(ReplicaId id, bool spare) const {
    const std::string name = replica_name(id);
    TRY_DO(settle(settings_, name));
    Supervisor::Program program{name, command_of(name)};
    if (spare) program.command.emplace_back("--spare");
    return program;
  }

  // So many there are in lives to come of this process and of the others.
  Expected<void> keep(ReplicaId count) {
    settings_.infer_replicas = count;
    for (const std::string& name : names_of(count)) {
      supervisor_->set_command(name, command_of(name));
    }
    log_.info("infer has another number of replicas", {{"replicas", std::to_string(count)}});
    return keep_replicas(settings_.data_directory, count);
  }

  void scale(const wire::ReplicaCount& wanted, const ReplicaScaler::Done& done) {
    if (wanted.service != "infer") {
      return done(invalid("infer alone has replicas, not " + wanted.service));
    }
    if (wanted.count < 1 || wanted.count > kMostReplicas) {
      return done(invalid("infer has from 1 to " + std::to_string(kMostReplicas) + " replicas"));
    }
    if (!told_ || stopping_ || supervisor_->restarting()) return done(busy());
    scaler_->scale(wanted.count, done);
  }

  void restart(const std::function<void(Expected<void>)>& done) {
    if (!told_ || stopping_ || supervisor_->restarting() || scaler_->busy()) return done(busy());
    log_.info("all processes are started anew, one after the other");
    supervisor_->restart([this, done] {
      log_.info("all processes are new");
      done({});
    });
  }

  static Error busy() {
    return conflict("processes are being started or ended; try again in a moment");
  }

  void stop() {
    if (std::exchange(stopping_, true)) return;
    supervisor_->stop([this] { loop_.stop(); });
  }

  RunSettings settings_;
  Sockets sockets_;
  SystemClock clock_;
  Logger log_;
  Loop loop_;
  link::GrpcTransport transport_;
  std::string program_, app_path_;
  std::unique_ptr<Supervisor> supervisor_;
  std::unique_ptr<ReplicaScaler> scaler_;
  std::string url_;
  bool told_ = false, stopping_ = false;
  Expected<void> failure_;
};

}  // namespace

Expected<void> run_services(const pattern::Topology& topology, RunSettings settings,
                            const std::string& app_path) {
  const std::string& data = settings.data_directory;
  if (store::has_store(data)) {
    return conflict(data + " holds the log of the monolith; the services of " + topology.name() +
                    " have directories of their own: give them another --data");
  }
  TRY_DO(store::make_directory(data, 0700));
  TRY(const auto lock, store::DirectoryLock::take(data, "lock"));
  if (settings.infer_replicas == 0) {
    TRY(settings.infer_replicas, kept_replicas(data));
  } else {
    TRY_DO(keep_replicas(data, settings.infer_replicas));
  }
  const std::vector<std::string> names = names_of(settings.infer_replicas);
  TRY_DO(wait_until_free(data, names));
  for (const std::string& service : names) {
    if (service != "gateway") TRY_DO(settle(settings, service));
  }
  TRY(auto sockets, Sockets::make(settings.data_directory));
  return Services(std::move(settings), std::move(sockets)).run(topology, app_path);
}

Error no_log_in(const std::string& directory) {
  if (!store::has_store(directory + "/ingest")) {
    return not_found("there is no log in " + directory);
  }
  return not_found(directory +
                   " holds what several services keep: start them, as by quintet run with the same "
                   "--pattern and --data, and ask their URL");
}

}  // namespace quintet::host
