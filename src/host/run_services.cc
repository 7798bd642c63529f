#include "host/run_services.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/un.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/json_in.h"
#include "base/json_out.h"
#include "host/http_tcp.h"
#include "host/service.h"
#include "host/shard_table.h"
#include "host/supervisor.h"
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
    for (const std::string& name : names_of(settings_.infer_replicas)) {
      settings.programs.push_back({name, command_of(program, name, app_path)});
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
      log_.info("all processes are started anew, one after the other");
      supervisor_->restart([this] { log_.info("all processes are new"); });
    });
    TRY_DO(supervisor_->start());
    loop_.run();
    supervisor_.reset();
    return std::move(failure_);
  }

 private:
  std::vector<std::string> command_of(const std::string& program, const std::string& name,
                                      const std::string& app_path) const {
    const ReplicaId replica = replica_of(name);
    const std::string service = replica > 0 ? "infer" : name;
    std::vector<std::string> command = {program,   "--format", "json",
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
      command.insert(command.end(), {"--app", app_path});
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

  void stop() {
    if (std::exchange(stopping_, true)) return;
    supervisor_->stop([this] { loop_.stop(); });
  }

  RunSettings settings_;
  Sockets sockets_;
  SystemClock clock_;
  Logger log_;
  Loop loop_;
  std::unique_ptr<Supervisor> supervisor_;
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
  const std::vector<std::string> names = names_of(settings.infer_replicas);
  TRY_DO(wait_until_free(data, names));
  for (const std::string& service : names) {
    if (service == "gateway") continue;
    TRY_DO(store::settle(data + "/" + service,
                         store::location_at(settings.store_url, settings.spec->app, service)));
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
