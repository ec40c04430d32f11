#include "filter/io/icap/chunks.h"

#include <gtest/gtest.h>

namespace louver::filter::icap {
namespace {

/// The content, "..." behind it if the body has not ended, or "!" if it is refused.
std::string read(std::string_view text, std::size_t piece, ChunkReader& reader) {
  std::string out;
  Buffer waiting;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    append(waiting, text.substr(at, piece));
    while (true) {
      const auto step = reader.step(waiting);
      if (!step) return "!";
      out += as_text(step->content);
      if (step->used == 0) break;
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(step->used));
    }
  }
  return reader.is_done() ? out : out + "...";
}
std::string read(std::string_view text, std::size_t piece = 1000) {
  ChunkReader reader;
  return read(text, piece, reader);
}

TEST(IcapChunks, are_read_however_they_are_cut) {
  for (std::size_t piece = 1; piece < 20; ++piece) {
    EXPECT_EQ(read("5\r\nhello\r\n1\r\n \r\n00A\r\n0123456789\r\n0\r\n\r\n", piece), "hello 0123456789") << piece;
    EXPECT_EQ(read("5\r\nhel", piece), "hel...") << piece;
  }
}

TEST(IcapChunks, that_are_written_are_read) {
  Buffer out;
  for (const std::size_t size : {1U, 15U, 16U, 255U, 65536U}) append_chunk(out, Buffer(size, std::byte{'x'}));
  append_chunk(out, {});
  append(out, last_chunk);
  EXPECT_EQ(read(as_text(out), 999).size(), 1U + 15 + 16 + 255 + 65536);
}

TEST(IcapChunks, know_where_the_original_goes_on) {
  ChunkReader reader;
  EXPECT_EQ(read("2\r\nab\r\n0; use-original-body=123\r\n\r\n", 3, reader), "ab");
  EXPECT_EQ(reader.original_from(), 123U);
}

TEST(IcapChunks, fi05_that_are_none_are_refused) {
  for (const char* text : {"zz\r\n", "\r\n", "-1\r\n", "+1\r\n", " 1\r\n", "1 \r\n", "0x1\r\n", "10000000000000000\r\n",
                           "ffffffffffffffff\r\n", "1\r\nabc", "1\r\na\n\r", "1;x=y\r\na", "0; ieof\r\n\r\n",
                           "0; use-original-body=\r\n", "0; use-original-body=-1\r\n", "0; use-original-body=1 \r\n",
                           "2; use-original-body=1\r\n", "0\r\nx: y\r\n\r\n"}) {
    EXPECT_EQ(read(text), "!") << text;
  }
  EXPECT_EQ(read(std::string(chunk_line_most, '0')), "!");
  EXPECT_EQ(read(std::string(chunk_line_most - 1, '0')), "...");
}

}  // namespace
}  // namespace louver::filter::icap
