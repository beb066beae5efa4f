#include "eval/view_loader.h"

#include <algorithm>
#include <chrono>

#include "core/check.h"

namespace resnet {

ViewLoader::ViewLoader(std::shared_ptr<const Dataset> data, std::vector<const Views*> views, int64_t chunk, int workers)
    : data_(std::move(data)), views_(std::move(views)), chunk_(chunk), workers_(workers) {
  CHECK(chunk > 0, "batches of ", chunk, " pictures: at least one is needed");
  CHECK(workers >= 0 && workers <= 1024, workers, " data workers; 0 to 1024 are possible");
  start();
}

int64_t ViewLoader::chunks() const { return (data_->size() + chunk_ - 1) / chunk_; }

void ViewLoader::start() {
  const auto policy = workers_ > 0 ? std::launch::async : std::launch::deferred;
  ahead_ = std::async(policy, [this, first = next_] { return make(first); });
}

ViewLoader::Chunk ViewLoader::make(int64_t first) const {
  Chunk chunk;
  chunk.first = first;
  chunk.count = std::clamp<int64_t>(data_->size() - first, 0, chunk_);
  chunk.views.resize(views_.size());
  for (auto& of_network : chunk.views) of_network.resize(static_cast<size_t>(chunk.count));
  const auto some = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (size_t n = 0; n < views_.size(); ++n)
        chunk.views[n][static_cast<size_t>(i)] = views_[n]->of(*data_, first + i);
  };
  const int64_t parts = std::max(workers_, 1);
  std::vector<std::future<void>> others;
  for (int64_t p = 1; p < parts; ++p)
    others.push_back(std::async(std::launch::async, some, chunk.count * p / parts, chunk.count * (p + 1) / parts));
  some(0, chunk.count / parts);
  for (auto& other : others) other.get();
  return chunk;
}

ViewLoader::Chunk ViewLoader::next() {
  const auto begin = std::chrono::steady_clock::now();
  Chunk chunk = ahead_.get();
  waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  next_ = chunk.first + chunk.count;
  start();
  return chunk;
}

}  // namespace resnet
