#pragma once
// Structures from objects of Python: one item, a list or tuple, or a dict.

#include <pybind11/pybind11.h>

#include <string>
#include <utility>
#include <vector>

#include "tegula/core/structure.hpp"

namespace tegula::python {

namespace py = pybind11;

inline bool is_list(const py::handle& object) {
  return py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object);
}

/// What `item_of` makes of each item.
template <typename T, typename ItemOf>
Structure<T> structure_from(const py::handle& object, ItemOf&& item_of) {
  if (py::isinstance<py::dict>(object)) {
    std::vector<std::string> names;
    std::vector<T> items;
    for (const auto& [name, item] : object.cast<py::dict>()) {
      names.push_back(py::str(name).cast<std::string>());
      items.push_back(item_of(item));
    }
    return Structure<T>::named(std::move(names), std::move(items));
  }
  if (!is_list(object)) return Structure<T>(item_of(object));
  std::vector<T> items;
  for (const py::handle item : object) items.push_back(item_of(item));
  return Structure<T>(std::move(items));
}

}  // namespace tegula::python
