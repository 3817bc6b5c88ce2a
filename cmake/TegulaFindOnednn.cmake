# Find oneDNN >= 3.0: on CMAKE_PREFIX_PATH, or in the Python environment that runs the build.
#
# The PyPI package installs into its environment's prefix. Under `pip install` that is a
# throw-away environment, which only its own Python can name.

if(DEFINED SKBUILD)
  find_package(Python 3.9 REQUIRED COMPONENTS Interpreter)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/onednn_prefix.py"
    OUTPUT_VARIABLE onednn_prefix OUTPUT_STRIP_TRAILING_WHITESPACE)
  list(PREPEND CMAKE_PREFIX_PATH ${onednn_prefix})
endif()

find_package(dnnl 3 CONFIG QUIET)
if(NOT dnnl_FOUND)
  message(FATAL_ERROR
    "oneDNN 3.0 or newer was not found.\n"
    "Get it with `scripts/setup`, or `pip install onednn-devel-cpu-gomp==2023.2.0` and the "
    "environment's prefix on CMAKE_PREFIX_PATH (Debian 12's libdnnl-dev is 2.6, too old);\n"
    "or build without it: -DTEGULA_ONEDNN=OFF (Eigen and Tegula's own kernels then do the work).")
endif()
get_target_property(onednn_type DNNL::dnnl TYPE)
if(NOT onednn_type STREQUAL "SHARED_LIBRARY")
  message(FATAL_ERROR "oneDNN in ${dnnl_DIR} is no shared library, and Tegula opens it at run time.")
endif()
