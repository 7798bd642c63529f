#include "host/model_files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/digest.h"
#include "base/json_out.h"
#include "host/training_process.h"
#include "stage/model_input.h"

namespace quintet::host {

namespace {

std::string_view type_of(const app::ModelSpec& model) {
  return model.type == app::ModelType::linear ? "linear" : "xgboost";
}

Error about(const app::ModelSpec& model, const ModelFile& file, Error why) {
  return std::move(why).during("model " + model.name + ": " + file.name);
}

Expected<void> check_digest(const ModelFile& file) {
  const std::string digest = sha256_hex(file.bytes);
  if (file.sha256.empty() || file.sha256 == digest) return {};
  return invalid("the file's sha256 is " + digest + ", not " + file.sha256);
}

void add_texts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  json.key(key).begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

// What is known of a model that was not trained here.
std::string card_of(const app::ModelSpec& spec, const learn::Model& model, const ModelFile& file) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("model", spec.name).field("digest", model.digest());
  json.field("type", model.type()).field("objective", model.objective());
  add_texts(json, "inputs", model.features());
  add_texts(json, "outputs", model.outputs());
  json.key("imported").begin_object().field("file", file.name);
  json.key("bytes").uint64(file.bytes.size()).field("sha256", sha256_hex(file.bytes));
  json.end_object().end_object();
  return out + "\n";
}

Place::Brought brought(const app::ModelSpec& spec, ModelFile file,
                       std::shared_ptr<const learn::Model> model) {
  Place::Brought result;
  result.entry.model = spec.name;
  result.entry.digest = model->digest();
  result.entry.card = card_of(spec, *model, file);
  result.entry.bytes = std::move(file.bytes);
  result.model = std::move(model);
  result.reason = "file " + file.name;
  return result;
}

}  // namespace

Expected<std::string> read_model_file(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return not_found(path + ": " + std::strerror(errno));
  std::string bytes;
  char buffer[65536];
  std::size_t got = 0;
  while (bytes.size() <= learn::kMaxModelBytes &&
         (got = std::fread(buffer, 1, sizeof buffer, file)) > 0) {
    bytes.append(buffer, got);
  }
  const bool failed = std::ferror(file) != 0;
  const int why = errno;
  std::fclose(file);
  if (failed) return unavailable(path + ": " + std::strerror(why));
  if (bytes.size() > learn::kMaxModelBytes) return exhausted(path + " exceeds 256 MiB");
  return bytes;
}

Expected<std::shared_ptr<const learn::Model>> load_model_file(const app::ModelSpec& model,
                                                              const ModelFile& file) {
  if (auto same = check_digest(file); !same) return about(model, file, std::move(same).error());
  auto loaded = learn::read_model({type_of(model), file.bytes, model.input_names});
  if (!loaded) return about(model, file, std::move(loaded).error());
  if (auto fits = stage::check_model(model, **loaded); !fits) {
    return about(model, file, std::move(fits).error());
  }
  return loaded;
}

Expected<Place::Brought> check_model_file(const app::ModelSpec& model, ModelFile file,
                                          const std::string& directory) {
  if (auto same = check_digest(file); !same) return about(model, file, std::move(same).error());
  auto loaded = admit_in_process({{type_of(model), file.bytes, model.input_names}, directory});
  remove_training(directory);
  if (!loaded) return about(model, file, std::move(loaded).error());
  if (auto fits = stage::check_model(model, **loaded); !fits) {
    return about(model, file, std::move(fits).error());
  }
  return brought(model, std::move(file), *std::move(loaded));
}

std::string path_of(const app::ModelSpec& model, const std::string& base) {
  return (std::filesystem::path(base) / model.file).string();
}

Expected<std::vector<Place::Brought>> application_models(const app::Spec& spec,
                                                         const std::string& base,
                                                         stage::Store& store,
                                                         const std::string& data_directory) {
  std::vector<Place::Brought> result;
  for (const app::ModelSpec& model : spec.models) {
    if (model.file.empty()) continue;
    ModelFile file{model.file, {}, model.sha256};
    if (auto bytes = read_model_file(path_of(model, base)); bytes) {
      file.bytes = *std::move(bytes);
    } else {
      return std::move(bytes).error().during("model " + model.name);
    }
    TRY(const auto registry, store.models(true));
    const bool known = std::any_of(registry.begin(), registry.end(), [&](const auto& entry) {
      return entry.model == model.name && entry.bytes == file.bytes;
    });
    if (known) {
      TRY(auto loaded, load_model_file(model, file));
      result.push_back(brought(model, std::move(file), std::move(loaded)));
      continue;
    }
    TRY(auto checked,
        check_model_file(model, std::move(file), data_directory + "/import/" + model.name));
    result.push_back(std::move(checked));
  }
  return result;
}

}  // namespace quintet::host
