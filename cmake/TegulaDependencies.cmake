# Private dependencies, collected in tegula_private. docs/dependencies.md says why each is here.

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(hwy 1.0.3 CONFIG REQUIRED)
find_package(nlohmann_json 3.10 CONFIG REQUIRED)

add_library(tegula_private INTERFACE)
target_link_libraries(tegula_private INTERFACE Threads::Threads ZLIB::ZLIB hwy::hwy)
# Header-only packages serve while compiling and leave no trace in the installed CMake package.
target_link_libraries(tegula_private INTERFACE $<BUILD_INTERFACE:Eigen3::Eigen>
                                               $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>)

# Our own thread budget bounds everything, so Eigen must not start threads of its own.
target_compile_definitions(tegula_private INTERFACE EIGEN_DONT_PARALLELIZE EIGEN_MPL2_ONLY)

# Of the instruction sets Highway can compile for, keep the baseline, AVX2 and AVX-512: the ones in
# between serve no machine that we support and would only cost compile time and size.
set(hwy_disabled "HWY_SSSE3|HWY_SSE4|HWY_AVX3_DL")
if(hwy_VERSION VERSION_GREATER_EQUAL 1.0.4)
  string(APPEND hwy_disabled "|HWY_AVX3_ZEN4")
endif()
if(hwy_VERSION VERSION_GREATER_EQUAL 1.0.6)
  string(APPEND hwy_disabled "|HWY_AVX3_SPR")
endif()
target_compile_definitions(tegula_private INTERFACE "HWY_DISABLED_TARGETS=(${hwy_disabled})")

# Generated code for elementwise programs; without Xbyak they are interpreted. Header-only, and used
# by one source file (TegulaLibrary.cmake).
if(TEGULA_XBYAK)
  find_path(TEGULA_XBYAK_INCLUDE_DIR xbyak/xbyak.h)
  mark_as_advanced(TEGULA_XBYAK_INCLUDE_DIR)
  if(TEGULA_XBYAK_INCLUDE_DIR)
    target_include_directories(tegula_private SYSTEM INTERFACE $<BUILD_INTERFACE:${TEGULA_XBYAK_INCLUDE_DIR}>)
  else()
    message(STATUS "Xbyak not found: elementwise programs will be interpreted")
  endif()
endif()
