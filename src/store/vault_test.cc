#include "store/vault.h"

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/memory.h"
#include "store/played_disk.h"
#include "store/sql.h"
#include "store/store_fixture.h"

namespace quintet::store {
namespace {

class VaultContract : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { open(); }
  void open() {
    if (!GetParam()) {
      if (!vault_) vault_ = make_memory_vault();
      return;
    }
    vault_.reset();
    vault_ = value_of(open_vault(directory_.path()));
  }

  TemporaryDirectory directory_;
  std::unique_ptr<stage::Vault> vault_;
};

std::string name_of_vault(const ::testing::TestParamInfo<bool>& info) {
  return info.param ? "sqlite" : "memory";
}

INSTANTIATE_TEST_SUITE_P(All, VaultContract, ::testing::Bool(), name_of_vault);

TEST_P(VaultContract, MakesThePseudonymKeyOnce) {
  const std::string key = value_of(vault_->pseudonym_key());
  EXPECT_EQ(key.size(), 32u);
  EXPECT_EQ(value_of(vault_->pseudonym_key()), key);
  open();
  EXPECT_EQ(value_of(vault_->pseudonym_key()), key);
}

TEST(Vault, TakesAPseudonymKeyOnlyWhileItHasNone) {
  TemporaryDirectory directory;
  const std::string key(32, 'k');
  {
    const auto vault = value_of(open_vault(directory.path()));
    EXPECT_EQ(vault->take_pseudonym_key("short").error().code(), Code::invalid);
    ASSERT_TRUE(vault->take_pseudonym_key(key));
    EXPECT_EQ(value_of(vault->pseudonym_key()), key);
  }
  const auto vault = value_of(open_vault(directory.path()));
  EXPECT_EQ(value_of(vault->pseudonym_key()), key);
  EXPECT_TRUE(vault->take_pseudonym_key(key));
  EXPECT_EQ(vault->take_pseudonym_key(std::string(32, 'o')).error().code(), Code::conflict);
}

TEST_P(VaultContract, MakesOneKeyASubject) {
  EXPECT_EQ(vault_->find_subject_key("a").error().code(), Code::not_found);
  const std::string a = value_of(vault_->subject_key("a"));
  const std::string b = value_of(vault_->subject_key("b"));
  EXPECT_EQ(a.size(), 32u);
  EXPECT_NE(a, b);
  EXPECT_EQ(value_of(vault_->subject_key("a")), a);
  EXPECT_EQ(value_of(vault_->find_subject_key("a")), a);
  ASSERT_TRUE(vault_->flush());
  ASSERT_TRUE(vault_->flush());
  EXPECT_EQ(value_of(vault_->subject_key("a")), a);
  open();
  EXPECT_EQ(value_of(vault_->find_subject_key("a")), a);
  EXPECT_EQ(value_of(vault_->subject_key("b")), b);
}

TEST_P(VaultContract, GivesADestroyedKeyNeverAgain) {
  ASSERT_TRUE(vault_->subject_key("a"));
  ASSERT_TRUE(vault_->flush());
  ASSERT_TRUE(vault_->subject_key("not flushed"));
  for (const char* subject : {"c", "not flushed", "a", "c"}) {
    ASSERT_TRUE(vault_->destroy(subject));
  }
  for (int round = 0; round < 2; ++round) {
    for (const char* subject : {"a", "not flushed", "c"}) {
      EXPECT_EQ(vault_->subject_key(subject).error().code(), Code::expired);
      EXPECT_EQ(vault_->find_subject_key(subject).error().code(), Code::expired);
    }
    EXPECT_EQ(value_of(vault_->destroyed()), (std::vector<std::string>{"a", "c", "not flushed"}));
    ASSERT_TRUE(vault_->flush());
    open();
  }
}

std::string all_bytes(const std::string& directory) {
  std::string out;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream file(entry.path(), std::ios::binary);
    out.append(std::istreambuf_iterator<char>(file), {});
  }
  return out;
}

