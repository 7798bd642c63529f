// What every store is tested as: the kinds that there are, each opened anew by open(). The tests of
// the contract are contract_test.cc and, of what retention asks of a store,
// retention_contract_test.cc.
#pragma once

#include <gtest/gtest.h>

#include "store/memory.h"
#include "store/postgres_fixture.h"
#include "store/sqlite.h"
#include "store/store_fixture.h"

namespace quintet::store {

enum class Kind { memory, sqlite, sqlite_compressed, postgres, postgres_compressed };

class StoreContract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (on_postgres()) postgres_ = PostgresServer::shared().options();
    open();
  }

  bool on_postgres() const {
    return GetParam() == Kind::postgres || GetParam() == Kind::postgres_compressed;
  }

  void open() {
    if (GetParam() == Kind::memory) {
      if (!store_) store_ = std::make_unique<MemoryStore>();
      return;
    }
    store_.reset();
    if (on_postgres()) {
      postgres_.compress_from = GetParam() == Kind::postgres_compressed ? 1 : 0;
      auto opened = open_postgres(postgres_);
      ASSERT_TRUE(opened) << opened.error().message();
      store_ = std::move(*opened);
      return;
    }
    SqliteOptions options;
    options.compress_from = GetParam() == Kind::sqlite_compressed ? 1 : 0;
    auto opened = open_sqlite(directory_.path(), options);
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = std::move(*opened);
  }

  Epoch open_epoch() { return value_of(store_->open_epoch()); }
  Expected<void> commit(stage::Commit commit, Epoch epoch) { return store_->commit(commit, epoch); }

  TemporaryDirectory directory_;
  PostgresOptions postgres_;
  std::unique_ptr<stage::Store> store_;
};

}  // namespace quintet::store
