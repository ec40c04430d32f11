# Compiler options that every target of Louver gets, and the switches of the presets.
option(LOUVER_WERROR "warnings are errors" ON)
option(LOUVER_FUZZ "null cryptography and libFuzzer targets; never links the louver program" OFF)
option(LOUVER_UNITY "compile several sources of a layer at a time; each by itself is for tools that read compile_commands.json" ON)
option(LOUVER_BENCH "build the benchmarks" OFF)
set(LOUVER_SANITIZE "" CACHE STRING "address (with undefined) or thread")
set_property(CACHE LOUVER_SANITIZE PROPERTY STRINGS "" address thread)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
if(LOUVER_FUZZ AND NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "LOUVER_FUZZ needs clang (libFuzzer): cmake --preset fuzz, or -DCMAKE_CXX_COMPILER=clang++")
endif()
if(NOT LOUVER_SANITIZE MATCHES "^(|address|thread)$")
  message(FATAL_ERROR "LOUVER_SANITIZE is \"${LOUVER_SANITIZE}\": address and thread are known")
endif()
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
include(CheckPIESupported)
check_pie_supported()  # with CMAKE_POSITION_INDEPENDENT_CODE: programs are linked as PIE

add_library(louver_options INTERFACE)
target_compile_options(louver_options INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # At -O3 this compiler takes "a" + string for overlapping copies (GCC bug 105651).
  target_compile_options(louver_options INTERFACE $<$<CONFIG:Release>:-Wno-restrict>)
endif()
if(LOUVER_WERROR)
  target_compile_options(louver_options INTERFACE -Werror)
endif()
target_compile_definitions(louver_options INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)

# Hardening of what is shipped. SECURITY.md says what each is for (PR-01); tools/check_hardening.sh looks for it in the program.
target_compile_options(louver_options INTERFACE -fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86)$")
  target_compile_options(louver_options INTERFACE -fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  target_compile_options(louver_options INTERFACE -mbranch-protection=standard)
endif()
target_compile_options(louver_options INTERFACE -ftrivial-auto-var-init=zero)
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  target_compile_options(louver_options INTERFACE
    -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang)
endif()
target_link_options(louver_options INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack)

if(LOUVER_SANITIZE OR LOUVER_FUZZ)
  if(LOUVER_FUZZ)
    set(sanitizers -fsanitize=fuzzer-no-link,address,undefined)
  elseif(LOUVER_SANITIZE STREQUAL "address")
    set(sanitizers -fsanitize=address,undefined)
  else()
    set(sanitizers -fsanitize=thread)
  endif()
  target_compile_options(louver_options INTERFACE ${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(louver_options INTERFACE ${sanitizers})
else()  # the sanitizers' own checks and those of _FORTIFY_SOURCE get in each other's way
  target_compile_options(louver_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)
endif()

# What test programs are linked with. Their own code is optimised less: it is most of the build's time and little of the run's.
add_library(louver_test_options INTERFACE)
target_link_libraries(louver_test_options INTERFACE GTest::gmock GTest::gtest_main)
target_compile_options(louver_test_options INTERFACE $<$<CONFIG:RelWithDebInfo>:-O1>)
