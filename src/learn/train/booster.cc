#include "learn/train/booster.h"

#include <xgboost/c_api.h>

#include <cmath>
#include <limits>

namespace quintet::learn {
namespace {

// The library's messages carry a stack trace after the first line.
Error failed(std::string_view doing) {
  const std::string_view all = XGBGetLastError();
  const std::string_view line = all.substr(0, all.find('\n'));
  return invalid("libxgboost, " + std::string(doing) + ": " + std::string(line));
}

std::string array_interface(std::span<const float> values, std::size_t columns) {
  return "{\"data\":[" + std::to_string(reinterpret_cast<std::uintptr_t>(values.data())) +
         ",true],\"shape\":[" + std::to_string(values.size() / columns) + "," +
         std::to_string(columns) + "],\"typestr\":\"<f4\",\"version\":3}";
}

}  // namespace

Expected<Matrix> Matrix::make(const MatrixData& data) {
  if (data.columns == 0 || data.values.size() % data.columns != 0) return invalid("no whole rows");
  const std::size_t rows = data.values.size() / data.columns;
  Matrix matrix;
  if (XGDMatrixCreateFromMat(data.values.data(), rows, data.columns,
                             std::numeric_limits<float>::quiet_NaN(), &matrix.handle_) != 0) {
    return failed("taking the rows");
  }
  const auto info = [&](const char* name, std::span<const float> values) -> bool {
    return values.empty() ||
           XGDMatrixSetFloatInfo(matrix.handle_, name, values.data(), values.size()) == 0;
  };
  if (!info("label", data.labels)) return failed("taking the labels");
  if (!info("weight", data.weights)) return failed("taking the weights");
  if (!data.groups.empty() &&
      XGDMatrixSetUIntInfo(matrix.handle_, "group", data.groups.data(), data.groups.size()) != 0) {
    return failed("taking the groups");
  }
  return matrix;
}

Matrix::~Matrix() {
  if (handle_ != nullptr) XGDMatrixFree(handle_);
}

Expected<Booster> Booster::make(std::span<const Matrix* const> cached,
                                const Parameters& parameters) {
  std::vector<DMatrixHandle> handles;
  for (const Matrix* matrix : cached) handles.push_back(matrix->handle_);
  Booster booster;
  if (XGBoosterCreate(handles.data(), handles.size(), &booster.handle_) != 0) {
    return failed("making a booster");
  }
  TRY_DO(booster.set(parameters));
  return booster;
}

Booster::~Booster() {
  if (handle_ != nullptr) XGBoosterFree(handle_);
}

Expected<void> Booster::set(const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    if (XGBoosterSetParam(handle_, name.c_str(), value.c_str()) != 0) {
      return failed("setting " + name);
    }
  }
  return {};
}

Expected<void> Booster::set_features(std::span<const std::string> names) {
  std::vector<const char*> texts;
  for (const std::string& name : names) texts.push_back(name.c_str());
  if (XGBoosterSetStrFeatureInfo(handle_, "feature_name", texts.data(), texts.size()) != 0) {
    return failed("naming the features");
  }
  return {};
}

Expected<void> Booster::load(std::string_view model) {
  if (XGBoosterLoadModelFromBuffer(handle_, model.data(), model.size()) != 0) {
    return failed("loading a model");
  }
  return {};
}

Expected<std::string> Booster::save(std::string_view format) const {
  const std::string config = "{\"format\":\"" + std::string(format) + "\"}";
  bst_ulong size = 0;
  const char* bytes = nullptr;
  if (XGBoosterSaveModelToBuffer(handle_, config.c_str(), &size, &bytes) != 0) {
    return failed("saving the model");
  }
  return std::string(bytes, size);
}

Expected<void> Booster::update(int round, const Matrix& rows) {
  if (XGBoosterUpdateOneIter(handle_, round, rows.handle_) != 0) return failed("boosting");
  return {};
}

Expected<std::string> Booster::evaluate(int round, const Matrix& rows,
                                        std::string_view name) const {
  const std::string label(name);
  const char* names[] = {label.c_str()};
  DMatrixHandle matrices[] = {rows.handle_};
  const char* line = nullptr;
  if (XGBoosterEvalOneIter(handle_, round, matrices, names, 1, &line) != 0)
    return failed("judging");
  return std::string(line);
}

Expected<std::vector<float>> Booster::predict(const Matrix& rows, Output output) const {
  const std::string config =
      "{\"type\":" + std::string(output == Output::margin ? "1" : "0") +
      ",\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":false}";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* result = nullptr;
  if (XGBoosterPredictFromDMatrix(handle_, rows.handle_, config.c_str(), &shape, &dimensions,
                                  &result) != 0) {
    return failed("predicting");
  }
  std::size_t size = 1;
  for (bst_ulong i = 0; i < dimensions; ++i) size *= shape[i];
  return std::vector<float>(result, result + size);
}

Expected<std::vector<float>> Booster::predict_dense(std::span<const float> values,
                                                    std::size_t columns) const {
  const char* config =
      "{\"type\":0,\"training\":false,\"iteration_begin\":0,\"iteration_end\":0,"
      "\"strict_shape\":false,\"cache_id\":0,\"missing\":NaN}";
  const std::string array = array_interface(values, columns);
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* result = nullptr;
  if (XGBoosterPredictFromDense(handle_, array.c_str(), config, nullptr, &shape, &dimensions,
                                &result) != 0) {
    return failed("predicting in place");
  }
  std::size_t size = 1;
  for (bst_ulong i = 0; i < dimensions; ++i) size *= shape[i];
  return std::vector<float>(result, result + size);
}

std::string xgboost_version() {
  int major = 0, minor = 0, patch = 0;
  XGBoostVersion(&major, &minor, &patch);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

}  // namespace quintet::learn
