#include "host/training_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/json_in.h"
#include "base/json_out.h"
#include "learn/gate.h"

extern char** environ;

namespace quintet::host {

namespace {

constexpr std::size_t kSpill = std::size_t{1} << 20;

Error failed_file(const std::string& path) {
  return unavailable(path + ": " + std::strerror(errno));
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

Expected<void> put(std::FILE* file, const std::string& path, std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) return failed_file(path);
  return {};
}

Expected<void> write_text(const std::string& path, std::string_view bytes) {
  const File file(std::fopen(path.c_str(), "wb"));
  if (file == nullptr) return failed_file(path);
  TRY_DO(put(file.get(), path, bytes));
  if (std::fflush(file.get()) != 0) return failed_file(path);
  return {};
}

Expected<std::string> read_text(const std::string& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return failed_file(path);
  std::string text;
  char buffer[65536];
  std::size_t got = 0;
  while ((got = std::fread(buffer, 1, sizeof buffer, file.get())) > 0) text.append(buffer, got);
  return text;
}

Expected<void> write_rows(const std::string& path, const learn::Rows& rows) {
  const File file(std::fopen(path.c_str(), "wb"));
  if (file == nullptr) return failed_file(path);
  learn::RowsWriter writer(rows.features, false);
  std::string bytes;
  writer.header(bytes);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    writer.row({rows.row(i), rows.labels[i], 1, rows.positions[i], rows.splits[i]}, bytes);
    if (bytes.size() < kSpill) continue;
    TRY_DO(put(file.get(), path, bytes));
    bytes.clear();
  }
  writer.end(bytes);
  TRY_DO(put(file.get(), path, bytes));
  if (std::fflush(file.get()) != 0) return failed_file(path);
  return {};
}

Expected<std::string> program_path() {
  std::error_code failed;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
  const auto program = self.parent_path() / "quintet-train";
  if (failed || ::access(program.c_str(), X_OK) != 0) {
    return unavailable("there is no program quintet-train beside this one: " + program.string());
  }
  return program.string();
}

// A child whose stdout we read and whose stderr goes to a file.
struct Child {
  pid_t id = -1;
  File out;
};

Expected<Child> start(const std::string& directory, bool admits) {
  TRY(std::string program, program_path());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return unavailable("no pipe for quintet-train");
  Child child;
  child.out.reset(::fdopen(ends[0], "rb"));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (directory + "/errors").c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  std::string argument = directory, flag = "--admit";
  char* const trains[] = {program.data(), argument.data(), nullptr};
  char* const reads[] = {program.data(), flag.data(), argument.data(), nullptr};
  const int status = ::posix_spawn(&child.id, program.c_str(), &actions, &attributes,
                                   admits ? reads : trains, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (status != 0) return unavailable(program + ": " + std::strerror(status));
  return child;
}

// `what`: "the training", for what is said of its end.
Expected<void> follow(Child& child, const std::string& directory, const std::string& what,
                      const OnProgressLine& on_line) {
  bool called_off = false;
  char* line = nullptr;
  std::size_t room = 0;
  ssize_t size = 0;
  while ((size = ::getline(&line, &room, child.out.get())) > 0) {
    const std::string_view text(line, static_cast<std::size_t>(size));
    if (!on_line || on_line(text.substr(0, text.size() - (text.ends_with('\n') ? 1 : 0)))) continue;
    called_off = true;
    ::kill(-child.id, SIGKILL);  // the whole group: it has children of its own
    break;
  }
  std::free(line);
  int status = 0;
  while (::waitpid(child.id, &status, 0) < 0) {
    if (errno != EINTR) return broken("the process of " + what + " was lost");
  }
  if (called_off) return expired(what + " was called off");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFSIGNALED(status)) {
    return broken(what + " died by signal " + std::to_string(WTERMSIG(status)));
  }
  std::string why = what + " failed";
  if (auto errors = read_text(directory + "/errors"); errors && !errors->empty()) {
    why = *std::move(errors);
    while (why.ends_with('\n')) why.pop_back();
  }
  return invalid(why);
}

}  // namespace

Expected<Trained> train_in_process(const TrainingTask& task, const OnProgressLine& on_line) {
  std::error_code failed;
  std::filesystem::create_directories(task.directory, failed);
  if (failed) return unavailable(task.directory + ": " + failed.message());
  const std::string base = task.directory + "/";
  TRY_DO(write_text(base + "request.json", task.request));
  TRY_DO(write_rows(base + "rows.bin", task.rows));
  TRY(Child child, start(task.directory, false));
  TRY_DO(follow(child, task.directory, "the training", on_line));
  Trained trained;
  TRY(trained.bytes, read_text(base + (task.type == "linear" ? "model.json" : "model.ubj")));
  TRY(trained.metrics, read_text(base + "metrics.json"));
  TRY(trained.card, read_text(base + "card.json"));
  TRY(trained.card_text, read_text(base + "card.md"));
  TRY(const std::string golden, read_text(base + "golden.json"));
  learn::Admission admission;
  admission.file = {task.type, trained.bytes, task.rows.features};
  admission.golden = golden;
  TRY(trained.model, learn::admit_model(admission));
  return trained;
}

Expected<std::shared_ptr<const learn::Model>> admit_in_process(const ForeignModel& foreign) {
  std::error_code failed;
  std::filesystem::create_directories(foreign.directory, failed);
  if (failed) return unavailable(foreign.directory + ": " + failed.message());
  const std::string base = foreign.directory + "/";
  std::string request;
  JsonWriter json(request);
  json.begin_object().field("type", foreign.file.type).key("features").begin_array();
  for (const std::string& name : foreign.file.features) json.text(name);
  json.end_array().end_object();
  TRY_DO(write_text(base + "request.json", request));
  TRY_DO(write_text(base + "model", foreign.file.bytes));
  TRY(Child child, start(foreign.directory, true));
  if (auto done = follow(child, foreign.directory, "the reading of the file", {}); !done) {
    const bool died = done.error().code() == Code::broken;
    return died ? invalid(done.error().message()) : std::move(done).error();
  }
  TRY(const std::string golden, read_text(base + "golden.json"));
  learn::Admission admission;
  admission.file = foreign.file;
  admission.golden = golden;
  return learn::admit_model(admission);
}

void remove_training(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

std::optional<double> training_figure(std::string_view metrics, std::string_view group,
                                      std::string_view name) {
  const auto document = JsonDocument::parse(metrics);
  if (!document) return std::nullopt;
  return document->root().find(group).find(name).as_double();
}

}  // namespace quintet::host
