#include "tls/handshake_watch.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace louver::tls {
namespace {

constexpr std::byte application_data{SSL3_RT_APPLICATION_DATA};
constexpr std::byte key_update{SSL3_MT_KEY_UPDATE};
constexpr std::byte ticket{SSL3_MT_NEWSESSION_TICKET};
constexpr std::byte finished{SSL3_MT_FINISHED};

struct Watched {
  BytePipe pipe{1000};
  HandshakeWatch watch{pipe, std::nullopt, "louver-x/1-c"};
};

TEST(HandshakeWatch, stops_at_one_empty_record_too_many) {
  Watched watched;
  for (unsigned i = 0; i < limits::empty_tls_records; ++i) {
    watched.watch.on_received(SSL3_RT_INNER_CONTENT_TYPE, Bytes{&application_data, 1});
    ASSERT_FALSE(watched.watch.fault());
  }
  watched.watch.on_received(SSL3_RT_INNER_CONTENT_TYPE, Bytes{&application_data, 1});
  ASSERT_TRUE(watched.watch.fault());
  EXPECT_EQ(watched.watch.fault()->fault, Fault::limit_exceeded);
}

TEST(HandshakeWatch, begins_anew_with_each_plaintext) {
  Watched watched;
  for (unsigned i = 0; i < 10 * limits::empty_tls_records; ++i) {
    watched.watch.on_received(SSL3_RT_INNER_CONTENT_TYPE, Bytes{&application_data, 1});
    if (i % limits::empty_tls_records == 0) watched.watch.on_plaintext();
  }
  EXPECT_FALSE(watched.watch.fault());
}

TEST(HandshakeWatch, stops_at_one_key_update_too_many) {
  Watched watched;
  for (unsigned i = 0; i < limits::key_updates; ++i)
    watched.watch.on_received(SSL3_RT_HANDSHAKE, Bytes{&key_update, 1});
  EXPECT_FALSE(watched.watch.fault());
  watched.watch.on_received(SSL3_RT_HANDSHAKE, Bytes{&key_update, 1});
  ASSERT_TRUE(watched.watch.fault());
  EXPECT_EQ(watched.watch.fault()->fault, Fault::limit_exceeded);
}

TEST(HandshakeWatch, stops_at_the_first_ticket) {
  Watched watched;
  watched.watch.on_received(SSL3_RT_HANDSHAKE, Bytes{&ticket, 1});
  ASSERT_TRUE(watched.watch.fault());
  EXPECT_EQ(watched.watch.fault()->fault, Fault::tls_parameters);
}

TEST(HandshakeWatch, makes_every_later_read_fail) {
  Watched watched;
  const BioHandle bio = watched.pipe.make_bio();
  watched.pipe.begin_input(as_bytes("more"));
  char out[4];
  EXPECT_EQ(BIO_read(bio.get(), out, 2), 2);
  watched.watch.on_received(SSL3_RT_HANDSHAKE, Bytes{&ticket, 1});
  EXPECT_LE(BIO_read(bio.get(), out, 2), 0);
  EXPECT_FALSE(BIO_should_retry(bio.get()));
}

TEST(HandshakeWatch, knows_when_finished_has_been_sent) {
  Watched watched;
  watched.watch.on_received(SSL3_RT_HANDSHAKE, Bytes{&finished, 1});
  EXPECT_FALSE(watched.watch.has_sent_finished());
  watched.watch.on_sent(SSL3_RT_HANDSHAKE, Bytes{&finished, 1});
  EXPECT_TRUE(watched.watch.has_sent_finished());
}

TEST(BytePipe, gives_no_more_than_its_allowance_until_that_is_lifted) {
  for (const bool lifted : {false, true}) {
    BytePipe pipe{5};
    if (lifted) pipe.lift_allowance();
    const BioHandle bio = pipe.make_bio();
    pipe.begin_input(as_bytes("123456"));
    char out[8];
    EXPECT_EQ(BIO_read(bio.get(), out, sizeof out), lifted ? 6 : 5);
    EXPECT_FALSE(pipe.overdrawn());
    BIO_read(bio.get(), out, sizeof out);
    EXPECT_EQ(pipe.overdrawn(), !lifted);
  }
}

}  // namespace
}  // namespace louver::tls
