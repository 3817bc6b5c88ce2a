#include "src/runtime/explain.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <string_view>
#include <vector>

#include "tegula/graph/op_def.hpp"

namespace tegula::detail {

namespace {

std::string scaled(double value, double base, std::span<const char* const> units) {
  std::size_t unit = 0;
  while (value >= base && unit + 1 < units.size()) {
    value /= base;
    ++unit;
  }
  char text[48];
  std::snprintf(text, sizeof text, unit == 0 || value >= 100 ? "%.0f%s" : "%.1f%s", value,
                units[unit]);
  return text;
}

std::string padded(std::string_view text, std::size_t width, bool right = false) {
  const std::string space(text.size() < width ? width - text.size() : 0, ' ');
  return right ? space + std::string(text) : std::string(text) + space;
}

const Cluster* cluster_of(const Node& node) {
  for (const auto& [name, value] : node.attrs()) {
    if (const auto* cluster = std::get_if<std::shared_ptr<const Cluster>>(&value)) {
      return cluster->get();
    }
  }
  return nullptr;
}

std::string pass_section(const Plan& plan) {
  std::string text = "passes (nodes before -> after)\n";
  if (plan.reports.empty()) text += "  none\n";
  for (const PassReport& report : plan.reports) {
    text += "  " + padded(report.pass, 28) + padded(std::to_string(report.nodes_before), 6, true) +
            " -> " + std::to_string(report.nodes_after) + "\n";
  }
  return text;
}

/// Nodes that were computed before optimization and are constants now.
std::string folded_section(const Plan& plan) {
  std::string text;
  for (const Node& node : plan.graph.nodes()) {
    if (node.op().name != "constant") continue;
    const Node* before = plan.extracted.find(node.name());
    if (before == nullptr || before->op().name == "constant") continue;
    text += "  " + before->op().name + " \"" + node.name() + "\"\n";
  }
  return text.empty() ? "" : "folded into constants\n" + text;
}

std::string fused_section(const Plan& plan) {
  std::string text;
  for (const Node& node : plan.graph.nodes()) {
    const Cluster* cluster = cluster_of(node);
    if (cluster == nullptr) continue;
    text += "  " + node.op().name + " \"" + node.name() + "\":";
    for (const ClusterInstruction& instruction : cluster->instructions) {
      if (instruction.op->name != "constant") text += " " + instruction.op->name;
    }
    text += "\n";
  }
  return text.empty() ? "" : "fused\n" + text;
}

double bytes_of(const ValueType& type) {
  return static_cast<double>(type.shape.element_count()) * static_cast<double>(size_of(type.dtype));
}

/// What gradients compute again starts from these.
std::string recomputed_section(const Plan& plan) {
  std::string text;
  std::set<std::string> named;
  for (const Node& node : plan.graph.nodes()) {
    if (node.op().name != "after") continue;
    const Value kept = node.input(0);
    if (!named.insert(kept.name()).second) continue;
    text += "  from " + kept.name() + ", " + kept.type().to_string() + ", " +
            bytes_text(bytes_of(kept.type())) + "\n";
  }
  return text.empty() ? "" : "computed again for gradients\n" + text;
}

std::string kernel_section(const Plan& plan) {
  const auto infos = plan.kernel_infos();
  std::size_t widest = 0;
  double flops = 0;
  double bytes = 0;
  for (const KernelInfo& info : *infos) {
    widest = std::max(widest, info.description.size());
    flops += info.flops;
    bytes += info.bytes;
  }
  std::string text = "kernels: " + std::to_string(infos->size()) + ", " + count_text(flops) +
                     "FLOP, " + bytes_text(bytes) + " read and written\n";
  for (std::size_t i = 0; i < infos->size(); ++i) {
    const KernelInfo& info = (*infos)[i];
    text += padded(std::to_string(i), 5, true) + "  " + padded(info.description, widest) +
            padded(count_text(info.flops) + "FLOP", 11, true) +
            padded(bytes_text(info.bytes), 11, true) + "  " + info.node + "\n";
  }
  return text;
}

struct VariableBytes {
  double weights = 0;
  double optimizer_state = 0;
};

VariableBytes variable_bytes(const Plan& plan) {
  VariableBytes sums;
  for (const auto& state : plan.variables) {
    const bool trainable = state->variable.node().attrs().get<bool>("trainable");
    (trainable ? sums.weights : sums.optimizer_state) +=
        static_cast<double>(state->value.byte_count());
  }
  return sums;
}

std::string memory_section(const Plan& plan) {
  double feeds = 0;
  double fetches = 0;
  double constants = 0;
  for (const Node& node : plan.graph.nodes()) {
    if (node.op().name == "placeholder") feeds += bytes_of(node.outputs()[0]);
    if (node.op().name == "constant") constants += bytes_of(node.outputs()[0]);
  }
  for (const ValueType& type : plan.fetch_types) fetches += bytes_of(type);
  const VariableBytes variables = variable_bytes(plan);
  const auto line = [](std::string_view what, double bytes, std::string_view note) {
    return "  " + padded(what, 18) + padded(bytes_text(bytes), 10, true) + std::string(note) + "\n";
  };
  const ArenaUse& fullest = plan.fullest;
  const auto alive = static_cast<double>(fullest.total());
  return "memory\n" + line("weights", variables.weights, "  trainable variables") +
         line("optimizer state", variables.optimizer_state, "  other variables") +
         line("arena", static_cast<double>(plan.arena_bytes),
              "  per concurrent run; at least " + bytes_text(alive) +
                  ", which is alive at once, and " +
                  bytes_text(static_cast<double>(plan.unshared_bytes)) +
                  " if no results shared memory") +
         line("  activations", static_cast<double>(fullest.activations),
              "  when the arena is fullest") +
         line("  gradients", static_cast<double>(fullest.gradients), "") +
         line("  workspace", static_cast<double>(fullest.workspace), "") +
         line("constants", constants, "") + line("feeds", feeds, "  read in place") +
         line("fetches", fetches, "");
}

}  // namespace

std::string bytes_text(double bytes) {
  static constexpr const char* kUnits[] = {" B", " KiB", " MiB", " GiB", " TiB"};
  return scaled(bytes, 1024, kUnits);
}

std::string count_text(double count) {
  static constexpr const char* kUnits[] = {" ", " k", " M", " G", " T"};
  return scaled(count, 1000, kUnits);
}

std::string explain(const Plan& plan) {
  return pass_section(plan) + folded_section(plan) + fused_section(plan) +
         recomputed_section(plan) + kernel_section(plan) + memory_section(plan);
}

}  // namespace tegula::detail
