// Models that were made elsewhere and come as files: `file` of the application file, or an upload.
// They pass the gate of training_process.h and must fit the application.
#pragma once

#include <string>
#include <vector>

#include "app/spec.h"
#include "host/place.h"

namespace quintet::host {

struct ModelFile {
  std::string name;  // what the card and the promotion call it
  std::string bytes;
  std::string sha256;  // what the file must have, in hex; empty: not compared
};

// The file's bytes; `exhausted` if there are more than a model file may have.
Expected<std::string> read_model_file(const std::string& path);

// Blocks until a process of its own has read the file in `directory`, which is taken away then: not
// on a loop's thread. Fails with what is wrong with the file, naming it.
Expected<Place::Brought> check_model_file(const app::ModelSpec& model, ModelFile file,
                                          const std::string& directory);

// The same in this process, for a command that reads no other's file and serves nobody.
Expected<std::shared_ptr<const learn::Model>> load_model_file(const app::ModelSpec& model,
                                                              const ModelFile& file);

// All that the application names under `file`, relative to `base`, the directory of its file. What
// the store has, byte for byte, is not checked again. `data_directory`: for the checks.
Expected<std::vector<Place::Brought>> application_models(const app::Spec& spec,
                                                         const std::string& base,
                                                         stage::Store& store,
                                                         const std::string& data_directory);

// Where `file` of a model is.
std::string path_of(const app::ModelSpec& model, const std::string& base);

}  // namespace quintet::host
