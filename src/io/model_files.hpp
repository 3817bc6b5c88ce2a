#pragma once
// The two files of a saved model's folder. Private to src/io.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "src/core/input_file.hpp"
#include "tegula/nn/config.hpp"

namespace tegula::io {

inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kTensorFile = "weights.safetensors";
/// Of the names of tensors that say where training stood.
inline constexpr const char* kTrainingPrefix = "training/";
inline constexpr const char* kFormat = "tegula";
inline constexpr std::int64_t kVersion = 2;

/// Both files of one version of the folder, opened.
struct ModelFiles {
  tegula::detail::InputFile config;
  std::optional<tegula::detail::InputFile> tensors;
};
/// Throws IoError or FormatError saying what there is at `folder` instead of a saved model.
ModelFiles open_model_files(const std::filesystem::path& folder);

/// The description in the config of `folder`, of a version that this library reads.
nn::Config read_description(tegula::detail::InputFile& config, const std::filesystem::path& folder);

/// Whether the file is a saved model's config.json, of any version.
bool describes_model(const std::string& config_file);

/// For a catch block: throws the current exception of ours again, with a text that names `path` and
/// has a bounded length, whatever the file has put into it.
[[noreturn]] void rethrow_for_file(const std::filesystem::path& path);

}  // namespace tegula::io
