// The only file of this room that reads gzip.
#include <sys/stat.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tool/input.h"

namespace quintet::tool {

namespace {
constexpr std::size_t kReadBytes = std::size_t{1} << 18;
}

struct LineReader::State {
  gzFile file = nullptr;
  std::string path;
  std::string buffer;
  std::size_t begin = 0, end = 0;  // unread bytes of buffer
  std::uint64_t line = 0;
  std::uint64_t total = 0;
  std::uint64_t consumed = 0;  // of the file; asking zlib for it is a system call
  bool at_end = false;

  ~State() {
    if (file != nullptr) gzclose_r(file);
  }

  // More bytes behind the unread ones.
  Expected<void> fill() {
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
    end -= begin;
    begin = 0;
    if (buffer.size() - end < kReadBytes) buffer.resize(end + kReadBytes);
    const int got = gzread(file, buffer.data() + end, kReadBytes);
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
    end += static_cast<std::size_t>(got);
    return {};
  }
};

LineReader::LineReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
LineReader::~LineReader() = default;

Expected<std::unique_ptr<LineReader>> LineReader::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
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
  state->buffer.resize(kReadBytes);
  return std::unique_ptr<LineReader>(new LineReader(std::move(state)));
}

Expected<bool> LineReader::next(std::string_view& line) {
  State& s = *state_;
  std::size_t searched = 0;  // bytes after `begin` known to hold no line end
  for (;;) {
    const char* from = s.buffer.data() + s.begin;
    const std::size_t unread = s.end - s.begin;
    const void* found = std::memchr(from + searched, '\n', unread - searched);
    if (found != nullptr || (s.at_end && unread > 0)) {
      const std::size_t size =
          found == nullptr ? unread
                           : static_cast<std::size_t>(static_cast<const char*>(found) - from);
      line = {from, size};
      s.begin += size + (found == nullptr ? 0 : 1);
      ++s.line;
      return true;
    }
    if (s.at_end) return false;
    if (unread > kLineBytes) {
      return exhausted(s.path + ":" + std::to_string(s.line + 1) + ": a line is longer than 1 MiB");
    }
    searched = unread;
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
