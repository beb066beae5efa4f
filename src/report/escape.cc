// Text of unknown origin (names of folders, settings) made safe to stand in HTML and SVG.
#include "report/chart.h"

namespace resnet {

namespace {

// Length of the UTF-8 sequence that starts at text[i], 0 if it is none.
size_t utf8_length(const std::string& text, size_t i) {
  const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned char lead = byte(i);
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                        : (lead & 0xf0) == 0xe0       ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;
  if (length == 0 || i + length > text.size()) return 0;
  for (size_t k = 1; k < length; ++k)
    if ((byte(i + k) & 0xc0) != 0x80) return 0;
  return length;
}

std::string escaped_char(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? " " : std::string(1, c);
  }
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string safe;
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_length(text, i);
    if (length == 0)
      safe += "\xef\xbf\xbd";
    else if (length == 1)
      safe += escaped_char(text[i]);
    else
      safe += text.substr(i, length);
    i += length == 0 ? 1 : length;
  }
  return safe;
}

}  // namespace resnet
