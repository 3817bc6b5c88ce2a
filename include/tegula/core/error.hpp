#pragma once
// The exceptions that Tegula throws, and the place in user code they point at.

#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tegula/core/export.hpp"

namespace tegula {

/// A line of user code. Cheap to copy: `file` points to static or interned storage that lives as
/// long as the process.
struct SourceLocation {
  const char* file = "";
  std::uint32_t line = 0;

  SourceLocation() = default;
  SourceLocation(const std::source_location& location)  // NOLINT: implicit by design
      : file(location.file_name()), line(location.line()) {}
  /// For file names that are not string literals (Python frames, parsed text): the name is
  /// interned.
  TEGULA_API SourceLocation(std::string_view file_name, std::uint32_t line_number);

  bool known() const { return line != 0; }
  /// `file:line`, or an empty string when unknown.
  TEGULA_API std::string to_string() const;
};

/// Base of every exception of the library. In Python: a RuntimeError.
class TEGULA_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An argument has an unusable value. In Python: a ValueError.
class TEGULA_API InvalidArgument : public Error {
 public:
  using Error::Error;
};

/// Shapes do not fit together. In Python: a ValueError.
class TEGULA_API ShapeError : public InvalidArgument {
 public:
  using InvalidArgument::InvalidArgument;
};

/// A dtype is not accepted here. In Python: a TypeError.
class TEGULA_API DTypeError : public Error {
 public:
  using Error::Error;
};

/// A name (op, node, layer, metric, file entry) does not exist. In Python: a ValueError.
class TEGULA_API NotFound : public InvalidArgument {
 public:
  using InvalidArgument::InvalidArgument;
};

/// A file or text is not in the format it claims. In Python: a ValueError.
class TEGULA_API FormatError : public InvalidArgument {
 public:
  using InvalidArgument::InvalidArgument;
};

/// The operating system refused a read, write or rename. In Python: an OSError and RuntimeError.
class TEGULA_API IoError : public Error {
 public:
  using Error::Error;
};

/// A graph cannot be run as asked: a missing feed, state that was never set, a closed session.
class TEGULA_API RunError : public Error {
 public:
  using Error::Error;
};

}  // namespace tegula
