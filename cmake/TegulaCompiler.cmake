# Compiler settings for everything built in this repository.
#
# The baseline is plain x86-64: one binary serves every machine, and kernels/cpu chooses its
# instruction set at run time. -ffast-math stays out: NaN, infinities and the order of sums count.
# Nor may the compiler fuse products with sums where it likes (GCC's default for C++): an element's
# bits must not depend on how its loop was unrolled. Kernels ask for fused operations by name.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
endif()

add_library(tegula_flags INTERFACE)
target_compile_options(tegula_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -fno-math-errno
                                                  -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Both warn in vain about inlined code of the standard library: about moves of std::variant, and,
  # in GCC 12, about std::string's operator+ (GCC bug 105651).
  target_compile_options(tegula_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
endif()
if(TEGULA_WERROR)
  target_compile_options(tegula_flags INTERFACE -Werror)
endif()

# For code that runs seldom; the last such option counts.
set(tegula_small_code "$<$<CONFIG:Release>:-Os>")

# For kernels. A loop of a few instructions takes up to twice as long where it straddles two lines of
# the instruction cache, so that a change elsewhere in the library would make a kernel slower.
include(CheckCXXCompilerFlag)
check_cxx_compiler_flag(-falign-loops=64 TEGULA_ALIGNS_LOOPS)
set(tegula_aligned_loops "$<$<AND:$<CONFIG:Release>,$<BOOL:${TEGULA_ALIGNS_LOOPS}>>:-falign-loops=64>")

if(TEGULA_SANITIZE STREQUAL "address")
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(TEGULA_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread)
elseif(TEGULA_SANITIZE)
  message(FATAL_ERROR "TEGULA_SANITIZE is '${TEGULA_SANITIZE}'; expected address, thread or nothing")
endif()
if(TEGULA_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "TEGULA_FUZZ needs Clang, whose libFuzzer it uses; the compiler is ${CMAKE_CXX_COMPILER_ID}")
  endif()
  list(APPEND sanitizers -fsanitize=fuzzer-no-link)
endif()
if(sanitizers)
  target_compile_options(tegula_flags INTERFACE ${sanitizers} -fno-omit-frame-pointer)
  target_link_options(tegula_flags INTERFACE ${sanitizers})
endif()

# Paths relative to the base directory let all build trees of all checkouts, and the build of the
# wheel, share one cache.
find_program(TEGULA_CCACHE ccache)
mark_as_advanced(TEGULA_CCACHE)
if(PROJECT_IS_TOP_LEVEL AND TEGULA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_BASEDIR=${PROJECT_SOURCE_DIR};CCACHE_NOHASHDIR=1;${TEGULA_CCACHE}")
endif()
