#include "train/tensorboard.h"

#include <gtest/gtest.h>

#include <cstring>

#include "io/temp_folder.h"

namespace resnet {
namespace {

TEST(Crc32c, KnownVectors) {  // RFC 3720, B.4
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(TfRecord, Framing) {
  const std::string record = tf_record("abc");
  ASSERT_EQ(record.size(), 8 + 4 + 3 + 4u);
  EXPECT_EQ(record.substr(0, 8), std::string("\3\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(record.substr(12, 3), "abc");
  uint32_t stored = 0;
  std::memcpy(&stored, record.data() + 15, 4);
  const uint32_t unmasked = stored - 0xa282ead8u;
  EXPECT_EQ((unmasked << 15) | (unmasked >> 17), crc32c("abc"));
}

std::string only_file(const TempFolder& folder) {
  return get_file(std::filesystem::directory_iterator(folder.path())->path().string());
}

TEST(EventWriter, WritesTheVersionAndScalars) {
  const TempFolder folder;
  EventWriter(folder.path(), -1).scalars(300, {{"loss", 0.5}});
  ASSERT_EQ(folder.files(), 1);
  const std::string bytes = only_file(folder);
  EXPECT_NE(bytes.find("brain.Event:2"), std::string::npos);
  // Event.step = 300, Event.summary {Summary.value {tag = "loss", simple_value = 0.5}}
  EXPECT_NE(bytes.find(std::string("\x10\xac\x02\x2a\x0d\x0a\x0b\x0a\x04loss\x15\0\0\0\x3f", 18)), std::string::npos);
  EXPECT_EQ(bytes.find(std::string("\x3a\x02\x08\x01", 4)), std::string::npos);
}

TEST(EventWriter, AResumedRunOpensWithASessionStart) {
  const TempFolder folder;
  EventWriter(folder.path(), 41);
  EXPECT_NE(only_file(folder).find(std::string("\x10\x2a\x3a\x02\x08\x01", 6)), std::string::npos);  // step 42, START
}

}  // namespace
}  // namespace resnet
