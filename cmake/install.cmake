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
  install(FILES src/cli/atp.bash-completion RENAME atp
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

  # Manual pages of what --help says.
  find_program(ATP_HELP2MAN help2man)
  if(ATP_HELP2MAN AND NOT ATP_SANITIZE)
    foreach(command "" init backup points show verify restore catalog "catalog rebuild" doctor)
      string(STRIP "atp ${command}" name)
      string(REPLACE " " "-" page ${name})
      set(page ${PROJECT_BINARY_DIR}/man/${page}.1)
      add_custom_command(OUTPUT ${page} DEPENDS atp
        COMMAND ${ATP_HELP2MAN} --no-info --name "backup of audit trails" --output ${page}
          --version-string "${PROJECT_VERSION}" "$<TARGET_FILE_DIR:atp>/${name}" VERBATIM)
      list(APPEND pages ${page})
    endforeach()
    add_custom_target(man ALL DEPENDS ${pages})
    install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
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
