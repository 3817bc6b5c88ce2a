// The masks that values carry.

#include <memory>

#include "src/nn/graph_notes.hpp"
#include "src/nn/shape_text.hpp"
#include "tegula/nn/construction.hpp"
#include "tegula/nn/functional.hpp"

namespace tegula::nn {

void check_mask(const Value& value, const Value& mask) {
  const Shape& own = value.shape();
  const Shape& given = mask.shape();
  // The other axes are those of steps, wherever they are in the value.
  const bool fits = given.rank() <= own.rank() && given.rank() > 0 &&
                    (own[0] == given[0] || own[0] == kUnknown || given[0] == kUnknown);
  if (fits) return;
  throw ShapeError(
      "a mask is of the batch of its value and has no more axes; the value has shape " +
      shape_text(own) + ", the mask " + shape_text(given));
}

void note_mask(const Value& value, Value mask) {
  Graph graph = value.graph();
  if (find_notes(graph) == nullptr) graph.attach(std::make_shared<GraphNotes>());
  if (mask.dtype() != DType::boolean) mask = cast(mask, DType::boolean);
  find_notes(graph)->masks.insert_or_assign(place_of(value), mask);
}

Value cast_with_mask(const Value& value, DType dtype) {
  if (value.dtype() == dtype) return value;
  const Value result = cast(value, dtype);
  if (const Value mask = mask_of(value)) note_mask(result, mask);
  return result;
}

Value mask_of(const Value& value) {
  const ConstructionLock lock;
  const GraphNotes* const notes = find_notes(value.graph());
  if (notes == nullptr) return {};
  const auto found = notes->masks.find(place_of(value));
  return found == notes->masks.end() ? Value() : found->second;
}

Value with_mask(Value value, Value mask) {
  const ConstructionLock lock;
  check_mask(value, mask);
  if (is_symbolic(value.graph())) {
    return (*std::make_shared<MaskedLayer>(""))(Values({value, mask}));
  }
  // Others read the value itself, with another mask or none.
  Value result = identity(value);
  note_mask(result, mask);
  return result;
}

MaskedLayer::MaskedLayer(std::string name) {
  set_name(name, kName);
  supports_masking = true;
}

Config MaskedLayer::config() const { return Config::object({{"name", name()}}); }

std::shared_ptr<MaskedLayer> MaskedLayer::from_config(const Config& config) {
  return std::make_shared<MaskedLayer>(config.at("name").as_string());
}

DType MaskedLayer::input_dtype(std::size_t /*input*/, DType given) const { return given; }

Values MaskedLayer::call_all(const Values& x, bool /*training*/) {
  if (x.size() == 2) return with_mask(x[0], x[1]);
  throw InvalidArgument(describe() + " takes a value and its mask, got " +
                        std::to_string(x.size()) + " inputs");
}

}  // namespace tegula::nn
