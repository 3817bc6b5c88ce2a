#pragma once
// Types of one value or several as users see them. Private to src/nn.

#include <functional>
#include <string>

#include "tegula/nn/values.hpp"

namespace tegula::nn {

/// One value as `text_of` has it; several as "[(None, 3), (None, 4)]" or "{a: (None, 3)}".
std::string types_text(const ValueTypes& types,
                       const std::function<std::string(const ValueType&)>& text_of);

}  // namespace tegula::nn
