#include "tool/dump.h"

#include <deque>

namespace quintet::tool {

namespace {

constexpr std::size_t kSpillBytes = std::size_t{1} << 20;
constexpr std::size_t kShownFields = 20;
// How far a key that the other dump lacks is looked for; beyond, two lines count as one that
// differs.
constexpr std::size_t kAhead = 1000;

struct Line {
  std::string key, json;
};

bool is_number(std::string_view key) {
  return !key.empty() && key.find_first_not_of("0123456789") == key.npos;
}

bool smaller(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

class DumpReader {
 public:
  static Expected<DumpReader> open(const std::string& path) {
    DumpReader reader(path);
    if (!reader.file_) return not_found(path + " cannot be read");
    TRY_DO(reader.read());
    return reader;
  }

  // The next section's name; nothing at the end. What was left of the one before is passed over.
  Expected<std::optional<std::string>> next_section() {
    ahead_.clear();
    while (!at_header_ && !ended_) TRY_DO(read());
    if (ended_) return std::optional<std::string>();
    section_ = text_.substr(2);
    TRY_DO(read());
    return std::optional<std::string>(section_);
  }

  // The section's line that stands `at` lines ahead; null behind its end.
  Expected<const Line*> ahead(std::size_t at) {
    while (ahead_.size() <= at && !at_header_ && !ended_) {
      TRY(Line line, parsed());
      ahead_.push_back(std::move(line));
      TRY_DO(read());
    }
    return ahead_.size() <= at ? nullptr : &ahead_[at];
  }
  void drop() { ahead_.pop_front(); }

 private:
  explicit DumpReader(const std::string& path) : path_(path), file_(path, std::ios::binary) {}

  Expected<void> read() {
    ended_ = !std::getline(file_, text_);
    if (file_.bad()) return unavailable(path_ + " cannot be read");
    at_header_ = !ended_ && text_.starts_with("# ");
    return {};
  }

  Expected<Line> parsed() const {
    const std::string begin = section_ + "\t";
    const std::size_t tab = text_.find('\t', begin.size());
    if (!text_.starts_with(begin) || tab == text_.npos) return broken(path_ + " is no dump");
    return Line{text_.substr(begin.size(), tab - begin.size()), text_.substr(tab + 1)};
  }

  std::string path_;
  std::ifstream file_;
  std::string text_, section_;
  bool at_header_ = false, ended_ = false;
  std::deque<Line> ahead_;
};

class SectionComparison {
 public:
  SectionComparison(DumpReader& a, DumpReader& b, std::string section) : a_(a), b_(b) {
    found_.section = std::move(section);
  }

  Expected<SectionDifference> perform() {
    for (;;) {
      TRY(const Line* x, a_.ahead(0));
      TRY(const Line* y, b_.ahead(0));
      if (x == nullptr && y == nullptr) return std::move(found_);
      if (x == nullptr || y == nullptr) {
        drop(x, y);
      } else if (x->key == y->key) {
        drop_both(*x, *y);
      } else {
        TRY_DO(drop_one(*x, *y));
      }
    }
  }

 private:
  void note(const Line* x, const Line* y) {
    if (!found_.equal()) return;
    found_.key = x != nullptr ? x->key : y->key;
    if (x != nullptr) found_.line_a = x->json;
    if (y != nullptr) found_.line_b = y->json;
    if (x != nullptr && y != nullptr) {
      found_.fields = differing(x->json, y->json, kShownFields);
    } else {
      found_.fields = {{"", x != nullptr ? x->json : std::string(kAbsent),
                        y != nullptr ? y->json : std::string(kAbsent)}};
    }
  }

  // One of them is null: what the other dump does not have.
  void drop(const Line* x, const Line* y) {
    note(x, y);
    if (x != nullptr) {
      ++found_.lines_a, ++found_.only_a;
      a_.drop();
    } else {
      ++found_.lines_b, ++found_.only_b;
      b_.drop();
    }
  }

  void drop_both(const Line& x, const Line& y) {
    if (x.json != y.json) {
      note(&x, &y);
      ++found_.different;
    }
    ++found_.lines_a, ++found_.lines_b;
    a_.drop();
    b_.drop();
  }

  static Expected<std::size_t> distance(DumpReader& in, const std::string& key) {
    for (std::size_t i = 0; i < kAhead; ++i) {
      TRY(const Line* line, in.ahead(i));
      if (line == nullptr) break;
      if (line->key == key) return i;
    }
    return kAhead;
  }

  // The keys differ.
  Expected<void> drop_one(const Line& x, const Line& y) {
    bool from_a = false;
    if (is_number(x.key) && is_number(y.key)) {
      from_a = smaller(x.key, y.key);
    } else {
      // References into a deque stay good while it grows at its end.
      TRY(const std::size_t in_a, distance(a_, y.key));
      TRY(const std::size_t in_b, distance(b_, x.key));
      from_a = in_a <= in_b;
    }
    drop(from_a ? &x : nullptr, from_a ? nullptr : &y);
    return {};
  }

  DumpReader& a_;
  DumpReader& b_;
  SectionDifference found_;
};

}  // namespace

Expected<DumpWriter> DumpWriter::open(const std::string& path) {
  TRY(auto output, Output::open(path));
  return DumpWriter(std::move(output));
}

void DumpWriter::put(std::string_view line) {
  sha_.add(line);
  output_->text().append(line);
}

void DumpWriter::begin(std::string_view section) {
  figures_.sections.emplace_back(section, 0);
  put("# " + std::string(section) + "\n");
}

Expected<void> DumpWriter::add(std::string_view key, std::string_view json) {
  auto& [section, lines] = figures_.sections.back();
  ++lines;
  line_.assign(section).append("\t").append(key).append("\t").append(json).append("\n");
  put(line_);
  return output_->spill(kSpillBytes);
}

Expected<DumpWriter::Figures> DumpWriter::close() {
  TRY_DO(output_->close());
  figures_.digest = to_hex(bytes_of(sha_.finish()));
  return std::move(figures_);
}

Expected<std::vector<SectionDifference>> compare_dumps(const std::string& a, const std::string& b) {
  TRY(DumpReader in_a, DumpReader::open(a));
  TRY(DumpReader in_b, DumpReader::open(b));
  std::vector<SectionDifference> out;
  for (;;) {
    TRY(const auto section, in_a.next_section());
    TRY(const auto other, in_b.next_section());
    if (section != other) return broken(a + " and " + b + " are no dumps of one application");
    if (!section) return out;
    TRY(auto difference, SectionComparison(in_a, in_b, *section).perform());
    out.push_back(std::move(difference));
  }
}

}  // namespace quintet::tool
