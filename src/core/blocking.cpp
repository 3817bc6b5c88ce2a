#include "tegula/core/blocking.hpp"

#include <atomic>

namespace tegula {

namespace {

constinit std::atomic<Blocking> blocking{nullptr};
constinit std::atomic<void (*)()> polling{nullptr};

}  // namespace

void set_blocking(Blocking around) { blocking.store(around); }

void block(FunctionRef<void()> wait) {
  if (const Blocking around = blocking.load(std::memory_order_acquire)) {
    around(wait);
  } else {
    wait();
  }
}

void set_polling(void (*poll)()) { polling.store(poll); }

void poll() {
  if (const auto look = polling.load(std::memory_order_acquire)) look();
}

}  // namespace tegula
