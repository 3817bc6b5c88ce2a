#pragma once
// The optimizers, with Keras's names, arguments, defaults and arithmetic. The options that all of
// them share are in `common`: `Adam({.learning_rate = 0.01, .common = {.clipnorm = 1.0}})`.

#include "tegula/nn/optimizers/adam.hpp"
#include "tegula/nn/optimizers/descent.hpp"
#include "tegula/nn/optimizers/matrix.hpp"
