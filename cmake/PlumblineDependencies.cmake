# What Plumbline stands on. Found by name only, so that a newer release installed
# elsewhere (CMAKE_PREFIX_PATH) is picked up without an edit here.
find_package(Threads REQUIRED)
# Config packages first (newer releases), CMake's own module otherwise (Debian 12).
find_package(Protobuf CONFIG QUIET)
if(NOT Protobuf_FOUND)
  find_package(Protobuf REQUIRED MODULE)
endif()
find_package(absl REQUIRED CONFIG)
find_package(gRPC REQUIRED CONFIG)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(spdlog REQUIRED CONFIG)
find_package(CLI11 REQUIRED CONFIG)
find_package(prometheus-cpp REQUIRED CONFIG)
if(PLUMBLINE_BUILD_TESTS)
  find_package(GTest REQUIRED CONFIG)
endif()
if(PLUMBLINE_BUILD_BENCHMARKS)
  find_package(benchmark REQUIRED CONFIG)
endif()

# xxHash: its own package where it was installed by CMake, the plain library otherwise (Debian 12).
find_package(xxHash CONFIG QUIET)
if(NOT TARGET xxHash::xxhash)
  find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
  find_library(XXHASH_LIBRARY xxhash REQUIRED)
  add_library(xxHash::xxhash UNKNOWN IMPORTED)
  set_target_properties(xxHash::xxhash PROPERTIES
    IMPORTED_LOCATION "${XXHASH_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${XXHASH_INCLUDE_DIR}")
endif()
find_package(SQLite3 REQUIRED)

find_program(PLUMBLINE_PROTOC NAMES protoc REQUIRED)
find_program(PLUMBLINE_GRPC_CPP_PLUGIN NAMES grpc_cpp_plugin REQUIRED)
