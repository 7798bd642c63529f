// The store of one machine: SQLite in WAL mode with synchronous=FULL, one transaction a commit.
// What commit() said yes to survives the death of the process and the loss of power.
//
// A directory holds: quintet.db (log, outcomes, dead letters, models: truth), derived.db
// (snapshots: may be deleted), lock (who has it open). Files have 8 KiB pages; the log has one row
// a block.
#pragma once

#include <memory>
#include <string>

#include "stage/store.h"

namespace quintet::store {

struct SqliteOptions {
  // Copies the write-ahead log back into the file when it holds this many pages: on a thread of its
  // own, the rest before the next commit. At eight times as many a commit waits for it.
  int checkpoint_pages = 4096;
  // All of it between two commits instead, without a thread: for tests.
  bool copy_between_commits = false;
  // How long a commit waits for another program that locked the file (a backup, the sqlite3 shell).
  int busy_ms = 5000;
  // Blocks and outcome runs of at least this many bytes are compressed; 0: none.
  std::size_t compress_from = 0;
  // The SQLite VFS, for tests that play a failing disk; empty: the system's.
  std::string vfs;
};

// Makes directory and files if they are not there. Fails with
//   conflict   another process (named) has the directory open, or a newer build wrote it;
//   invalid    the path cannot be used: permission, not a directory, another program's file;
//   exhausted  the disk is full;
//   broken     the file is damaged.
//
// What this store adds to the contract:
//   - An outcome run that is covered is dropped; one that is covered in part is a `conflict`,
//     because a run cannot be cut. Runs of one block never are.
//   - After a failed transaction (`exhausted`, `broken`) every commit() fails with the same error
//     until the directory is opened anew. Refusals (`conflict`, `invalid`, `not_found`) change
//     nothing and close nothing.
//   - Reads may come from any thread; they wait for each other, never for a commit.
//   - put_snapshots() has a file of its own and may be called from a thread of its own.
//   - remove_below() keeps the last block, which the next one has to name.
Expected<std::unique_ptr<stage::Store>> open_sqlite(const std::string& directory,
                                                    const SqliteOptions& options = {});

}  // namespace quintet::store
