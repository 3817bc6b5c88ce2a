#pragma once
// The line of Python that called into the package, for nodes and their errors.

#include "tegula/graph/graph.hpp"

namespace tegula::python {

/// The innermost frame of this thread outside of the package's own files; unknown without one.
/// Needs the GIL.
SourceLocation user_location();

/// While alive, nodes built on this thread report the user's line of Python.
class UserLine {
 public:
  UserLine() : scope_(user_location()) {}

 private:
  LocationScope scope_;
};

}  // namespace tegula::python
