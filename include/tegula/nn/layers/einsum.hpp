#pragma once
// The dense layer whose product is stated by an equation.

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "tegula/nn/layer_with_options.hpp"
#include "tegula/nn/weight_fields.hpp"

namespace tegula::nn {

/// Shape of one sample as an option: one number, or a list in which unknown sizes are null.
struct SampleShape {
  Shape dims;

  SampleShape() = default;
  SampleShape(int size) : dims{size} {}  // NOLINT: implicit
  SampleShape(std::initializer_list<std::int64_t> sizes) : dims(Shape(sizes)) {}  // NOLINT
  SampleShape(Shape shape) : dims(std::move(shape)) {}                            // NOLINT
};
inline std::string type_name(const SampleShape&) { return "int or shape"; }
TEGULA_API Config to_config(const SampleShape& shape);
TEGULA_API void from_config(const Config& config, SampleShape& shape);

struct EinsumDenseOptions {
  std::string equation = {};
  SampleShape output_shape = {};
  Activation activation = {};
  std::optional<std::string> bias_axes = {};
  Initializer kernel_initializer = "glorot_uniform";
  Initializer bias_initializer = "zeros";
  Regularizer kernel_regularizer = {};
  Regularizer bias_regularizer = {};
  Regularizer activity_regularizer = {};
  Constraint kernel_constraint = {};
  Constraint bias_constraint = {};
  std::string name = {};
  static auto fields() {
    using Self = EinsumDenseOptions;
    return std::tuple{
        field<&Self::equation>("equation",
                               "Axes of input, kernel and output, as \"abc,cd->abd\"; an ellipsis "
                               "stands for further axes before or after those of the input.")
            .required()
            .fixed_when_built(),
        field<&Self::output_shape>("output_shape",
                                   "Shape of one sample of the output, without the axes of the "
                                   "ellipsis; None where the input's size counts.")
            .required()
            .fixed_when_built(),
        field<&Self::activation>("activation", "Applied to the result; none: linear."),
        field<&Self::bias_axes>("bias_axes", "Axes of the output that the bias has; none: no bias.")
            .fixed_when_built(),
        field<&Self::kernel_initializer>("kernel_initializer", "First kernel.").fixed_when_built(),
        field<&Self::bias_initializer>("bias_initializer", "First bias.").fixed_when_built(),
        field<&Self::kernel_regularizer>("kernel_regularizer", "Penalty on the kernel.")
            .fixed_when_built(),
        field<&Self::bias_regularizer>("bias_regularizer", "Penalty on the bias.")
            .fixed_when_built(),
        field<&Self::kernel_constraint>("kernel_constraint",
                                        "What the kernel becomes after updates.")
            .fixed_when_built(),
        field<&Self::bias_constraint>("bias_constraint", "What the bias becomes after updates.")
            .fixed_when_built(),
        field<&Self::activity_regularizer>("activity_regularizer", "Penalty on the output."),
        field<&Self::name>("name", "Name of the layer.")};
  }
};
class TEGULA_API EinsumDenseLayer : public LayerWithOptions<EinsumDenseLayer, EinsumDenseOptions> {
 public:
  static constexpr const char* kName = "EinsumDense";
  static constexpr const char* kDoc =
      "activation(einsum(equation, x, kernel) + bias): a Dense layer over axes of choice.";
  /// Throws InvalidArgument for an equation of another form.
  explicit EinsumDenseLayer(EinsumDenseOptions options);
  Regularizer activity_regularizer() const override { return options_.activity_regularizer; }

 protected:
  void build_weights(const ValueType& input) override;
  Value call(Value x, bool training) override;

 private:
  Weight kernel_;
  Weight bias_;
};
using EinsumDense = MakeLayer<EinsumDenseLayer>;

}  // namespace tegula::nn
