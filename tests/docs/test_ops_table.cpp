// docs/ops.md is what the registry says. `scripts/ops_table` writes it anew.

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "tegula/core/file.hpp"
#include "tegula/graph/op_def.hpp"

namespace tegula {

namespace {

/// The fusion classes in the order in which the document treats them.
struct Section {
  FusionClass fusion;
  const char* title;
  const char* text;
};

constexpr Section kSections[] = {
    {FusionClass::source, "Sources", "No inputs: fed values, state, constants, random numbers."},
    {FusionClass::elementwise, "Elementwise",
     "Output element i needs element i of each input; inputs broadcast as NumPy's do. Neighbours "
     "of this class are fused into one kernel."},
    {FusionClass::reduction, "Reductions", "Combine elements along axes."},
    {FusionClass::contraction, "Contractions",
     "Matrix products; a bias and elementwise ops that follow are computed with them."},
    {FusionClass::movement, "Movement", "Copy elements, compute none."},
    {FusionClass::opaque, "Others", "Run as they are."},
};

std::string in_cell(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '|' ? std::string("\\|") : std::string(1, c);
  return result;
}

std::string inputs_text(const OpDef& op) {
  std::string text;
  for (const InputDef& input : op.inputs) text += (text.empty() ? "" : ", ") + input.name;
  return text + (op.variadic ? " …" : "");
}

std::string attributes_text(const OpDef& op) {
  std::string text;
  for (const AttrDef& attr : op.attrs) {
    text += (text.empty() ? "`" : "<br>`") + attr.name;
    if (!attr.required) text += " = " + to_string(attr.value);
    text += "` " + attr.doc;
  }
  return text;
}

std::string row(const OpDef& op) {
  std::string properties = op.gradient ? "differentiable" : "";
  const auto add = [&properties](bool holds, const char* word) {
    if (holds) properties += (properties.empty() ? "" : ", ") + std::string(word);
  };
  add(op.commutative, "commutative");
  add(op.random, "random");
  add(op.stateful, "changes state");
  return "| `" + op.name + "` | " + in_cell(inputs_text(op)) + " | " + in_cell(op.doc) + " | " +
         in_cell(attributes_text(op)) + " | " + properties + " |\n";
}

std::string table() {
  std::string text =
      "# Ops\n\nEvery op of the registry, as its definition in `src/ops/` states it. Written by "
      "`scripts/ops_table`;\na test compares this file with the registry. The functions that build "
      "ops are declared in\n`include/tegula/graph/ops.hpp`.\n";
  for (const Section& section : kSections) {
    text += "\n## " + std::string(section.title) + "\n\n" + section.text +
            "\n\n| op | inputs | what it computes | attributes | properties |\n"
            "|---|---|---|---|---|\n";
    for (const OpDef* op : all_ops()) {
      if (op->fusion == section.fusion) text += row(*op);
    }
  }
  return text;
}

}  // namespace

TEST_CASE("docs/ops.md is the registry's table") {
  const std::string file = std::string(TEGULA_SOURCE_DIR) + "/docs/ops.md";
  const std::string expected = table();
  if (std::getenv("TEGULA_WRITE_OPS_TABLE") != nullptr) write_file_atomically(file, expected);
  INFO("run scripts/ops_table to bring docs/ops.md up to date");
  CHECK(read_file(file, 1 << 20) == expected);
}

}  // namespace tegula
