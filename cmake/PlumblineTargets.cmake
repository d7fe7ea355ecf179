# plumbline_library, plumbline_executable, plumbline_test: the only ways targets are made here,
# so that warnings, sanitizers and include paths are the same everywhere.

add_library(plumbline_flags INTERFACE)
target_include_directories(plumbline_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(plumbline_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough)
if(PLUMBLINE_WARNINGS_AS_ERRORS)
  target_compile_options(plumbline_flags INTERFACE -Werror)
endif()
# When it optimises hard or instruments, g++ 12 takes temporaries of std::string for uninitialised
# (fixed in 13). The dev build keeps these warnings.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13 AND
   (CMAKE_BUILD_TYPE STREQUAL "Release" OR PLUMBLINE_SANITIZE))
  target_compile_options(plumbline_flags INTERFACE -Wno-maybe-uninitialized -Wno-restrict)
  if(PLUMBLINE_SANITIZE STREQUAL "thread")
    target_compile_options(plumbline_flags INTERFACE -Wno-array-bounds -Wno-stringop-overflow)
  endif()
endif()
if(PLUMBLINE_SANITIZE)
  add_compile_options(-fsanitize=${PLUMBLINE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PLUMBLINE_SANITIZE})
endif()
# ThreadSanitizer must be told how a shared Abseil synchronises; one that is compiled along is
# instrumented.
if(PLUMBLINE_SANITIZE STREQUAL "thread")
  get_target_property(abseil_type absl::synchronization TYPE)
  if(abseil_type STREQUAL "SHARED_LIBRARY")
    add_library(plumbline_tsan_abseil OBJECT "${PROJECT_SOURCE_DIR}/tests/sanitizers/tsan_abseil_mutex.cc")
    target_link_libraries(plumbline_tsan_abseil
      PRIVATE plumbline_flags absl::synchronization absl::status ${CMAKE_DL_LIBS})
    set(PLUMBLINE_EXECUTABLE_DEPS plumbline_tsan_abseil absl::synchronization absl::status)
  endif()
  # Messages with maps have another layout under ThreadSanitizer than in a library without.
  get_target_property(protobuf_is_installed protobuf::libprotobuf IMPORTED)
  if(protobuf_is_installed)
    include_directories(BEFORE "${PROJECT_SOURCE_DIR}/tests/sanitizers/tsan_include")
  endif()
endif()

# Headers that most sources include, compiled once: saves a fourth of the time of a build. Not for the
# dev build, which shows that every source includes what it uses.
option(PLUMBLINE_PRECOMPILE_HEADERS "Precompile the headers that are included most" OFF)
if(PLUMBLINE_PRECOMPILE_HEADERS)
  # The same for all, for it defines a macro. A source that cannot use them is compiled without.
  add_compile_options(-pthread -Wno-error=invalid-pch)
  set(precompiled_headers
    <algorithm> <cstdint> <functional> <map> <memory> <optional> <ostream> <set> <string> <utility>
    <vector> <absl/container/flat_hash_map.h> <absl/status/statusor.h> <absl/strings/str_cat.h>
    <absl/strings/str_format.h> <absl/strings/str_join.h> <absl/strings/str_split.h>
    <absl/synchronization/mutex.h> <absl/time/time.h> <google/protobuf/message.h>)
  set(precompiled_deps plumbline_flags absl::flat_hash_map absl::statusor absl::str_format
    absl::strings absl::synchronization absl::time protobuf::libprotobuf)
  set(empty_source "${PROJECT_BINARY_DIR}/precompiled.cc")
  file(TOUCH "${empty_source}")
  add_library(plumbline_precompiled OBJECT "${empty_source}")
  target_link_libraries(plumbline_precompiled PRIVATE ${precompiled_deps})
  target_precompile_headers(plumbline_precompiled PRIVATE ${precompiled_headers})
  # Programs are compiled with other options (-fPIE) than libraries.
  if(PLUMBLINE_BUILD_TESTS)
    add_executable(plumbline_precompiled_test "${empty_source}")
    target_link_libraries(plumbline_precompiled_test
      PRIVATE ${precompiled_deps} GTest::gmock GTest::gtest GTest::gmock_main)
    target_precompile_headers(plumbline_precompiled_test
      PRIVATE ${precompiled_headers} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endif()
function(plumbline_precompile target carrier)
  if(TARGET ${carrier})
    target_precompile_headers(${target} REUSE_FROM ${carrier})
  endif()
endfunction()

# plumbline_library(NAME base SRCS a.cc b.cc DEPS absl::status PRIVATE_DEPS OpenSSL::Crypto)
# makes the static library plumbline_<NAME>. A library without sources is header-only.
function(plumbline_library)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  set(target plumbline_${ARG_NAME})
  if(ARG_SRCS)
    add_library(${target} STATIC ${ARG_SRCS})
    target_link_libraries(${target} PUBLIC ${ARG_DEPS} PRIVATE plumbline_flags ${ARG_PRIVATE_DEPS})
    target_include_directories(${target} PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
    plumbline_precompile(${target} plumbline_precompiled)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARG_DEPS})
    target_include_directories(${target} INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
  endif()
endfunction()

# plumbline_executable(NAME plumbline SRCS main.cc DEPS plumbline_cli)
function(plumbline_executable)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SRCS})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} ${PLUMBLINE_EXECUTABLE_DEPS} plumbline_flags)
endfunction()

# Reference data that is not part of this repository; tests that need it skip themselves without it.
set(PLUMBLINE_SHARED_DIR "$ENV{PLUMBLINE_SHARED_DIR}" CACHE PATH
  "Folder with reference data; empty: the folder shared beside the repository, if there is one")
set(PLUMBLINE_TEST_TIMEOUT_SECONDS 600 CACHE STRING "Longest time that one test binary may take")

# plumbline_test(NAME expr_lexer_test SRCS lexer_test.cc DEPS plumbline_expr [LABELS slow] [ARGS ...])
# One GoogleTest binary, one CTest test; the binary fails when it holds no test. The first folder below
# tests/ is its kind ("unit", "integration"): a CTest label, and a target plumbline_<kind>_tests that
# builds all tests of that kind.
function(plumbline_test)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS;LABELS;ARGS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SRCS})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gmock_main
    ${PLUMBLINE_EXECUTABLE_DEPS} plumbline_flags)
  plumbline_precompile(${ARG_NAME} plumbline_precompiled_test)
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} ${ARG_ARGS})

  set(shared "${PLUMBLINE_SHARED_DIR}")
  if(NOT shared AND IS_DIRECTORY "${PROJECT_SOURCE_DIR}/../shared")
    get_filename_component(shared "${PROJECT_SOURCE_DIR}/../shared" ABSOLUTE)
  endif()
  file(RELATIVE_PATH kind "${PROJECT_SOURCE_DIR}/tests" "${CMAKE_CURRENT_SOURCE_DIR}")
  string(REGEX REPLACE "/.*" "" kind "${kind}")
  set_tests_properties(${ARG_NAME} PROPERTIES
    TIMEOUT "${PLUMBLINE_TEST_TIMEOUT_SECONDS}"
    LABELS "${kind};${ARG_LABELS}"
    ENVIRONMENT "PLUMBLINE_SOURCE_DIR=${PROJECT_SOURCE_DIR};PLUMBLINE_SHARED_DIR=${shared}")
  if(NOT TARGET plumbline_${kind}_tests)
    add_custom_target(plumbline_${kind}_tests)
  endif()
  add_dependencies(plumbline_${kind}_tests ${ARG_NAME})
endfunction()
