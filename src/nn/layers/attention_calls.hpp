#pragma once
// How calls of attention layers take their arguments. Private to src/nn/layers.

#include <functional>
#include <string_view>

#include "tegula/nn/layers/attention.hpp"

namespace tegula::nn {

using AttentionCall =
    std::function<Values(const Values& x, bool training, const AttentionArguments&)>;

/// `call` with the arguments of a config; none for an empty one, which means the layer's own call.
/// Throws NotFound for arguments that there are not.
LayerBase::CallFunction attention_function(const Config& arguments, std::string_view class_name,
                                           AttentionCall call);

}  // namespace tegula::nn
