#pragma once
// Errors that gain words on their way up.

#include "tegula/core/error.hpp"

namespace tegula::detail {

/// Rethrows the exception in flight: an error of the library with its class and what `text(error)`
/// makes of it, any other one as it is.
template <typename Text>
[[noreturn]] void rethrow_with(const Text& text) {
  try {
    throw;
  } catch (const ShapeError& error) {
    throw ShapeError(text(error));
  } catch (const NotFound& error) {
    throw NotFound(text(error));
  } catch (const FormatError& error) {
    throw FormatError(text(error));
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(text(error));
  } catch (const DTypeError& error) {
    throw DTypeError(text(error));
  } catch (const IoError& error) {
    throw IoError(text(error));
  } catch (const RunError& error) {
    throw RunError(text(error));
  }
}

}  // namespace tegula::detail
