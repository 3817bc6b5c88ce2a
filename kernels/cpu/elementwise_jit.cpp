#include "kernels/cpu/elementwise_jit.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iterator>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "kernels/cpu/elementwise_generator.hpp"
#include "kernels/cpu/executable_memory.hpp"
#include "kernels/cpu/isa.hpp"
#include "kernels/cpu/streaming.hpp"
#include "src/core/fork_safe.hpp"
#include "src/core/made_before_fork.hpp"

namespace tegula::kernels::detail {

namespace {

/// Lanes that one task computes: about 20 microseconds.
constexpr std::int64_t kTaskCost = std::int64_t{1} << 19;

std::atomic<bool>& allowed() {
  static std::atomic<bool> value = [] {
    const char* word = std::getenv("TEGULA_JIT");
    return word == nullptr || std::string_view(word) != "0";
  }();
  return value;
}

/// The most recently used loops by the key of their program.
class Cache {
 public:
  std::shared_ptr<const CompiledLoop> find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->second;
  }

  void insert(const std::string& key, std::shared_ptr<const CompiledLoop> loop) {
    std::list<Entry> dropped;  // without the lock
    const std::lock_guard lock(mutex_);
    if (places_.contains(key)) return;
    entries_.emplace_front(key, std::move(loop));
    places_[key] = entries_.begin();
    if (entries_.size() <= kCapacity) return;
    places_.erase(entries_.back().first);
    dropped.splice(dropped.end(), entries_, std::prev(entries_.end()));
  }

 private:
  static constexpr std::size_t kCapacity = 256;
  using Entry = std::pair<std::string, std::shared_ptr<const CompiledLoop>>;

  tegula::detail::BriefMutex mutex_;
  std::list<Entry> entries_;
  std::unordered_map<std::string, std::list<Entry>::iterator> places_;
};

Cache& cache() {
  static Cache* const instance = new Cache;  // outlives static plans
  return *instance;
}

const tegula::detail::MadeBeforeFork kMadeBeforeFork([] {
  allowed();
  cache();
});

/// Null where no code can be had.
std::shared_ptr<const CompiledLoop> loop_of(const LaneProgram& program, bool streaming) {
  const std::string key = program.key() + (streaming ? "s" : "");
  if (auto loop = cache().find(key)) return loop;
  const std::vector<std::uint8_t> code = generate_loop(program, streaming);
  if (code.empty()) return nullptr;
  auto loop = std::make_shared<CompiledLoop>();
  loop->memory = make_executable(code);
  if (loop->memory == nullptr) return nullptr;
  loop->function =
      reinterpret_cast<LoopFunction>(reinterpret_cast<std::uintptr_t>(loop->memory.get()));
  loop->uses_scalars = program.uses_scalars;
  cache().insert(key, loop);
  return loop;
}

/// Bytes that a run reads and writes; 0 where the plan does not know.
std::int64_t bytes_of(const ElementwiseCode& code) {
  if (code.kind != ElementwiseCode::Kind::whole) return 0;
  std::int64_t element = 0;
  for (const CodeOutput& output : code.outputs) {
    element += static_cast<std::int64_t>(size_of(output.dtype));
  }
  for (const CodeInput& input : code.inputs) {
    const bool full = input.level == Level::element && !input.repeats && input.column_stride != 0;
    if (full) element += static_cast<std::int64_t>(size_of(input.dtype));
  }
  return code.outer * code.rows * code.columns * element;
}

void set_steps(ElementwiseCode& code) {
  code.merges_rows = true;
  for (const LaneArray& array : code.loop_arrays) {
    const std::int64_t bytes = array.is_bool ? 1 : 4;
    std::int64_t row = code.columns, column = 1;
    if (array.source == LaneArray::Source::input) {
      const CodeInput& input = code.inputs[array.index];
      row = input.row_stride;
      column = input.column_stride;
    }
    code.varies_steps =
        code.varies_steps || array.block_only || array.source == LaneArray::Source::words;
    code.row_steps.push_back(row * bytes);
    code.column_steps.push_back(column * bytes);
    code.merges_rows = code.merges_rows && column == 1 && row == code.columns;
  }
}

}  // namespace

bool allow_generated_code(bool allow) { return allowed().exchange(allow); }

bool can_generate_code() { return has_generator() && active_isa() != Isa::baseline; }

bool generates_code() { return allowed() && can_generate_code(); }

void attach_loop(ElementwiseCode& code) {
  if (!generates_code()) return;
  std::optional<LaneProgram> program = record_lanes(code);
  if (!program) return;
  code.loop = loop_of(*program, false);
  if (code.loop == nullptr) return;
  if (bytes_of(code) >= kStreamingBytes) code.streaming_loop = loop_of(*program, true);
  code.random_op_ids = std::move(program->random_op_ids);
  code.loop_arrays = std::move(program->arrays);
  set_steps(code);
  const auto cost = static_cast<std::int64_t>(program->lanes.size());
  code.tile_elements = code.task_elements =
      std::max<std::int64_t>(kTaskCost / cost / 16 * 16, 2048);
}

}  // namespace tegula::kernels::detail
