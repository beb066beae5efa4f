// The views of some pictures after the others, prepared by threads while the ones before are computed.
#pragma once

#include <future>
#include <memory>
#include <vector>

#include "eval/views.h"

namespace resnet {

class ViewLoader {
 public:
  struct Chunk {
    int64_t first = 0, count = 0;                         ///< pictures of the data set
    std::vector<std::vector<std::vector<Tensor>>> views;  ///< [network][picture][view]
  };

  /// `views`: of each network; they must outlive the loader. `workers`: threads; 0: the calling one, not ahead of time.
  ViewLoader(std::shared_ptr<const Dataset> data, std::vector<const Views*> views, int64_t chunk, int workers);

  int64_t chunks() const;
  /// The next pictures; count 0 at the end. Rethrows what reading a picture threw.
  Chunk next();
  double wait_seconds() const { return waited_; }

 private:
  Chunk make(int64_t first) const;
  void start();

  std::shared_ptr<const Dataset> data_;
  std::vector<const Views*> views_;
  int64_t chunk_, next_ = 0;
  int workers_;
  double waited_ = 0;
  std::future<Chunk> ahead_;
};

}  // namespace resnet
