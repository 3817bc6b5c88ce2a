# The extension module tegula._core; built by scikit-build-core as part of the wheel.
find_package(Python 3.9 REQUIRED COMPONENTS Interpreter Development.Module)
find_package(pybind11 2.12 CONFIG REQUIRED)

file(GLOB sources CONFIGURE_DEPENDS python/src/*.cpp)
pybind11_add_module(_core MODULE NO_EXTRAS ${sources})
target_link_libraries(_core PRIVATE tegula tegula_flags)
target_compile_options(_core PRIVATE "${tegula_small_code}")
target_compile_definitions(_core PRIVATE "TEGULA_VERSION=\"${PROJECT_VERSION}\"")

# Addresses that loading fills in take a sixteenth of the space, where the system's loader knows the form.
include(CheckLinkerFlag)
check_linker_flag(CXX "LINKER:-z,pack-relative-relocs" TEGULA_PACKS_RELOCATIONS)
if(TEGULA_PACKS_RELOCATIONS)
  target_link_options(_core PRIVATE "LINKER:-z,pack-relative-relocs")
endif()

# The environment that builds a wheel is gone when it is used: what is not part of every system
# travels beside the module.
set_target_properties(_core PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS _core DESTINATION tegula)
get_target_property(highway_type hwy::hwy TYPE)
if(highway_type STREQUAL "SHARED_LIBRARY")
  install(FILES $<TARGET_FILE:hwy::hwy> DESTINATION tegula RENAME $<TARGET_SONAME_FILE_NAME:hwy::hwy>)
endif()

file(GLOB mnist examples/mnist/data/*)
install(FILES ${mnist} DESTINATION tegula/_data/mnist)
