#pragma once

/// The version of this program, as in CMakeLists.txt.
#define LOUVER_VERSION "0.1.0"
