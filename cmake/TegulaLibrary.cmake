# The library: compiled once as objects, linked into libtegula and into the tests.

set(room_folders src/core src/graph src/ops src/passes src/runtime src/backend/cpu src/nn
                 src/nn/layers src/nn/losses src/nn/optimizers src/data src/io kernels/cpu)
list(TRANSFORM room_folders REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/\\1/*.cpp" OUTPUT_VARIABLE patterns)
file(GLOB tegula_sources CONFIGURE_DEPENDS ${patterns})

# TEGULA_STATIC reaches users of the static library; TEGULA_BUILDING exports symbols of the shared one.
add_library(tegula_objects OBJECT ${tegula_sources})
target_include_directories(tegula_objects PUBLIC "${PROJECT_SOURCE_DIR}/include" PRIVATE "${PROJECT_SOURCE_DIR}")
target_compile_definitions(tegula_objects PRIVATE $<IF:$<BOOL:${BUILD_SHARED_LIBS}>,TEGULA_BUILDING,TEGULA_STATIC>)
target_link_libraries(tegula_objects PRIVATE tegula_flags tegula_private)

# Layers, losses and the definitions of ops build graphs once, and files are read and written seldom:
# what counts there is that a process which loads them stays small.
set(small_sources ${tegula_sources})
list(FILTER small_sources INCLUDE REGEX "/src/(nn|io|ops)/")
set_source_files_properties(${small_sources} PROPERTIES COMPILE_OPTIONS "${tegula_small_code}")
# What makes and runs plans calls kernels and has few loops of its own.
set(plan_sources ${tegula_sources})
list(FILTER plan_sources INCLUDE REGEX "/src/(graph|passes|runtime|backend)/")
set_source_files_properties(${plan_sources} PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O2>")
set(kernel_sources ${tegula_sources})
list(FILTER kernel_sources INCLUDE REGEX "/kernels/cpu/")
set_source_files_properties(${kernel_sources} PROPERTIES COMPILE_OPTIONS "${tegula_aligned_loops}")
if(TEGULA_FUZZ)
  # Parsers call no kernel, and vector code takes minutes to compile with sanitizers.
  set_source_files_properties(${kernel_sources} PROPERTIES COMPILE_OPTIONS -fno-sanitize=all)
endif()

if(TEGULA_XBYAK AND TEGULA_XBYAK_INCLUDE_DIR)
  set_source_files_properties("${PROJECT_SOURCE_DIR}/kernels/cpu/elementwise_generator.cpp" PROPERTIES
                              COMPILE_DEFINITIONS TEGULA_WITH_XBYAK)
endif()

add_library(tegula $<TARGET_OBJECTS:tegula_objects>)
add_library(Tegula::tegula ALIAS tegula)
set_target_properties(tegula PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                                        LINKER_LANGUAGE CXX)
target_compile_features(tegula PUBLIC cxx_std_20)
target_include_directories(tegula PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                         $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
if(NOT BUILD_SHARED_LIBS)
  target_compile_definitions(tegula PUBLIC TEGULA_STATIC)
endif()
# Linking is all that is left to do here; the compile side of these is in tegula_objects.
target_link_libraries(tegula PRIVATE $<BUILD_INTERFACE:tegula_flags> Threads::Threads ZLIB::ZLIB hwy::hwy)

# Tests look behind the public symbols, so they link the objects and see the repository's headers.
if(TEGULA_BUILD_TESTS OR TEGULA_BUILD_BENCH OR TEGULA_FUZZ)
  add_library(tegula_for_tests INTERFACE)
  target_link_libraries(tegula_for_tests INTERFACE tegula_flags tegula_private)
  target_include_directories(tegula_for_tests INTERFACE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(tegula_for_tests INTERFACE TEGULA_STATIC)
  if(BUILD_SHARED_LIBS)
    add_library(tegula_test_archive STATIC $<TARGET_OBJECTS:tegula_objects>)
    target_link_libraries(tegula_for_tests INTERFACE tegula_test_archive)
  else()
    target_link_libraries(tegula_for_tests INTERFACE tegula)
  endif()
endif()
