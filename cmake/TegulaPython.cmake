# The extension module tegula._core; built by scikit-build-core as part of the wheel.
find_package(Python 3.9 REQUIRED COMPONENTS Interpreter Development.Module)
find_package(pybind11 2.12 CONFIG REQUIRED)

file(GLOB sources CONFIGURE_DEPENDS python/src/*.cpp)
pybind11_add_module(_core MODULE NO_EXTRAS ${sources})
target_link_libraries(_core PRIVATE tegula tegula_flags)
target_compile_options(_core PRIVATE "${tegula_small_code}")
target_compile_definitions(_core PRIVATE "TEGULA_VERSION=\"${PROJECT_VERSION}\"")

# The environment that builds a wheel is gone when it is used: what is not part of every system
# travels beside the module.
set_target_properties(_core PROPERTIES INSTALL_RPATH "$ORIGIN")
install(TARGETS _core DESTINATION tegula)
set(bundled hwy::hwy)
if(TEGULA_ONEDNN)
  list(APPEND bundled DNNL::dnnl)
endif()
foreach(library ${bundled})
  get_target_property(type ${library} TYPE)
  if(type STREQUAL "SHARED_LIBRARY")
    install(FILES $<TARGET_FILE:${library}> DESTINATION tegula RENAME $<TARGET_SONAME_FILE_NAME:${library}>)
  endif()
endforeach()
if(TEGULA_ONEDNN)
  cmake_path(SET onednn_notices NORMALIZE "${dnnl_DIR}/../../../share/doc/onednn")
  file(GLOB notices "${onednn_notices}/*")
  install(FILES ${notices} DESTINATION tegula/_licenses/onednn)
endif()

file(GLOB mnist examples/mnist/data/*)
install(FILES ${mnist} DESTINATION tegula/_data/mnist)
