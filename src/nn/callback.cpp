#include "tegula/nn/callback.hpp"

#include <algorithm>

namespace tegula::nn {

const double* Logs::find(std::string_view name) const {
  const auto position = std::find_if(entries_.begin(), entries_.end(),
                                     [name](const auto& entry) { return entry.first == name; });
  return position == entries_.end() ? nullptr : &position->second;
}

void Logs::set(std::string_view name, double value) {
  for (auto& [known, current] : entries_) {
    if (known == name) {
      current = value;
      return;
    }
  }
  entries_.emplace_back(std::string(name), value);
}

}  // namespace tegula::nn
