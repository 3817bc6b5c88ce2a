// The list of passes, and the loop that runs and checks them.

#include "tegula/passes/pass_manager.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "src/passes/functions.hpp"
#include "src/passes/passes.hpp"
#include "tegula/core/file.hpp"

namespace tegula {

namespace {

constexpr Pass kPasses[] = {
    {"specialize_shapes", "shapes taken from other values become attributes and constants",
     passes::specialize_shapes},
    {"constant_fold", "nodes of constants are computed now", passes::constant_fold},
    {"simplify", "algebraic identities", passes::simplify},
    {"fuse_softmax_cross_entropy", "softmax with logarithm and cross-entropy become one node",
     passes::fuse_softmax_cross_entropy},
    {"fuse_gather_sum", "rows that are looked up are added without being copied",
     passes::fuse_gather_sum},
    {"cse", "equal nodes become one", passes::cse},
    {"fuse_elementwise", "elementwise neighbours become one loop", passes::fuse_elementwise},
    {"fuse_matmul", "elementwise ops join the matrix product they follow", passes::fuse_matmul},
    {"fuse_updates", "equal updates of variables become one kernel", passes::fuse_updates},
    {"fuse_rows", "elementwise ops and reductions of the same rows become one kernel",
     passes::fuse_rows},
    {"dce", "nodes that nothing needs are dropped", passes::dce},
};

void check_disabled(const PassOptions& options) {
  for (const std::string& name : options.disabled) {
    if (std::ranges::any_of(kPasses, [&](const Pass& pass) { return pass.name == name; })) continue;
    std::string known;
    for (const Pass& pass : kPasses) known += (known.empty() ? "" : ", ") + std::string(pass.name);
    throw NotFound("there is no pass \"" + name + "\" to disable; the passes are: " + known);
  }
}

/// Writes `<directory>/<number>_<stage>.txt` and `.dot`; the number counts the process's dumps.
void dump(const std::string& directory, const Graph& graph, std::string_view stage) {
  static std::atomic<int> count = 0;
  char number[16];
  std::snprintf(number, sizeof number, "%04d_", count++);
  const std::string path = directory + "/" + number + std::string(stage);
  try {
    write_file_atomically(path + ".txt", graph.to_text());
    write_file_atomically(path + ".dot", graph.to_dot());
  } catch (const IoError& error) {
    throw IoError("TEGULA_DUMP=" + directory + ": " + error.what() +
                  "\n  give the name of an existing folder that can be written, or unset it");
  }
}

void check(const Graph& graph, const Pass& pass) {
  try {
    graph.verify();
  } catch (const Error& error) {
    throw Error("the pass " + std::string(pass.name) + " made an invalid graph: " + error.what());
  }
}

OptimizedGraph run_passes(const Graph& graph, const PassOptions& options, bool verify_each) {
  OptimizedGraph optimized{graph, {}};
  const char* directory = std::getenv("TEGULA_DUMP");
  const bool dumps = directory != nullptr && *directory != '\0';
  if (dumps) dump(directory, graph, "before");
  if (!options.enabled) return optimized;
  optimized.graph = passes::optimize_functions(passes::merge_scans(graph), options);
  for (const Pass& pass : kPasses) {
    if (std::ranges::find(options.disabled, pass.name) != options.disabled.end()) continue;
    const int before = static_cast<int>(optimized.graph.nodes().size());
    optimized.graph = pass.run(optimized.graph);
    if (verify_each) check(optimized.graph, pass);
    const int after = static_cast<int>(optimized.graph.nodes().size());
    optimized.reports.push_back({pass.name, before, after});
    if (dumps) dump(directory, optimized.graph, pass.name);
  }
  return optimized;
}

}  // namespace

std::span<const Pass> all_passes() { return kPasses; }

OptimizedGraph optimize(const Graph& graph, const PassOptions& options) {
  check_disabled(options);
  // Verifying costs as much as a pass, so only the result is verified.
  try {
    OptimizedGraph optimized = run_passes(graph, options, false);
    if (!(optimized.graph == graph)) optimized.graph.verify();
    return optimized;
  } catch (const Error&) {
    run_passes(graph, options, true);  // names the pass at fault
    throw;
  }
}

}  // namespace tegula
