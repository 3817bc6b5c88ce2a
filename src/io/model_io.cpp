// Saved models: a folder with the model's description as JSON and its tensors as safetensors. The
// format is described in docs/file-format.md.

#include <map>

#include "src/io/json.hpp"
#include "tegula/core/file.hpp"
#include "tegula/io/safetensors.hpp"
#include "tegula/nn/sequential.hpp"

namespace tegula::nn {

namespace {

constexpr const char* kConfigFile = "config.json";
constexpr const char* kTensorFile = "weights.safetensors";
constexpr const char* kFormat = "tegula";
constexpr std::int64_t kVersion = 1;
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
  for (const auto& [name, variable] : named) {
    contents.tensors.push_back({name, model.get(variable)});
  }
}

/// Checks every tensor before it sets the first one.
void set_values(Model& model, const std::vector<NamedVariable>& named,
                const io::Safetensors& contents, const std::string& source) {
  for (const auto& [name, variable] : named) {
    const Tensor& value = contents.at(name);
    const std::string problem = "\"" + source + "\": tensor \"" + name + "\" is " +
                                ValueType{value.dtype(), value.shape()}.to_string() +
                                ", but the model's " + variable.node().name() + " is " +
                                variable.type().to_string();
    if (value.shape() != variable.shape()) throw ShapeError(problem);
    if (value.dtype() != variable.dtype()) throw DTypeError(problem);
  }
  for (const auto& [name, variable] : named) model.set(variable, contents.at(name));
}

void check_no_others(const io::Safetensors& contents, std::size_t expected,
                     const std::string& source) {
  if (contents.tensors.size() == expected) return;
  throw FormatError("\"" + source + "\" holds " + std::to_string(contents.tensors.size()) +
                    " tensors, but the model has " + std::to_string(expected));
}

void check_built(const Model& model, std::string_view action) {
  if (model.built()) return;
  throw RunError("model \"" + model.name() + "\" is not built, so it has no weights to " +
                 std::string(action) + "; give it an input shape or call build(...) first");
}

Config read_config(const std::string& file) {
  const Config config = io::parse_json(read_file(file, kLargestConfig), file);
  const Config* format = config.find("format");
  if (format == nullptr || *format != Config(kFormat)) {
    throw FormatError("\"" + file + "\" does not describe a Tegula model");
  }
  const std::int64_t version = config.at("version").as_integer();
  if (version < 1 || version > kVersion) {
    throw FormatError("\"" + file + "\" has format version " + std::to_string(version) +
                      "; this library reads versions 1 to " + std::to_string(kVersion));
  }
  return config;
}

std::unique_ptr<Model> model_from(const Config& description) {
  const std::string& class_name = description.at("class_name").as_string();
  if (class_name != "Sequential") {
    throw NotFound("there is no model class \"" + class_name + "\"");
  }
  return Sequential::from_config(description.at("config"));
}

}  // namespace

void Model::save(const std::filesystem::path& folder) const {
  check_built(*this, "save");
  Config description = Config::object({{"format", kFormat}, {"version", kVersion}});
  description.set("model", config());
  description.set("compile", compile_config());
  const std::string text = io::to_json(description);

  io::Safetensors contents;
  add_values(*this, named_weights(*this), contents);
  add_values(*this, named_optimizer_state(*this), contents);
  const io::SafetensorsPieces pieces = io::safetensors_pieces(contents);
  const FolderEntry entries[] = {{kConfigFile, {text}}, {kTensorFile, pieces.all()}};
  write_folder_atomically(folder.string(), entries);
}

void Model::save_weights(const std::filesystem::path& file) const {
  check_built(*this, "save");
  io::Safetensors contents;
  add_values(*this, named_weights(*this), contents);
  io::write_safetensors(file.string(), contents);
}

void Model::load_weights(const std::filesystem::path& file) {
  check_built(*this, "load");
  const io::Safetensors contents = io::read_safetensors(file.string());
  const std::vector<NamedVariable> named = named_weights(*this);
  check_no_others(contents, named.size(), file.string());
  set_values(*this, named, contents, file.string());
}

std::unique_ptr<Model> load_model(const std::filesystem::path& folder) {
  const std::string config_file = (folder / kConfigFile).string();
  const std::string tensor_file = (folder / kTensorFile).string();
  const Config description = read_config(config_file);
  const io::Safetensors contents = io::read_safetensors(tensor_file);
  std::unique_ptr<Model> model = model_from(description.at("model"));
  check_built(*model, "load");
  if (const Config* compiled = description.find("compile"); compiled && !compiled->is_null()) {
    model->compile_from_config(*compiled);
  }
  std::vector<NamedVariable> named = named_weights(*model);
  for (NamedVariable& state : named_optimizer_state(*model)) named.push_back(std::move(state));
  check_no_others(contents, named.size(), tensor_file);
  set_values(*model, named, contents, tensor_file);
  return model;
}

}  // namespace tegula::nn
