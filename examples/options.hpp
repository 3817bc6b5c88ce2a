#pragma once
// The command line of the examples: `--name value` pairs.

#include <map>
#include <string>

#include <tegula/tegula.hpp>

/// `options` with the values that the command line gives. Throws InvalidArgument for a name that is
/// not among them and for a name without a value.
inline std::map<std::string, std::string> parse(int count, char** words,
                                                std::map<std::string, std::string> options) {
  for (int i = 1; i < count; i += 2) {
    if (!options.contains(words[i]) || i + 1 == count) {
      std::string known;
      for (const auto& [name, value] : options) known += " " + name + " VALUE";
      throw tegula::InvalidArgument("cannot use \"" + std::string(words[i]) +
                                    "\"; expected any of" + known);
    }
    options[words[i]] = words[i + 1];
  }
  return options;
}
