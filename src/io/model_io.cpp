// Saved models: a folder with the model's description as JSON and its tensors as safetensors. The
// format is described in docs/file-format.md.

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <span>

#include "src/io/foreign_formats.hpp"
#include "src/io/json.hpp"
#include "tegula/core/file.hpp"
#include "tegula/io/safetensors.hpp"
#include "tegula/nn/callbacks.hpp"
#include "tegula/nn/sequential.hpp"

namespace tegula::nn {

namespace {

constexpr const char* kConfigFile = "config.json";
constexpr const char* kTensorFile = "weights.safetensors";
constexpr const char* kFormat = "tegula";
constexpr std::int64_t kVersion = 2;
constexpr std::uint64_t kLargestConfig = std::uint64_t{64} << 20;

struct NamedVariable {
  std::string name;
  Variable variable;
};

/// Names that depend on the structure alone, because layer names are counted per process:
/// "layers/dense_1/0" is the kernel of the second Dense layer.
std::vector<NamedVariable> named_weights(const Model& model) {
  std::vector<NamedVariable> named;
  std::map<std::string, int> counts;
  for (const Layer& layer : model.layers()) {
    std::string name = snake_case(layer->class_name());
    const int count = counts[name]++;
    if (count > 0) name += "_" + std::to_string(count);
    int index = 0;
    for (const Weight& weight : layer->weights()) {
      named.push_back({"layers/" + name + "/" + std::to_string(index++), weight.variable()});
    }
  }
  return named;
}

std::vector<NamedVariable> named_optimizer_state(const Model& model) {
  std::vector<NamedVariable> named;
  for (const Variable& variable : model.optimizer_variables()) {
    named.push_back({"optimizer/" + std::to_string(named.size()), variable});
  }
  return named;
}

void add_values(const Model& model, const std::vector<NamedVariable>& named,
                io::Safetensors& contents) {
  std::vector<Variable> variables;
  for (const NamedVariable& one : named) variables.push_back(one.variable);
  const std::vector<Tensor> values = model.get(variables);  // of one moment
  for (std::size_t i = 0; i < named.size(); ++i) {
    contents.tensors.push_back({named[i].name, values[i]});
  }
}

/// Why the tensor of this name does not fit the variable; empty when it does.
std::string mismatch(const NamedVariable& named, const Tensor& value, const std::string& source) {
  const Variable& variable = named.variable;
  if (value.shape() == variable.shape() && value.dtype() == variable.dtype()) return "";
  return "\"" + source + "\": tensor \"" + named.name + "\" is " +
         ValueType{value.dtype(), value.shape()}.to_string() + ", but the model's " +
         variable.node().name() + " is " + variable.type().to_string();
}

/// Checks every tensor before it sets the first one.
void set_values(Model& model, const std::vector<NamedVariable>& named,
                const io::Safetensors& contents, const std::string& source) {
  for (const NamedVariable& one : named) {
    const Tensor& value = contents.at(one.name);
    const std::string problem = mismatch(one, value, source);
    if (problem.empty()) continue;
    if (value.shape() != one.variable.shape()) throw ShapeError(problem);
    throw DTypeError(problem);
  }
  std::vector<Variable> variables;
  std::vector<Tensor> values;
  for (const NamedVariable& one : named) {
    variables.push_back(one.variable);
    values.push_back(contents.at(one.name));
  }
  model.set(variables, values);
}

/// Tensors beside the optimizer's.
std::size_t count_of_layers(const io::Safetensors& contents) {
  return static_cast<std::size_t>(std::ranges::count_if(
      contents.tensors, [](const auto& named) { return !named.name.starts_with("optimizer/"); }));
}

void check_no_others(std::size_t held, std::size_t expected, const std::string& source) {
  if (held == expected) return;
  throw FormatError("\"" + source + "\" holds " + std::to_string(held) +
                    " tensors, but the model has " + std::to_string(expected));
}

void check_built(const Model& model, std::string_view action) {
  if (model.built()) return;
  throw RunError("model \"" + model.name() + "\" is not built, so it has no weights to " +
                 std::string(action) + "; give it an input shape or call build(...) first");
}

/// Where the user can go from a file that is not ours.
constexpr const char* kReadable =
    "load_model reads the folders that `save` wrote. The weights of another library's model can be "
    "taken over as arrays: build an equal model and give them to `set_weights`";

/// Throws what a user needs to know when there is no model of ours at `folder`.
[[noreturn]] void throw_no_model(const std::filesystem::path& folder) {
  const std::string quoted = "\"" + folder.string() + "\"";
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) {
    throw IoError("there is no saved model at " + quoted + ": no such file or folder");
  }
  const std::string format = io::foreign_format_by_contents(folder);
  if (!format.empty()) {
    throw FormatError(quoted + " is " + format + ", which cannot be read yet; " + kReadable);
  }
  if (std::filesystem::is_directory(folder, error)) {
    throw IoError(quoted + " holds no " + kConfigFile + ", so no saved model; " + kReadable);
  }
  throw FormatError(quoted + " is a file, but a saved model is a folder; a file that " +
                    "`save_weights` wrote is read by `load_weights` of an equal model");
}

Config read_config(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder / kConfigFile, error)) throw_no_model(folder);
  const std::string file = (folder / kConfigFile).string();
  const Config config = io::parse_json(read_file(file, kLargestConfig), file);
  const Config* format = config.find("format");
  if (format == nullptr || *format != Config(kFormat)) {
    if (!io::foreign_format_by_contents(folder).empty()) throw_no_model(folder);
    throw FormatError("\"" + file + "\" does not describe a Tegula model");
  }
  const std::int64_t version = config.at("version").as_integer();
  if (version < 1 || version > kVersion) {
    throw FormatError("\"" + file + "\" has format version " + std::to_string(version) +
                      "; this library reads versions 1 to " + std::to_string(kVersion));
  }
  return config;
}

