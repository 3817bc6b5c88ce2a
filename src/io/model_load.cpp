#include "tegula/nn/saved_model.hpp"

#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "src/io/foreign_formats.hpp"
#include "src/io/model_files.hpp"
#include "src/io/model_weights.hpp"
#include "tegula/nn/functional.hpp"
#include "tegula/nn/sequential.hpp"

namespace tegula::nn {

namespace {

std::int64_t count_from(const Config& config, std::string_view key) {
  const std::int64_t count = config.at(key).as_integer();
  if (count >= 0) return count;
  throw FormatError("the state of the random streams has `" + std::string(key) + "` " +
                    std::to_string(count) + "; expected 0 or more");
}

RandomState random_state_from(const Config& config) {
  RandomState state;
  const std::string& seed = config.at("seed").as_string();
  const auto [end, problem] = std::from_chars(seed.data(), seed.data() + seed.size(), state.seed);
  if (problem != std::errc() || end != seed.data() + seed.size()) {
    throw FormatError("the state of the random streams has the seed \"" + seed +
                      "\"; expected an integer from 0 to 2^64 - 1");
  }
  state.runs = static_cast<std::uint64_t>(count_from(config, "runs"));
  state.epochs = static_cast<std::uint64_t>(count_from(config, "epochs"));
  state.first_op = count_from(config, "first_op");
  return state;
}

/// Of one input, of a list, or of named ones.
ValueTypes input_types_from(const Config& config) {
  const auto type_of = [](const Config& described) {
    ValueType type;
    from_config(described, type.shape);
    return type;
  };
  if (config.is_object()) {
    std::vector<std::string> names;
    std::vector<ValueType> types;
    for (const auto& [name, described] : config.as_object()) {
      names.push_back(name);
      types.push_back(type_of(described));
    }
    return ValueTypes::named(std::move(names), std::move(types));
  }
  const Config::List& list = config.as_list();
  if (list.empty() || !list.front().is_list()) return type_of(config);
  std::vector<ValueType> types;
  for (const Config& described : list) types.push_back(type_of(described));
  return types;
}

std::unique_ptr<Model> model_from(const Config& description) {
  Handle<LayerBase> layer;
  try {
    from_config(description, layer);
  } catch (const NotFound&) {
    if (described_names(description).front() == "Sequential") throw;
    throw NotFound("there is no model class \"" + description.at("class_name").as_string() +
                   "\"; a model of a class that a Python program derived is loaded there");
  }
  if (auto stack = std::dynamic_pointer_cast<SequentialLayer>(layer.shared())) {
    return std::make_unique<Sequential>(std::move(stack));
  }
  auto model = std::make_unique<Model>(Layer(layer.shared()));
  if (auto graph = std::dynamic_pointer_cast<FunctionalLayer>(layer.shared())) {
    model->build(types_of(graph->inputs()));
  } else if (const Config* built = description.find("build_config")) {
    model->build(input_types_from(built->at("input_shape")));
  }
  return model;
}

void check_built(const Model& model) {
  if (model.built()) return;
  throw RunError("model \"" + model.name() +
                 "\" is not built, so it has no weights to load; give " +
                 "it an input shape or call build(...) first");
}

tegula::detail::InputFile tensors_of(io::ModelFiles files, const std::filesystem::path& folder) {
  if (files.tensors) return std::move(*files.tensors);
  throw IoError("\"" + folder.string() + "\" holds no " + io::kTensorFile +
                ", so no complete saved model");
}

/// The file with the weights: the path itself, or the one in a folder that `save` wrote.
tegula::detail::InputFile open_weights(const std::filesystem::path& path) {
  const std::string format = io::foreign_format_by_contents(path);
  if (!format.empty()) {
    throw FormatError("\"" + path.string() + "\" is " + format +
                      ", which cannot be read yet; load_weights reads the safetensors files that " +
                      "`save_weights` wrote and the folders that `save` wrote. The weights of " +
                      "another library's model can be given to `set_weights` as arrays");
  }
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    return tegula::detail::InputFile(path.string());
  }
  io::ModelFiles files = io::open_model_files(path);
  io::read_description(files.config, path);
  return tensors_of(std::move(files), path);
}

io::detail::SafetensorsReader reader_of(tegula::detail::InputFile& file) {
  file.rewind();
  return io::detail::SafetensorsReader(io::detail::source_of(file, io::kSafetensorsLimit));
}

}  // namespace

