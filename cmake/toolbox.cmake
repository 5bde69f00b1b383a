# What every target shares: warnings, sanitizers, the fast linker, and how a layer and a test are
# declared.

option(ATP_WERROR "Warnings are errors; the presets say so" OFF)
add_library(atp_warnings INTERFACE)
target_compile_options(atp_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -Wno-sign-conversion $<$<BOOL:${ATP_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(atp_warnings INTERFACE -Wmissing-field-initializers -Wno-maybe-uninitialized)
endif()

set(ATP_SANITIZE "" CACHE STRING "Value of -fsanitize for the whole build")
if(ATP_SANITIZE)
  add_compile_options(-fsanitize=${ATP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ATP_SANITIZE})
endif()

if(PROJECT_IS_TOP_LEVEL)  # Else it is not ours to choose.
  find_program(ATP_CCACHE ccache)
  if(ATP_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # An object is the same in whichever folder beside `build` it is built.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_SLOPPINESS=pch_defines,time_macros ${ATP_CCACHE})
  endif()
  find_program(ATP_MOLD mold)
  if(ATP_MOLD)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

# atp_layer(<name> [LINK <layer or target>...] [PRIVATE <third party>...])
# Sources are src/<name>/*.cpp; a layer without sources is headers only.
function(atp_layer name)
  cmake_parse_arguments(arg "" "" "LINK;PRIVATE" ${ARGN})
  list(TRANSFORM arg_LINK PREPEND "atp_" REGEX "^[a-z]+$")
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  if(sources)
    add_library(atp_${name} STATIC ${sources})
    target_include_directories(atp_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include
      ${PROJECT_BINARY_DIR}/generated PRIVATE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(atp_${name} PUBLIC ${arg_LINK} PRIVATE ${arg_PRIVATE} atp_warnings)
    set_target_properties(atp_${name} PROPERTIES ATP_THIRD_PARTY "${arg_PRIVATE}")
  else()
    add_library(atp_${name} INTERFACE)
    target_include_directories(atp_${name} INTERFACE ${PROJECT_SOURCE_DIR}/include)
    target_link_libraries(atp_${name} INTERFACE ${arg_LINK})
  endif()
endfunction()

# atp_library(<target> NAME <exported> OUTPUT <file> LAYERS <layer>... [LINK <target>...])
# What users link: the objects of layers, with headers, version and what they need from elsewhere.
# Static unless BUILD_SHARED_LIBS.
function(atp_library target)
  cmake_parse_arguments(arg "" "NAME;OUTPUT" "LAYERS;LINK" ${ARGN})
  add_library(${target})
  add_library(atp::${arg_NAME} ALIAS ${target})
  target_link_libraries(${target} PUBLIC ${arg_LINK})
  foreach(layer ${arg_LAYERS})
    get_target_property(sources atp_${layer} SOURCES)
    if(sources)
      target_sources(${target} PRIVATE $<TARGET_OBJECTS:atp_${layer}>)
      get_target_property(third_party atp_${layer} ATP_THIRD_PARTY)
      target_link_libraries(${target} PRIVATE ${third_party})
    endif()
  endforeach()
  target_link_libraries(${target} PRIVATE Threads::Threads)
  target_include_directories(${target} PUBLIC $<INSTALL_INTERFACE:include>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  if(BUILD_SHARED_LIBS)
    set(map ${PROJECT_SOURCE_DIR}/cmake/exports.map)
    target_link_options(${target} PRIVATE -Wl,--version-script=${map} -Wl,--no-undefined)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${map})
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${arg_NAME} OUTPUT_NAME ${arg_OUTPUT}
    LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
endfunction()

# atp_test(<folder> LINK <target>... [USES <program>...] [TIMEOUT <seconds>] [OPTIMISED])
# One that may take longer than others starts before them. OPTIMISED compiles the test as the rest,
# for what is in headers alone.
# One executable and one test of ctest from tests/<folder>/*_test.cpp; programs it starts are built
# with it. Results of single tests go to test-results/, where the check of the threats reads them.
function(atp_test folder)
  cmake_parse_arguments(arg "OPTIMISED" "TIMEOUT" "LINK;USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" target ${folder}_test)
  add_executable(${target} ${sources})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${target} PRIVATE ${arg_LINK} atp_warnings GTest::gmock GTest::gtest_main)
  if(NOT arg_OPTIMISED)  # Else what is tested is in a library.
    target_compile_options(${target} PRIVATE -O0 $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
    get_property(first GLOBAL PROPERTY ATP_PRECOMPILED)
    if(first)
      target_precompile_headers(${target} REUSE_FROM ${first})
    else()
      target_precompile_headers(${target} PRIVATE <gmock/gmock.h> <gtest/gtest.h> <algorithm>
        <filesystem> <fstream> <functional> <map> <set> <thread>)
      set_property(GLOBAL PROPERTY ATP_PRECOMPILED ${target})
    endif()
  endif()
  if(arg_USES)
    add_dependencies(${target} ${arg_USES})
  endif()
  add_test(NAME ${folder} COMMAND ${target})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 600)
  endif()
  set_tests_properties(${folder} PROPERTIES TIMEOUT ${arg_TIMEOUT} COST ${arg_TIMEOUT}
    ENVIRONMENT "ATP_BIN=$<TARGET_FILE:atp>;ATP_GENERATE=$<TARGET_FILE:atp-generate>;ATP_SOURCE_DIR=${PROJECT_SOURCE_DIR};GTEST_OUTPUT=xml:${PROJECT_BINARY_DIR}/test-results/${target}.xml")
  set_property(GLOBAL APPEND PROPERTY ATP_TESTS ${folder})
endfunction()
