// The models of the application as the Open Inference Protocol sees them: what Place::score() has
// in memory, scored inline on the loop, without a hop. A model without a version in force is not
// there.
#pragma once

#include <map>

#include "host/node.h"
#include "host/oip.h"

namespace quintet::host {

class ServedModels final : public Predictor {
 public:
  // The Node outlives it.
  explicit ServedModels(Node& node) : node_(node) {}

  bool ready() const override;
  std::vector<std::shared_ptr<const ServedModel>> models() const override;
  // The one in force alone; others that are in memory can be asked for by number.
  std::vector<std::string> versions(std::string_view name) const override;
  Expected<std::shared_ptr<const ServedModel>> find(std::string_view name,
                                                    std::string_view version) const override;

 private:
  std::shared_ptr<const ServedModel> served(const std::string& name, std::uint32_t version,
                                            std::shared_ptr<const learn::Model> model) const;

  Node& node_;
  struct Kept {
    std::shared_ptr<const learn::Model> model;
    std::shared_ptr<const ServedModel> served;
  };
  mutable std::map<std::pair<std::string, std::uint32_t>, Kept> kept_;
};

}  // namespace quintet::host
