#pragma once
// Errors by their texts.

#include <string>

namespace tegula::test {

/// The text of the exception that `action` throws; empty when it throws none.
template <typename Exception, typename Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  return "";
}

}  // namespace tegula::test
