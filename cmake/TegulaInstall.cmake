# Install the library and the CMake package that find_package(Tegula) reads.
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Tegula")
install(TARGETS tegula EXPORT TegulaTargets)
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(EXPORT TegulaTargets NAMESPACE Tegula:: DESTINATION ${package_dir})
configure_package_config_file(cmake/TegulaConfig.cmake.in TegulaConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(TegulaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/TegulaConfig.cmake" "${PROJECT_BINARY_DIR}/TegulaConfigVersion.cmake"
        DESTINATION ${package_dir})
