#pragma once
// What `Model::save` wrote, opened for reading.

#include <filesystem>
#include <memory>
#include <optional>

#include "tegula/core/export.hpp"
#include "tegula/nn/config.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

/// A saved model's folder. Its description and its weights are of one version, also while another
/// process replaces the folder.
class TEGULA_API SavedModel {
 public:
  /// Opens the folder and reads its description. Throws IoError when there is none, FormatError for
  /// a damaged folder and for files of other formats.
  explicit SavedModel(const std::filesystem::path& folder);
  ~SavedModel();
  SavedModel(SavedModel&&) noexcept;
  SavedModel& operator=(SavedModel&&) noexcept;

  /// `{"version", "model", "compile", "random"}`.
  const Config& description() const;
  /// Takes over the weights, the optimizer's state when the model is compiled, and the random
  /// streams. Throws FormatError, ShapeError or DTypeError when they do not fit the model, before
  /// it sets any.
  void restore(Model& model);
  /// Where training stood when `Model::save_training` wrote the folder; nothing for other folders.
  /// Throws FormatError.
  std::optional<TrainingPosition> training_position();

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

}  // namespace tegula::nn
