# What `cmake --install` puts where: libraries, headers, and what find_package and pkg-config read.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS atpcore atpverify atpbackup EXPORT atpbackup)
install(DIRECTORY include/atp ${PROJECT_BINARY_DIR}/generated/atp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
if(ATP_BUILD_COMMAND)
  install(TARGETS atp)
  if(BUILD_SHARED_LIBS)
    set_target_properties(atp PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  endif()
endif()

set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/atpbackup)
install(EXPORT atpbackup NAMESPACE atp:: DESTINATION ${config_folder} FILE atpbackupTargets.cmake)
configure_package_config_file(cmake/atpbackupConfig.cmake.in
  ${PROJECT_BINARY_DIR}/atpbackupConfig.cmake INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/atpbackupConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/atpbackupConfig.cmake
  ${PROJECT_BINARY_DIR}/atpbackupConfigVersion.cmake DESTINATION ${config_folder})

foreach(name atpbackup atpverify)
  configure_file(cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
