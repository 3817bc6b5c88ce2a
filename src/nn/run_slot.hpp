#pragma once
// Which thread trains, evaluates or changes a model. Private to src/nn.

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "src/core/fork_safe.hpp"

namespace tegula::nn {

/// What runs on a model's weights and metrics, or changes what they belong to: by one thread at a
/// time. Callbacks may start some runs within their own.
class RunSlot final : public detail::ForkSafe {
 public:
  enum class Kind {
    fit,     ///< trains for long; refused within another run
    loop,    ///< evaluates for long; may be within a run
    step,    ///< one batch; may be within a run; others wait for it
    change,  ///< refused within another run; others wait for it
  };

  RunSlot() { enlist(); }
  ~RunSlot() { delist(); }

  /// Waits while another thread takes a step or changes the model. Throws RunError while one is in
  /// a loop, and for what cannot be within the run that this thread is in. `model` is for messages:
  /// model "m".
  void enter(Kind kind, const char* run, const std::string& model);
  void leave();
  /// Whether no thread is in, or this one in a single run.
  bool is_outermost();

  void prepare_fork() override {}
  void finish_fork(bool child) override;

 private:
  struct Run {
    Kind kind;
    const char* name;
  };
  void check_nested(Kind kind, const char* run, const std::string& model) const;

  detail::BriefMutex mutex_;  // guards what follows
  std::thread::id owner_;
  std::vector<Run> runs_;

  /// Grows whenever a run ends.
  std::atomic<std::uint32_t> ends_{0};
};

/// While it lives, its thread is in the slot.
class RunInSlot {
 public:
  RunInSlot(RunSlot& slot, RunSlot::Kind kind, const char* run, const std::string& model)
      : slot_(slot) {
    slot_.enter(kind, run, model);
  }
  ~RunInSlot() { slot_.leave(); }
  RunInSlot(const RunInSlot&) = delete;
  RunInSlot& operator=(const RunInSlot&) = delete;

 private:
  RunSlot& slot_;
};

}  // namespace tegula::nn
