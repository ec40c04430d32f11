# Tests that are not programs of ours: the repository's own rules, and a moment of each fuzz target.
if(LOUVER_FUZZ)
  return()
endif()
find_package(Python3 REQUIRED COMPONENTS Interpreter)

foreach(script check_layers check_layers_test check_docs check_docs_test check_catalogue check_catalogue_test)
  add_test(NAME tools.${script} COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/${script}.py)
  set_tests_properties(tools.${script} PROPERTIES LABELS tools TIMEOUT 60)
endforeach()
# The verifier is not packaged: where it is missing, this says so and is skipped.
add_test(NAME formal.models COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/formal/run.py)
set_tests_properties(formal.models PROPERTIES LABELS formal SKIP_RETURN_CODE 77 TIMEOUT 900)

if(TARGET louver AND NOT LOUVER_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_test(NAME tools.check_hardening COMMAND ${CMAKE_SOURCE_DIR}/tools/check_hardening.sh $<TARGET_FILE:louver>)
  set_tests_properties(tools.check_hardening PROPERTIES LABELS tools TIMEOUT 60)
endif()

if(TARGET louver)
  add_test(NAME tools.check_vectors
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tools/check_vectors.py $<TARGET_FILE:louver> ${CMAKE_SOURCE_DIR}/docs/vectors)
  set_tests_properties(tools.check_vectors PROPERTIES LABELS tools TIMEOUT 120)
endif()

# The louver program cannot be linked with null cryptography: its own objects, the libraries of all layers but crypto, and in
# crypto's place what a fuzz build takes instead.
function(louver_null_crypto_sources variable)
  set(LOUVER_FUZZ ON)  # within this function
  louver_layer_sources(crypto sources)
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()
if(TARGET louver AND NOT LOUVER_SANITIZE)
  louver_null_crypto_sources(null_sources)
  add_library(louver_null_crypto STATIC ${null_sources})
  target_include_directories(louver_null_crypto PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(louver_null_crypto PRIVATE louver_options OpenSSL::Crypto)
  set(layers louver_base louver_wire louver_tls louver_session louver_profile louver_filter louver_observe louver_config
    louver_runtime louver_role louver_measure louver_vectors)
  list(TRANSFORM layers REPLACE "(.+)" "$<TARGET_FILE:\\1>")
  add_test(NAME tools.check_null_crypto
    COMMAND ${CMAKE_SOURCE_DIR}/tools/check_null_crypto.sh ${CMAKE_CXX_COMPILER} -o null_louver $<TARGET_OBJECTS:louver>
      -Wl,--start-group ${layers} $<TARGET_FILE:louver_null_crypto> -Wl,--end-group
      $<TARGET_FILE:OpenSSL::SSL> $<TARGET_FILE:OpenSSL::Crypto> $<TARGET_FILE:spdlog::spdlog> $<TARGET_FILE:fmt::fmt>
      ${VECTORSCAN_LINK_LIBRARIES} ${PCRE2_LINK_LIBRARIES} ${RE2_LINK_LIBRARIES} ${CODINGS_LINK_LIBRARIES}
    COMMAND_EXPAND_LISTS)
  set_tests_properties(tools.check_null_crypto PROPERTIES LABELS tools TIMEOUT 60)
endif()

# The fuzz targets are built in a tree of their own (preset `fuzz`), since they need clang and null cryptography. `./dev test`
# builds that tree first and names it here; where it is not named, these tests do not exist.
set(LOUVER_FUZZ_BUILD "" CACHE PATH "build tree of the preset fuzz, whose targets become tests")
set(LOUVER_FUZZ_SECONDS 5 CACHE STRING "seconds that the test of each fuzz target lasts")
if(LOUVER_FUZZ_BUILD)
  file(GLOB fuzz_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/*_fuzz.cpp)
  math(EXPR fuzz_timeout "${LOUVER_FUZZ_SECONDS} * 4 + 120")
  foreach(source IN LISTS fuzz_sources)
    cmake_path(GET source STEM target)
    add_test(NAME fuzz.${target}
      COMMAND ${CMAKE_SOURCE_DIR}/tools/run_fuzz_target.sh ${LOUVER_FUZZ_BUILD} ${target} ${LOUVER_FUZZ_SECONDS})
    set_tests_properties(fuzz.${target} PROPERTIES LABELS fuzz TIMEOUT ${fuzz_timeout})
  endforeach()
endif()
