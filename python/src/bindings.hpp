#pragma once
// The parts of the extension module, each in the file of its name.

#include <pybind11/pybind11.h>

namespace tegula::python {

/// Exception classes, and the translation from C++.
void bind_errors(pybind11::module_& module);
/// Tensors from and to NumPy and DLPack, threads, files.
void bind_core(pybind11::module_& module);
/// Graphs, values, the registry of ops, gradients.
void bind_graph(pybind11::module_& module);
/// Branches and loops of Python's functions.
void bind_control_flow(pybind11::module_& module);
/// Sessions and compiled calls.
void bind_session(pybind11::module_& module);
/// Layers, models and training; absent from builds without python/src/nn.cpp.
[[gnu::weak]] void bind_nn(pybind11::module_& module);

}  // namespace tegula::python
