#include "runtime/asio.h"

#include <boost/asio/impl/src.hpp>
