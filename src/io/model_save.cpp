// Saving models: a folder with the model's description as JSON and its tensors as safetensors. The
// format is described in docs/file-format.md.

#include "src/io/foreign_formats.hpp"
#include "src/io/json.hpp"
#include "src/io/model_files.hpp"
#include "src/io/model_weights.hpp"
#include "tegula/core/file.hpp"
#include "tegula/io/safetensors.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

namespace {

void add_values(const Model& model, const std::vector<NamedVariable>& named,
                io::Safetensors& contents) {
  std::vector<Variable> variables;
  for (const NamedVariable& one : named) variables.push_back(one.variable);
  const std::vector<Tensor> values = model.get(variables);  // of one moment
  for (std::size_t i = 0; i < named.size(); ++i) {
    contents.tensors.push_back({named[i].name, values[i]});
  }
}

void check_built(const Model& model) {
  if (model.built()) return;
  throw RunError("model \"" + model.name() +
                 "\" is not built, so it has no weights to save; give " +
                 "it an input shape or call build(...) first");
}

Config to_config(const RandomState& state) {
  // A seed has 64 bits, more than the numbers of JSON hold everywhere.
  return Config::object({{"seed", std::to_string(state.seed)},
                         {"runs", static_cast<std::int64_t>(state.runs)},
                         {"epochs", static_cast<std::int64_t>(state.epochs)},
                         {"first_op", state.first_op}});
}

/// The name without the ending that promises another format, and with `ending` instead.
std::string renamed(const std::filesystem::path& path, const char* ending) {
  return (path.parent_path() / path.stem()).string() + ending;
}

}  // namespace

void check_save_path(const std::filesystem::path& folder) {
  const std::string format = io::foreign_format_by_name(folder);
  if (format.empty()) return;
  throw InvalidArgument("\"" + folder.string() + "\" is the name of " + format +
                        ", which cannot be written yet; a model is saved as a folder of Tegula's " +
                        "own format, for example \"" + renamed(folder, ".tegula") + "\"");
}

void check_save_weights_path(const std::filesystem::path& file) {
  const std::string format = io::foreign_format_by_name(file);
  if (format.empty()) return;
  throw InvalidArgument("\"" + file.string() + "\" is the name of " + format +
                        ", which cannot be written yet; weights are saved as a safetensors file, " +
                        "for example \"" + renamed(file, ".safetensors") + "\"");
}

namespace {

/// The description of the model, which may say more, and its tensors after those given.
void write_model(const Model& model, const std::filesystem::path& folder, const Config& training,
                 io::Safetensors contents) {
  check_save_path(folder);
  check_built(model);
  Config description = Config::object({{"format", io::kFormat}, {"version", io::kVersion}});
  description.set("model", model.config());
  description.set("compile", model.compile_config());
  description.set("random", to_config(model.random_state()));
  if (!training.is_null()) description.set("training", training);
  const std::string text = io::to_json(description);
  add_values(model, named_state(model), contents);
  const io::SafetensorsPieces pieces = io::safetensors_pieces(contents);
  const FolderEntry entries[] = {{io::kConfigFile, {text}}, {io::kTensorFile, pieces.all()}};
  write_folder_atomically(folder.string(), entries, io::describes_model);
}

}  // namespace

void Model::save(const std::filesystem::path& folder) const {
  write_model(*this, folder, nullptr, {});
}

void Model::save_training(const std::filesystem::path& folder) const {
  const TrainingPosition position = training_position();
  io::Safetensors contents;
  for (std::size_t i = 0; i < position.metrics.size(); ++i) {
    contents.tensors.push_back({io::kTrainingPrefix + std::to_string(i), position.metrics[i]});
  }
  const Config described =
      Config::object({{"epoch", position.epoch},
                      {"batch", position.batch},
                      {"first_shuffle", static_cast<std::int64_t>(position.first_shuffle)}});
  write_model(*this, folder, described, std::move(contents));
}

void Model::save_weights(const std::filesystem::path& file) const {
  check_save_weights_path(file);
  check_built(*this);
  io::Safetensors contents;
  add_values(*this, named_weights(*this), contents);
  io::write_safetensors(file.string(), contents);
}

}  // namespace tegula::nn
