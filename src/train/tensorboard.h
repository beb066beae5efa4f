// TensorBoard event files: TFRecord framing around protobuf messages, of which only scalars are needed. The few bytes of
// protobuf are written by hand, so that no protobuf library is.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resnet {

/// CRC-32C (Castagnoli) of the bytes.
uint32_t crc32c(std::string_view bytes);
/// A TFRecord: u64 length, its masked CRC, the data, their masked CRC; little-endian.
std::string tf_record(std::string_view data);

class EventWriter {
 public:
  /// Opens a new events.out.tfevents.* file in `folder`. `resumed_at` ≥ 0 tells TensorBoard to forget what earlier files
  /// hold from beyond that step on. Throws Error when the file cannot be written.
  EventWriter(const std::string& folder, int64_t resumed_at);

  /// One event with these values; on the disk when it returns. Throws Error when the disk is full.
  void scalars(int64_t step, const std::vector<std::pair<std::string, double>>& values);

 private:
  void write(const std::string& event);

  std::string path_;
  std::ofstream out_;
};

}  // namespace resnet
