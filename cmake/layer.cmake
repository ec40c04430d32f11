include(GoogleTest)

# louver_layer_sources(name variable): the sources of src/<name>, tests excepted.
#
# A file x_null.cpp is a stand-in that only fuzzing uses (LOUVER_FUZZ): cryptography that checks nothing, so that mutated input
# gets past the tags. The real files it stands for are listed in src/<name>/null_replaces.txt, one a line, # begins a comment.
function(louver_layer_sources name variable)
  set(folder ${CMAKE_SOURCE_DIR}/src/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  if(NOT LOUVER_FUZZ)
    list(FILTER sources EXCLUDE REGEX "_null\\.cpp$")
  elseif(EXISTS ${folder}/null_replaces.txt)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/null_replaces.txt)
    file(STRINGS ${folder}/null_replaces.txt replaced)
    list(TRANSFORM replaced REPLACE "#.*" "")
    list(TRANSFORM replaced STRIP)
    list(FILTER replaced INCLUDE REGEX ".")
    foreach(file IN LISTS replaced)
      if(NOT ${folder}/${file} IN_LIST sources)
        message(FATAL_ERROR "src/${name}/null_replaces.txt: there is no ${file}")
      endif()
      list(REMOVE_ITEM sources ${folder}/${file})
    endforeach()
  endif()
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

# louver_unity(target): several of its sources make one object, where LOUVER_UNITY is on.
function(louver_unity target)
  if(LOUVER_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    # This warning takes the file that includes the sources for what holds their types.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# louver_layer(name DEPS layers LIBS libraries [EACH]): the library of src/<name> and the test program of its *_test.cpp.
#
# Where LOUVER_UNITY is on, several sources of a layer make one object, unless it says EACH, and so do several tests: most
# of the time goes into the headers. So names in unnamed namespaces of a layer are unique, and what two files need stands
# in a header; tests that want their own short names for the same things are in a namespace of their own.
function(louver_layer name)
  cmake_parse_arguments(LAYER "EACH" "" "DEPS;LIBS" ${ARGN})
  louver_layer_sources(${name} sources)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*_test.cpp)
  if(NOT sources)
    add_library(louver_${name} INTERFACE)
    set(scope INTERFACE)
  else()
    add_library(louver_${name} STATIC ${sources})
    set(scope PUBLIC)
    if(NOT LAYER_EACH)
      louver_unity(louver_${name})
    endif()
  endif()
  list(TRANSFORM LAYER_DEPS PREPEND louver_)
  target_include_directories(louver_${name} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(louver_${name} ${scope} louver_options ${LAYER_DEPS} ${LAYER_LIBS})
  if(tests AND NOT LOUVER_FUZZ)
    add_executable(louver_${name}_test ${tests})
    target_compile_definitions(louver_${name}_test PRIVATE LOUVER_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_link_libraries(louver_${name}_test louver_${name} louver_test_options)
    louver_unity(louver_${name}_test)
    gtest_discover_tests(louver_${name}_test PROPERTIES LABELS unit DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
