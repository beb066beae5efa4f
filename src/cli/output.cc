#include "cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "cli/text.h"
#include "core/check.h"

namespace resnet::cli {

void Output::record(const Json& value) const {
  if (!json) return;
  // File names need not be UTF-8: what is not becomes U+FFFD.
  write_result(value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  std::fflush(stdout);
}

void Output::error(const std::string& text) const { write_log("resnet: " + one_line(text) + "\n"); }

void Output::write_result(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void Output::write_log(const std::string& text) {
  std::fflush(stdout);  // keeps the two streams in order where both go to one terminal
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void check_stdout() {
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  CHECK(written, "standard output could not be written: ", std::strerror(errno));
}

bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

}  // namespace resnet::cli
