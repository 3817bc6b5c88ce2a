# Build and run the consumer in the folder BUILD, with the packages at dnnl_DIR and hwy_DIR:
# against the build tree LIBRARY, installed into PREFIX; or with Tegula's SOURCES as a subdirectory.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(options "-DCMAKE_CXX_COMPILER=${CXX}" "-Ddnnl_DIR=${dnnl_DIR}" "-Dhwy_DIR=${hwy_DIR}")
if(LIBRARY)
  file(REMOVE_RECURSE "${PREFIX}") # what an earlier install left must not help
  run("${CMAKE_COMMAND}" --install "${LIBRARY}" --prefix "${PREFIX}")
  list(APPEND options -DCMAKE_BUILD_TYPE=Release "-DTegula_ROOT=${PREFIX}")
else()
  list(APPEND options -DCMAKE_BUILD_TYPE=Debug -DBUILD_SHARED_LIBS=ON -DTEGULA_ONEDNN=${ONEDNN}
       "-DTEGULA_SUBDIRECTORY=${SOURCES}")
  set(ENV{CMAKE_CXX_COMPILER_LAUNCHER} "${LAUNCHER}")
endif()

run("${CMAKE_COMMAND}" -G Ninja -S "${CMAKE_CURRENT_LIST_DIR}" -B "${BUILD}" ${options})
run("${CMAKE_COMMAND}" --build "${BUILD}")
run("${BUILD}/consumer")