TEST(Vault, IsForItsOwnerAlone) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/v";
  const auto vault = value_of(open_vault(path));
  ASSERT_TRUE(vault->subject_key("a"));
  ASSERT_TRUE(vault->flush());
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    ASSERT_EQ(::stat(entry.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST(Vault, WritesNoKeyInTheClear) {
  const TemporaryDirectory directory;
  const auto vault = value_of(open_vault(directory.path()));
  const std::string key = value_of(vault->subject_key("a"));
  ASSERT_TRUE(vault->flush());
  EXPECT_EQ(all_bytes(directory.path()).find(key), std::string::npos);
  EXPECT_EQ(all_bytes(directory.path()).find(value_of(vault->pseudonym_key())), std::string::npos);
}

TEST(Vault, LeavesNothingOfADestroyedKeyInItsFiles) {
  const TemporaryDirectory directory;
  const auto vault = value_of(open_vault(directory.path()));
  ASSERT_TRUE(vault->subject_key("a"));
  ASSERT_TRUE(vault->subject_key("b"));
  ASSERT_TRUE(vault->flush());
  Database database = value_of(Database::open({directory.path() + "/vault.db", "", 100}));
  const std::string sealed = value_of(database.text("SELECT sealed FROM keys WHERE subject = 'a'"));
  EXPECT_NE(all_bytes(directory.path()).find(sealed), std::string::npos);
  ASSERT_TRUE(vault->destroy("a"));
  EXPECT_EQ(all_bytes(directory.path()).find(sealed), std::string::npos);
  EXPECT_TRUE(vault->find_subject_key("b"));
}

TEST(Vault, KeepsItsKeysWhenTheKeyAroundThemRotates) {
  const TemporaryDirectory directory;
  std::string pseudonym;
  std::string a;
  std::string file_before;
  {
    const auto vault = value_of(open_vault(directory.path()));
    pseudonym = value_of(vault->pseudonym_key());
    a = value_of(vault->subject_key("a"));
    ASSERT_TRUE(vault->subject_key("b"));
    ASSERT_TRUE(vault->destroy("c"));
    std::ifstream file(directory.path() + "/vault.key");
    std::getline(file, file_before);
    const auto done = vault->rotate();
    ASSERT_TRUE(done) << done.error().message();
    EXPECT_EQ(value_of(vault->subject_key("a")), a);
  }
  EXPECT_EQ(all_bytes(directory.path()).find(file_before), std::string::npos);
  const auto vault = value_of(open_vault(directory.path()));
  EXPECT_EQ(value_of(vault->pseudonym_key()), pseudonym);
  EXPECT_EQ(value_of(vault->find_subject_key("a")), a);
  EXPECT_TRUE(vault->find_subject_key("b"));
  EXPECT_EQ(vault->find_subject_key("c").error().code(), Code::expired);
}

// A rotation that was cut off leaves two keys in the file, and either may be the one that fits.
TEST(Vault, FinishesARotationThatWasCutOff) {
  const std::string stranger(64, '7');
  for (const bool first : {true, false}) {
    const TemporaryDirectory directory;
    const std::string key_file = directory.path() + "/vault.key";
    std::string a;
    {
      const auto vault = value_of(open_vault(directory.path()));
      a = value_of(vault->subject_key("a"));
      ASSERT_TRUE(vault->flush());
    }
    std::string key;
    std::getline(std::ifstream(key_file) >> std::ws, key);
    const std::string& one = first ? key : stranger;
    const std::string& two = first ? stranger : key;
    std::ofstream(key_file, std::ios::trunc) << one << '\n' << two << '\n';
    const auto vault = value_of(open_vault(directory.path()));
    EXPECT_EQ(value_of(vault->find_subject_key("a")), a);
    EXPECT_EQ(all_bytes(directory.path()).find(stranger), std::string::npos);
  }
}

TEST(Vault, RefusesAKeyFileThatDoesNotFit) {
  const TemporaryDirectory directory;
  const std::string key_file = directory.path() + "/vault.key";
  ASSERT_TRUE(open_vault(directory.path()));
  for (const std::string& text :
       {std::string(64, '7'), std::string("7777\n"), std::string("no hex\n"), std::string()}) {
    std::ofstream(key_file, std::ios::trunc) << text;
    const auto refused = open_vault(directory.path());
    ASSERT_FALSE(refused) << text;
    EXPECT_NE(refused.error().message().find("vault.key"), std::string::npos);
  }
  std::filesystem::remove(key_file);
  const auto vault = open_vault(directory.path());
  ASSERT_FALSE(vault);
  EXPECT_EQ(vault.error().code(), Code::broken);
  EXPECT_FALSE(std::filesystem::exists(key_file));
}

TEST(Vault, TakesAKeyFileFromAnotherPlace) {
  const TemporaryDirectory directory;
  VaultOptions options;
  options.key_file = directory.path() + "/elsewhere";
  const std::string path = directory.path() + "/v";
  ASSERT_TRUE(open_vault(path, options));
  EXPECT_TRUE(std::filesystem::exists(options.key_file));
  EXPECT_FALSE(std::filesystem::exists(path + "/vault.key"));
  EXPECT_TRUE(open_vault(path, options));
  EXPECT_FALSE(open_vault(path));
}

TEST(Vault, RecoversWhenTheDiskTakesWritesAgain) {
  const TemporaryDirectory directory;
  PlayedDisk disk;
  VaultOptions options;
  options.vfs = disk.vfs();
  std::string ann, bob;
  {
    const auto vault = value_of(open_vault(directory.path(), options));
    ann = value_of(vault->subject_key("ann"));
    ASSERT_TRUE(vault->flush());
    disk.leave_space(0);
    bob = value_of(vault->subject_key("bob"));
    EXPECT_FALSE(vault->flush());
    disk.leave_space(INT64_MAX);
    EXPECT_FALSE(vault->flush()) << "after a failed write nothing is written by the way";
    ASSERT_TRUE(vault->recover());
    ASSERT_TRUE(vault->flush());
    EXPECT_EQ(value_of(vault->find_subject_key("bob")), bob);
  }
  const auto vault = value_of(open_vault(directory.path(), options));
  EXPECT_EQ(value_of(vault->find_subject_key("ann")), ann);
  EXPECT_EQ(value_of(vault->find_subject_key("bob")), bob);
  EXPECT_EQ(vault->find_pseudonym_key().error().code(), Code::not_found);
  const std::string pseudonym = value_of(vault->pseudonym_key());
  EXPECT_EQ(value_of(vault->find_pseudonym_key()), pseudonym);
}

// The loop makes keys while the writing thread makes them durable.
TEST(Vault, GivesKeysWhileOthersAreWritten) {
  const TemporaryDirectory directory;
  std::map<std::string, std::string> made;
  {
    const auto vault = value_of(open_vault(directory.path()));
    std::atomic<bool> done = false;
    std::thread writer([&] {
      while (!done) EXPECT_TRUE(vault->flush());
    });
    for (int i = 0; i < 300; ++i) {
      const std::string subject = "s" + std::to_string(i);
      made[subject] = value_of(vault->subject_key(subject));
      EXPECT_EQ(value_of(vault->find_subject_key("s" + std::to_string(i / 2))),
                made["s" + std::to_string(i / 2)]);
    }
    done = true;
    writer.join();
    ASSERT_TRUE(vault->flush());
  }
  const auto vault = value_of(open_vault(directory.path()));
  for (const auto& [subject, key] : made)
    EXPECT_EQ(value_of(vault->find_subject_key(subject)), key);
}

TEST(Vault, FindsATamperedKey) {
  const TemporaryDirectory directory;
  const auto sql = [&](const char* text) {
    Database database = value_of(Database::open({directory.path() + "/vault.db", "", 100}));
    ASSERT_TRUE(database.run(text));
  };
  {
    const auto vault = value_of(open_vault(directory.path()));
    ASSERT_TRUE(vault->subject_key("a"));
    ASSERT_TRUE(vault->subject_key("b"));
    ASSERT_TRUE(vault->flush());
  }
  sql("UPDATE keys SET sealed = (SELECT sealed FROM keys WHERE subject = 'b') WHERE subject = 'a'");
  {
    const auto vault = value_of(open_vault(directory.path()));
    EXPECT_EQ(vault->find_subject_key("a").error().code(), Code::broken);
    EXPECT_TRUE(vault->find_subject_key("b"));
  }
  sql("UPDATE meta SET value = '2' WHERE name = 'format'");
  EXPECT_EQ(open_vault(directory.path()).error().code(), Code::conflict);
}

}  // namespace
}  // namespace quintet::store
