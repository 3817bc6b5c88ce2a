#pragma once
// Fields of options that several layers have, in Keras's order.

#include <tuple>

#include "tegula/nn/fields.hpp"

namespace tegula::nn {

/// Of a layer with an activation, a kernel and a bias; they end with the name.
template <typename Self>
auto kernel_and_bias_fields() {
  return std::tuple{
      field<&Self::activation>("activation", "Applied to the result; none: linear."),
      field<&Self::use_bias>("use_bias", "Whether a bias is added.").fixed_when_built(),
      field<&Self::kernel_initializer>("kernel_initializer", "First kernel.").fixed_when_built(),
      field<&Self::bias_initializer>("bias_initializer", "First bias.").fixed_when_built(),
      field<&Self::kernel_regularizer>("kernel_regularizer", "Penalty on the kernel.")
          .fixed_when_built(),
      field<&Self::bias_regularizer>("bias_regularizer", "Penalty on the bias.").fixed_when_built(),
      field<&Self::activity_regularizer>("activity_regularizer", "Penalty on the output."),
      field<&Self::kernel_constraint>("kernel_constraint", "What the kernel becomes after updates.")
          .fixed_when_built(),
      field<&Self::bias_constraint>("bias_constraint", "What the bias becomes after updates.")
          .fixed_when_built(),
      field<&Self::name>("name", "Name of the layer.")};
}

/// Of a normalization: its epsilon, whether gamma and beta are there, and how they begin.
template <typename Self>
auto affine_fields() {
  return std::tuple{
      field<&Self::epsilon>("epsilon", "Added to variances.", at_least(0)),
      field<&Self::center>("center", "Whether beta is added.").fixed_when_built(),
      field<&Self::scale>("scale", "Whether the result is multiplied by gamma.").fixed_when_built(),
      field<&Self::beta_initializer>("beta_initializer", "First beta.").fixed_when_built(),
      field<&Self::gamma_initializer>("gamma_initializer", "First gamma.").fixed_when_built()};
}

/// Of gamma and beta: what holds for them while they are trained.
template <typename Self>
auto affine_rule_fields() {
  return std::tuple{
      field<&Self::beta_regularizer>("beta_regularizer", "Penalty on beta.").fixed_when_built(),
      field<&Self::gamma_regularizer>("gamma_regularizer", "Penalty on gamma.").fixed_when_built(),
      field<&Self::beta_constraint>("beta_constraint", "What beta becomes after updates.")
          .fixed_when_built(),
      field<&Self::gamma_constraint>("gamma_constraint", "What gamma becomes after updates.")
          .fixed_when_built()};
}

}  // namespace tegula::nn