struct SavedModel::Files {
  std::filesystem::path folder;
  Config description;
  tegula::detail::InputFile tensors;
};

SavedModel::SavedModel(const std::filesystem::path& folder) {
  try {
    io::ModelFiles opened = io::open_model_files(folder);
    Config description = io::read_description(opened.config, folder);
    files_ = std::make_unique<Files>(
        Files{folder, std::move(description), tensors_of(std::move(opened), folder)});
  } catch (const Error&) {
    io::rethrow_for_file(folder);
  }
}

SavedModel::~SavedModel() = default;
SavedModel::SavedModel(SavedModel&&) noexcept = default;
SavedModel& SavedModel::operator=(SavedModel&&) noexcept = default;

const Config& SavedModel::description() const { return files_->description; }

void SavedModel::restore(Model& model) {
  check_built(model);
  try {
    const Config* const random = files_->description.find("random");
    const std::optional<RandomState> state =
        random == nullptr ? std::nullopt : std::optional(random_state_from(*random));
    set_all(model, named_state(model), reader_of(files_->tensors));
    if (state) model.set_random_state(*state);
  } catch (const Error&) {
    io::rethrow_for_file(files_->folder);
  }
}

std::optional<TrainingPosition> SavedModel::training_position() {
  try {
    const Config* const training = files_->description.find("training");
    if (training == nullptr) return std::nullopt;
    TrainingPosition position{
        .epoch = count_from(*training, "epoch"),
        .batch = count_from(*training, "batch"),
        .first_shuffle = static_cast<std::uint64_t>(count_from(*training, "first_shuffle")),
        .metrics = {}};
    if (position.batch == 0) return position;  // metrics start anew with each epoch
    const io::Safetensors contents = reader_of(files_->tensors).read();
    for (const auto& [name, tensor] : contents.tensors) {
      if (name.starts_with(io::kTrainingPrefix)) position.metrics.push_back(tensor);
    }
    return position;
  } catch (const Error&) {
    io::rethrow_for_file(files_->folder);
  }
}

void Model::continue_training(const std::filesystem::path& folder) {
  SavedModel saved(folder);
  std::optional<TrainingPosition> position = saved.training_position();
  if (!position) {
    throw FormatError("\"" + folder.string() +
                      "\" does not say where training stood: it is no backup of a run of `fit`");
  }
  set_training_position(*position);  // refused before anything changes
  saved.restore(*this);
  // Again, for the order of the data is that of the run's begin.
  set_training_position(std::move(*position));
}

void Model::load_weights(const std::filesystem::path& path, bool skip_mismatch) {
  check_built(*this);
  try {
    tegula::detail::InputFile file = open_weights(path);
    if (skip_mismatch) return set_fitting_layers(*this, reader_of(file));
    set_all(*this, named_weights(*this), reader_of(file));
  } catch (const Error&) {
    io::rethrow_for_file(path);
  }
}

std::unique_ptr<Model> load_model(const std::filesystem::path& folder, bool compile) {
  SavedModel saved(folder);
  std::unique_ptr<Model> model;
  try {
    const Config& description = saved.description();
    model = model_from(description.at("model"));
    const Config* const compiled = description.find("compile");
    if (compile && compiled != nullptr && !compiled->is_null()) {
      model->compile_from_config(*compiled);
    }
  } catch (const Error&) {
    io::rethrow_for_file(folder);
  }
  saved.restore(*model);
  return model;
}

}  // namespace tegula::nn
