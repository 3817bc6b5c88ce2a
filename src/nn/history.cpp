#include <string>

#include "tegula/core/error.hpp"
#include "tegula/core/name_index.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

namespace {

/// The series of `name`, made where there is none.
template <typename Series>
Series& series_of(std::vector<std::pair<std::string, Series>>& all, const std::string& name,
                  tegula::detail::NameIndex& index) {
  const std::size_t place = index.find(all, name);
  return place < all.size() ? all[place].second : all.emplace_back(name, Series()).second;
}

template <typename Series>
const Series* find_series(const std::vector<std::pair<std::string, Series>>& all,
                          std::string_view name) {
  for (const auto& [known, series] : all) {
    if (known == name) return &series;
  }
  return nullptr;
}

[[noreturn]] void throw_no_series(const History& history, std::string_view metric,
                                  const char* kind) {
  std::string known;
  for (const auto& [name, series] : history.values) known += (known.empty() ? "" : ", ") + name;
  for (const auto& [name, series] : history.tensors) {
    known += (known.empty() ? "" : ", ") + name + " (tensors)";
  }
  throw NotFound("the history has no " + std::string(kind) + " of metric \"" + std::string(metric) +
                 "\"; it has: " + known);
}

}  // namespace

const std::vector<double>& History::at(std::string_view metric) const {
  if (const auto* series = find_series(values, metric)) return *series;
  throw_no_series(*this, metric, "numbers");
}

const std::vector<Tensor>& History::tensors_at(std::string_view metric) const {
  if (const auto* series = find_series(tensors, metric)) return *series;
  throw_no_series(*this, metric, "tensors");
}

void History::append(std::int64_t epoch, const Logs& logs) {
  epochs.push_back(epoch);
  tegula::detail::NameIndex of_values;
  tegula::detail::NameIndex of_tensors;
  for (const auto& [name, value] : logs) {
    if (value.is_number()) {
      series_of(values, name, of_values).push_back(value.number());
    } else {
      series_of(tensors, name, of_tensors).push_back(value.tensor());
    }
  }
}

}  // namespace tegula::nn