Config to_config(const RandomState& state) {
  // A seed has 64 bits, more than the numbers of JSON hold everywhere.
  return Config::object({{"seed", std::to_string(state.seed)},
                         {"runs", static_cast<std::int64_t>(state.runs)},
                         {"epochs", static_cast<std::int64_t>(state.epochs)},
                         {"first_op", state.first_op}});
}

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

std::unique_ptr<Model> model_from(const Config& description) {
  const std::string& class_name = description.at("class_name").as_string();
  if (class_name != "Sequential") {
    throw NotFound("there is no model class \"" + class_name +
                   "\"; a model of a class that a Python program derived is loaded there");
  }
  return Sequential::from_config(description.at("config"));
}

/// Takes over tensors and random streams of the folder that `description` is of.
void restore_from(Model& model, const Config& description, const std::filesystem::path& folder) {
  const std::string tensor_file = (folder / kTensorFile).string();
  const io::Safetensors contents = io::read_safetensors(tensor_file);
  std::vector<NamedVariable> named = named_weights(model);
  if (model.compiled()) {
    for (NamedVariable& state : named_optimizer_state(model)) named.push_back(std::move(state));
    check_no_others(contents.tensors.size(), named.size(), tensor_file);
  } else {
    check_no_others(count_of_layers(contents), named.size(), tensor_file);
  }
  const Config* random = description.find("random");
  const std::optional<RandomState> state =
      random == nullptr ? std::nullopt : std::optional(random_state_from(*random));
  set_values(model, named, contents, tensor_file);
  if (state) model.set_random_state(*state);
}

/// Sets the weights of the layers whose tensors all fit, and says which were left as they are.
void set_fitting_layers(Model& model, const std::vector<NamedVariable>& named,
                        const io::Safetensors& contents, const std::string& source) {
  std::size_t next = 0;
  for (const Layer& layer : model.layers()) {
    const auto weights = std::span(named).subspan(next, layer->weights().size());
    next += weights.size();
    std::string problem;
    for (const NamedVariable& one : weights) {
      const Tensor* const value = contents.find(one.name);
      problem += value != nullptr ? mismatch(one, *value, source)
                                  : "\"" + source + "\" has no tensor \"" + one.name + "\"";
      if (!problem.empty()) break;
    }
    if (!problem.empty()) {
      warn("load_weights: the weights of layer \"" + layer->name() +
           "\" were left as they are: " + problem);
      continue;
    }
    for (const auto& [name, variable] : weights) model.set(variable, contents.at(name));
  }
}

/// The file with the weights: the path itself, or the one in a folder that `save` wrote.
std::string weights_file(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_regular_file(path / kTensorFile, error)) {
    read_config(path);
    return (path / kTensorFile).string();
  }
  const std::string format = io::foreign_format_by_contents(path);
  if (format.empty()) return path.string();
  throw FormatError("\"" + path.string() + "\" is " + format +
                    ", which cannot be read yet; load_weights reads the safetensors files that " +
                    "`save_weights` wrote and the folders that `save` wrote. The weights of " +
                    "another library's model can be given to `set_weights` as arrays");
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

void Model::save(const std::filesystem::path& folder) const {
  check_save_path(folder);
  check_built(*this, "save");
  Config description = Config::object({{"format", kFormat}, {"version", kVersion}});
  description.set("model", config());
  description.set("compile", compile_config());
  description.set("random", to_config(random_state()));
  const std::string text = io::to_json(description);

  io::Safetensors contents;
  add_values(*this, named_weights(*this), contents);
  add_values(*this, named_optimizer_state(*this), contents);
  const io::SafetensorsPieces pieces = io::safetensors_pieces(contents);
  const FolderEntry entries[] = {{kConfigFile, {text}}, {kTensorFile, pieces.all()}};
  write_folder_atomically(folder.string(), entries);
}

void Model::save_weights(const std::filesystem::path& file) const {
  check_save_weights_path(file);
  check_built(*this, "save");
  io::Safetensors contents;
  add_values(*this, named_weights(*this), contents);
  io::write_safetensors(file.string(), contents);
}

void Model::load_weights(const std::filesystem::path& path, bool skip_mismatch) {
  check_built(*this, "load");
  const std::string file = weights_file(path);
  const io::Safetensors contents = io::read_safetensors(file);
  const std::vector<NamedVariable> named = named_weights(*this);
  if (skip_mismatch) return set_fitting_layers(*this, named, contents, file);
  check_no_others(count_of_layers(contents), named.size(), file);
  set_values(*this, named, contents, file);
}

void Model::restore(const std::filesystem::path& folder) {
  check_built(*this, "load");
  restore_from(*this, read_config(folder), folder);
}

Config read_model_config(const std::filesystem::path& folder) { return read_config(folder); }

std::unique_ptr<Model> load_model(const std::filesystem::path& folder, bool compile) {
  const Config description = read_config(folder);
  std::unique_ptr<Model> model = model_from(description.at("model"));
  check_built(*model, "load");
  const Config* compiled = description.find("compile");
  if (compile && compiled != nullptr && !compiled->is_null()) model->compile_from_config(*compiled);
  restore_from(*model, description, folder);
  return model;
}

}  // namespace tegula::nn
