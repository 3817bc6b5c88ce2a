#include "src/io/model_files.hpp"

#include <system_error>
#include <utility>

#include "src/core/rethrow.hpp"
#include "src/io/foreign_formats.hpp"
#include "src/io/json.hpp"
#include "tegula/core/error.hpp"
#include "tegula/core/shortened.hpp"

namespace tegula::io {

namespace {

namespace fs = std::filesystem;
using nn::Config;

constexpr std::uint64_t kLargestConfig = std::uint64_t{64} << 20;

/// Where the user can go from a file that is not ours.
constexpr const char* kReadable =
    "load_model reads the folders that `save` wrote. The weights of another library's model can be "
    "taken over as arrays: build an equal model and give them to `set_weights`";

/// Throws what a user needs to know when there is no model of ours at `folder`.
[[noreturn]] void throw_no_model(const fs::path& folder) {
  const std::string quoted = "\"" + folder.string() + "\"";
  std::error_code error;
  if (!fs::exists(folder, error)) {
    throw IoError("there is no saved model at " + quoted + ": no such file or folder");
  }
  const std::string format = foreign_format_by_contents(folder);
  if (!format.empty()) {
    throw FormatError(quoted + " is " + format + ", which cannot be read yet; " + kReadable);
  }
  if (fs::is_directory(folder, error)) {
    throw IoError(quoted + " holds no " + kConfigFile + ", so no saved model; " + kReadable);
  }
  throw FormatError(quoted + " is a file, but a saved model is a folder; a file that " +
                    "`save_weights` wrote is read by `load_weights` of an equal model");
}

bool has_format(const Config& config) {
  const Config* const format = config.find("format");
  return format != nullptr && *format == Config(kFormat);
}

Config parse_config(tegula::detail::InputFile& file) {
  return parse_json(tegula::detail::read_all(file, kLargestConfig), file.path());
}

}  // namespace

ModelFiles open_model_files(const fs::path& folder) {
  // A folder that was replaced after it was opened may be half removed.
  constexpr int kAttempts = 1000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) throw_no_model(folder);
    const tegula::detail::InputFolder opened(folder.string());
    std::optional<tegula::detail::InputFile> config = opened.find(kConfigFile);
    std::optional<tegula::detail::InputFile> tensors = opened.find(kTensorFile);
    if ((!config || !tensors) && opened.replaced()) continue;
    if (!config) throw_no_model(folder);
    return {std::move(*config), std::move(tensors)};
  }
  throw IoError("cannot read \"" + folder.string() + "\": it is replaced all the time");
}

Config read_description(tegula::detail::InputFile& file, const fs::path& folder) {
  Config config = parse_config(file);
  if (!has_format(config)) {
    if (!foreign_format_by_contents(folder).empty()) throw_no_model(folder);
    throw FormatError("\"" + file.path() + "\" does not describe a Tegula model");
  }
  const std::int64_t version = config.at("version").as_integer();
  if (version < 1 || version > kVersion) {
    throw FormatError("\"" + file.path() + "\" has format version " + std::to_string(version) +
                      "; this library reads versions 1 to " + std::to_string(kVersion));
  }
  return config;
}

bool describes_model(const std::string& config_file) {
  try {
    tegula::detail::InputFile file(config_file);
    return has_format(parse_config(file));
  } catch (const Error&) {
    return false;
  }
}

void rethrow_for_file(const fs::path& path) {
  const auto text = [&](const Error& error) {
    constexpr std::size_t kLongest = 500;
    const std::string_view what = error.what();
    const bool named = what.find(path.string()) != std::string_view::npos;
    return tegula::detail::shortened(
        named ? std::string(what) : "\"" + path.string() + "\": " + std::string(what),
        kLongest + path.string().size());
  };
  tegula::detail::rethrow_with(text);
}

}  // namespace tegula::io
