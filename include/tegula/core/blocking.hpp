#pragma once
// What long waits and long work do for the interpreter of a binding.

#include "tegula/core/export.hpp"
#include "tegula/core/parallel.hpp"

namespace tegula {

/// Calls `wait`, which returns when another thread has got on with its work.
using Blocking = void (*)(FunctionRef<void()> wait);

/// For bindings: `around` gives up the interpreter's lock, which the other thread may need, while
/// it calls `wait`. Must not throw. Null: nothing is given up.
TEGULA_API void set_blocking(Blocking around);

/// Waits in the way that was set.
TEGULA_API void block(FunctionRef<void()> wait);

/// For bindings: `poll` is called from time to time by what takes long, for example to look for
/// Ctrl-C; what it throws ends the work. Null: nothing is called.
TEGULA_API void set_polling(void (*poll)());
TEGULA_API void poll();

}  // namespace tegula
