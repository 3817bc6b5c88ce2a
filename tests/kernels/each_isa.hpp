#pragma once
// Runs a test on every instruction set that the machine has, and says which it lacks.

#include <doctest/doctest.h>

#include <string>

#include "kernels/cpu/isa.hpp"

template <typename Body>
void for_each_isa(const Body& body) {
  using namespace tegula::kernels;
  const Isa before = active_isa();
  for (const Isa isa : kAllIsas) {
    const std::string name(to_string(isa));
    if (!isa_supported(isa)) {
      MESSAGE("skipped ", name, ": this machine does not have it");
      continue;
    }
    INFO("instruction set ", name);
    force_isa(isa);
    body();
  }
  force_isa(before);
}
