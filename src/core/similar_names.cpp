#include "src/core/similar_names.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace tegula {

namespace {

/// Levenshtein distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view given, std::span<const std::string> known) {
  constexpr std::size_t kMostSuggestions = 3, kLongestName = 100;
  if (given.size() > kLongestName) return "";
  std::vector<std::pair<std::size_t, std::string_view>> candidates;
  for (const std::string& name : known) {
    if (name.size() > kLongestName) continue;
    const std::size_t distance = edit_distance(given, name);
    if (distance <= std::max<std::size_t>(1, given.size() / 3)) {
      candidates.emplace_back(distance, name);
    }
  }
  std::sort(candidates.begin(), candidates.end());
  std::string text;
  for (std::size_t i = 0; i < std::min(candidates.size(), kMostSuggestions); ++i) {
    text += (i == 0 ? "; did you mean \"" : ", \"") + std::string(candidates[i].second) + "\"";
  }
  return text.empty() ? text : text + "?";
}

}  // namespace tegula
