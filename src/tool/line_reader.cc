// The only file of this room that reads gzip.
#include <sys/stat.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "event/line_cutter.h"
#include "tool/input.h"

namespace quintet::tool {

namespace {
constexpr std::size_t kReadBytes = std::size_t{1} << 18;
}

struct LineReader::State {
  gzFile file = nullptr;
  std::string path;
  event::LineCutter lines;
  std::string buffer = std::string(kReadBytes, '\0');
  std::uint64_t line = 0;
  std::uint64_t total = 0;
  std::uint64_t consumed = 0;  // of the file; asking zlib for it is a system call
  bool at_end = false;

  ~State() {
    if (file != nullptr) gzclose_r(file);
  }

  Expected<void> fill() {
    const int got = gzread(file, buffer.data(), kReadBytes);
    if (got < 0) {
      int code = 0;
      return broken(path + ": " + gzerror(file, &code));
    }
    // A gzip file that stops in the middle reads as its end, with an error left behind.
    int code = 0;
    const char* why = gzerror(file, &code);
    if (got == 0 && code == Z_BUF_ERROR) return broken(path + ": the file is cut short: " + why);
    at_end = got == 0;
    consumed = static_cast<std::uint64_t>(std::max<z_off_t>(0, gzoffset(file)));
    lines.add({buffer.data(), static_cast<std::size_t>(got)});
    if (at_end) lines.end();
    return {};
  }
};

LineReader::LineReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
LineReader::~LineReader() = default;

Expected<std::unique_ptr<LineReader>> LineReader::open(const std::string& path, char separator) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->lines = event::LineCutter(kMaxEventBytes, separator);
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode)) {
    return not_found(path + ": " + std::strerror(EISDIR));
  }
  std::FILE* plain = std::fopen(path.c_str(), "rb");
  if (plain == nullptr) return not_found(path + ": " + std::strerror(errno));
  if (std::fseek(plain, 0, SEEK_END) == 0) {
    state->total = static_cast<std::uint64_t>(std::max(0L, std::ftell(plain)));
  }
  std::fclose(plain);
  state->file = gzopen(path.c_str(), "rb");
  if (state->file == nullptr) return unavailable(path + ": cannot be opened");
  gzbuffer(state->file, kReadBytes);
  return std::unique_ptr<LineReader>(new LineReader(std::move(state)));
}

Expected<bool> LineReader::next(std::string_view& line) {
  State& s = *state_;
  for (;;) {
    if (const auto next = s.lines.next()) {
      if (next->too_long) {
        return exhausted(s.path + ":" + std::to_string(next->number) +
                         ": a line is longer than 1 MiB");
      }
      line = next->text;
      s.line = next->number;
      return true;
    }
    if (s.at_end) return false;
    TRY_DO(s.fill());
  }
}

std::uint64_t LineReader::line_number() const {
  return state_->line;
}
std::uint64_t LineReader::bytes_read() const {
  return state_->consumed;
}
std::uint64_t LineReader::bytes_total() const {
  return state_->total;
}

}  // namespace quintet::tool
