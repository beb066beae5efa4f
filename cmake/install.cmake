# cmake --install: the program, the library with its headers, recipes, weights, and find_package(resnet).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS resnet_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS resnet EXPORT resnetTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/resnet DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY recipes DESTINATION ${CMAKE_INSTALL_DATADIR}/resnet FILES_MATCHING PATTERN *.toml)
install(DIRECTORY weights DESTINATION ${CMAKE_INSTALL_DATADIR}/resnet OPTIONAL FILES_MATCHING PATTERN *.safetensors)

# The public headers need the standard library only, and the shared library names what it was linked with, so the package
# asks its users for nothing: resnetTargets.cmake alone is the package.
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/resnet)
install(EXPORT resnetTargets NAMESPACE resnet:: DESTINATION ${package_dir} FILE resnetConfig.cmake)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/resnetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/resnetConfigVersion.cmake DESTINATION ${package_dir})
