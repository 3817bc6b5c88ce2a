#include "src/nn/run_slot.hpp"

#include "tegula/core/error.hpp"

namespace tegula::nn {

void RunSlot::enter(Kind kind, const char* run, const std::string& model) {
  const std::thread::id me = std::this_thread::get_id();
  for (;;) {
    const std::uint32_t seen = ends_.load();
    {
      const std::lock_guard guard(mutex_);
      if (runs_.empty() || owner_ == me) {
        if (!runs_.empty()) check_nested(kind, run, model);
        runs_.push_back({kind, run});
        owner_ = me;
        return;
      }
      const Run& other = runs_.front();
      if (other.kind == Kind::fit || other.kind == Kind::loop) {
        throw RunError("`" + std::string(run) + "`: " + model + " is in `" + other.name +
                       "` on another thread; let that end first, or use a model of its own in "
                       "each thread");
      }
    }
    block([this, seen] { ends_.wait(seen); });
  }
}

void RunSlot::check_nested(Kind kind, const char* run, const std::string& model) const {
  const Run& outer = runs_.back();
  if (outer.kind != Kind::change && (kind == Kind::loop || kind == Kind::step)) return;
  throw RunError("`" + std::string(run) + "` cannot be called while " + model + " is in `" +
                 outer.name + "`, for example by a callback; call it afterwards");
}

void RunSlot::leave() {
  {
    const std::lock_guard guard(mutex_);
    runs_.pop_back();
  }
  ends_.fetch_add(1);
  ends_.notify_all();
}

bool RunSlot::is_outermost() {
  const std::lock_guard guard(mutex_);
  return runs_.empty() || (owner_ == std::this_thread::get_id() && runs_.size() == 1);
}

void RunSlot::finish_fork(bool child) {
  if (child && owner_ != std::this_thread::get_id()) runs_.clear();
}

}  // namespace tegula::nn
