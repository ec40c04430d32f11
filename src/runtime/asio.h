#pragma once

/// The only way by which Asio is included: its body is compiled once, in asio.cpp. Only .cpp files of this layer
/// include this.
#define BOOST_ASIO_SEPARATE_COMPILATION 1
#define BOOST_ASIO_DISABLE_CO_AWAIT 1

// ThreadSanitizer does not know fences; Asio's are only needed between threads that share one context, and ours share
// none.
#if defined(__SANITIZE_THREAD__)
#define BOOST_ASIO_DISABLE_FENCED_BLOCK 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BOOST_ASIO_DISABLE_FENCED_BLOCK 1
#endif
#endif

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
