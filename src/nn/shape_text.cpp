#include "src/nn/shape_text.hpp"
#include "src/nn/types_text.hpp"

namespace tegula::nn {

std::string shape_text(const Shape& shape) {
  std::string text = "(";
  for (int i = 0; i < shape.rank(); ++i) {
    text += (i == 0 ? "" : ", ");
    text += shape[i] == kUnknown ? "None" : std::to_string(shape[i]);
  }
  return text + (shape.rank() == 1 ? ",)" : ")");
}

std::string types_text(const ValueTypes& types,
                       const std::function<std::string(const ValueType&)>& text_of) {
  if (types.size() == 1) return text_of(types.one());
  std::string text;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (i > 0) text += ", ";
    if (types.is_named()) text += types.names()[i] + ": ";
    text += text_of(types[i]);
  }
  return types.is_named() ? "{" + text + "}" : "[" + text + "]";
}

}  // namespace tegula::nn
