#include "tegula/nn/call_arguments.hpp"

#include <utility>

#include "tegula/core/error.hpp"

namespace tegula::nn {

namespace {

struct CallWithArguments {
  Config arguments;
  LayerBase::CallFunction call;

  Values operator()(const Values& x, bool training) const { return call(x, training); }
};

}  // namespace

LayerBase::CallFunction function_of(LayerBase& layer, const Config& arguments) {
  if (arguments.as_object().empty()) return {};
  if (auto* takes = dynamic_cast<CallsWithArguments*>(&layer)) return takes->function_of(arguments);
  throw FormatError("layer \"" + layer.name() + "\": a call with the argument `" +
                    arguments.as_object().front().first + "`, which is not supported");
}

const Config* arguments_of(const LayerBase::CallFunction& function) {
  const auto* known = function.target<CallWithArguments>();
  return known == nullptr ? nullptr : &known->arguments;
}

LayerBase::CallFunction with_arguments(Config arguments, LayerBase::CallFunction function) {
  return CallWithArguments{std::move(arguments), std::move(function)};
}

}  // namespace tegula::nn
