# Conveniences that are used when the machine has them and never required: ccache for compiling again
# what has not changed, lld for linking.
option(PLUMBLINE_USE_CCACHE "Compile through ccache when it is installed" ON)
option(PLUMBLINE_USE_LLD "Link with lld when it is installed" ON)

if(PLUMBLINE_USE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(PLUMBLINE_CCACHE NAMES ccache)
  mark_as_advanced(PLUMBLINE_CCACHE)
  if(PLUMBLINE_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${PLUMBLINE_CCACHE}")
  endif()
  # As its manual demands for precompiled headers.
  if(PLUMBLINE_CCACHE AND PLUMBLINE_PRECOMPILE_HEADERS)
    set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros "${PLUMBLINE_CCACHE}")
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      add_compile_options(-fpch-preprocess)
    endif()
  endif()
endif()

if(PLUMBLINE_USE_LLD)
  include(CheckLinkerFlag)
  check_linker_flag(CXX -fuse-ld=lld PLUMBLINE_LLD_WORKS)
  if(PLUMBLINE_LLD_WORKS)
    add_link_options(-fuse-ld=lld)
  endif()
endif()

# plumbline_add_subdirectory_if_present(DIR): a folder joins the build once it has a CMakeLists.txt.
function(plumbline_add_subdirectory_if_present dir)
  if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${dir}/CMakeLists.txt")
    add_subdirectory("${dir}")
  else()
    message(STATUS "No CMakeLists.txt in ${dir}: left out")
  endif()
endfunction()

# What is shipped faces other people's bytes.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT PLUMBLINE_SANITIZE)
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
