// Batches prepared ahead of time. Each worker makes whole batches into a ring of recycled buffers; tickets give the
// order, and a batch is a pure function of (seed, epoch, number), so threads and restarts change nothing in it.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"
#include "data/batcher.h"

namespace resnet {

namespace {

int workers(const LoaderOptions& options) {
  return options.workers < 0 ? std::min(2, spare_processors()) : options.workers;
}

constexpr int64_t kNone = std::numeric_limits<int64_t>::min();  // no batch

// One buffer of the ring. Filled by one worker, then read by next(); `ready` hands it over under the mutex.
struct Slot {
  Batch batch;
  std::exception_ptr error;
  bool ready = false;
};

}  // namespace

struct Loader::Impl {
  Impl(std::shared_ptr<const Dataset> data, const Preprocessing& preprocessing, const LoaderOptions& options);
  ~Impl();

  void work();  // the body of a worker
  void fill(Slot& slot, int64_t number, Batcher::Scratch& scratch) noexcept;
  void fill_together(Slot& slot, int64_t number);

  Batcher batcher;
  int64_t batches;       // of an epoch
  bool started = false;  // seek() was called
  double waited = 0;
  std::vector<Batcher::Scratch> scratch;  // of the computing threads, where there are no workers
  std::vector<Slot> ring;

  std::mutex mutex;  // guards what follows, and `ready` of the slots
  std::condition_variable wanted, made;
  int64_t taken = 0;     // next batch to be prepared
  int64_t given = 0;     // next batch that next() gives
  int64_t held = kNone;  // the batch that the caller looks at; its slot is not refilled
  int active = 0;        // workers that prepare a batch now
  bool stop = false;
  std::vector<std::thread> threads;
};

Loader::Impl::Impl(std::shared_ptr<const Dataset> data, const Preprocessing& preprocessing,
                   const LoaderOptions& options)
    : batcher(std::move(data), preprocessing, options), batches(batcher.batches_per_epoch()) {
  CHECK(options.workers >= -1 && options.workers <= 1024, options.workers,
        " data workers; 0 to 1024 are possible, or -1");
  CHECK(options.prefetch >= 1, "prefetch ", options.prefetch, ": at least one batch must be prepared ahead");
  // One slot more than are prepared ahead: the one that the caller holds.
  ring.resize(workers(options) == 0 ? 1 : static_cast<size_t>(std::min<int64_t>(options.prefetch, batches) + 1));
  for (Slot& slot : ring) slot.batch = batcher.make_buffer();
  taken = batches;  // nothing to do before seek()
}

Loader::Impl::~Impl() {
  {
    const std::lock_guard lock(mutex);
    stop = true;
  }
  wanted.notify_all();
  for (std::thread& thread : threads) thread.join();
}

void Loader::Impl::fill(Slot& slot, int64_t number, Batcher::Scratch& own) noexcept {
  slot.error = nullptr;
  try {
    batcher.fill(number, slot.batch, own);
  } catch (...) {
    slot.error = std::current_exception();
  }
}

// Without workers: by all computing threads, which have nothing else to do until the batch is there.
void Loader::Impl::fill_together(Slot& slot, int64_t number) {
  const auto parts = static_cast<size_t>(resnet::threads());
  std::vector<std::exception_ptr> errors(parts);
  scratch.resize(parts);
  parallel_for(batcher.begin(number, slot.batch), [&](int64_t from, int64_t to, int thread) {
    const auto t = static_cast<size_t>(thread);
    try {
      batcher.fill_rows(number, slot.batch, from, to, scratch[t]);
    } catch (...) {
      errors[t] = std::current_exception();
    }
  });
  const auto first = std::find_if(errors.begin(), errors.end(), [](const auto& error) { return error != nullptr; });
  slot.error = first == errors.end() ? nullptr : *first;
  if (slot.error == nullptr) batcher.finish(number, slot.batch);
}

void Loader::Impl::work() {
  Batcher::Scratch own;
  const auto depth = static_cast<int64_t>(ring.size());
  std::unique_lock lock(mutex);
  while (true) {
    // Batch `taken` uses the slot of batch taken - depth, which must have been given and let go.
    wanted.wait(lock, [&] { return stop || (taken < batches && taken - depth < given && taken - depth != held); });
    if (stop) return;
    const int64_t number = taken++;
    ++active;
    lock.unlock();
    Slot& slot = ring[static_cast<size_t>(number % depth)];
    fill(slot, number, own);
    lock.lock();
    slot.ready = true;
    --active;
    made.notify_all();
  }
}

Loader::Loader(std::shared_ptr<const Dataset> data, Preprocessing preprocessing, LoaderOptions options)
    : impl_(std::make_unique<Impl>(std::move(data), preprocessing, options)) {
  // Not in Impl's constructor: should a thread fail to start, Impl's destructor joins those before it.
  for (int i = workers(options); i > 0; --i) impl_->threads.emplace_back([s = impl_.get()] { s->work(); });
}

Loader::~Loader() = default;

int64_t Loader::batches_per_epoch() const { return impl_->batches; }

double Loader::wait_seconds() const { return impl_->waited; }

void Loader::seek(int64_t epoch, int64_t first) {
  Impl& s = *impl_;
  CHECK(epoch >= 0, "epoch ", epoch, ": epochs count from 0");
  CHECK(first >= 0 && first <= s.batches, "batch ", first, " of an epoch of ", s.batches);
  std::unique_lock lock(s.mutex);
  s.taken = s.batches;  // workers take nothing more
  s.made.wait(lock, [&] { return s.active == 0; });
  s.batcher.set_epoch(epoch);
  for (Slot& slot : s.ring) slot.ready = false;
  s.taken = s.given = first;
  s.held = kNone;
  s.started = true;
  lock.unlock();
  s.wanted.notify_all();
}

bool Loader::next(Batch& batch) {
  Impl& s = *impl_;
  CHECK(s.started, "Loader::next() before seek()");
  const auto begin = std::chrono::steady_clock::now();
  std::unique_lock lock(s.mutex);
  s.held = kNone;
  if (s.given == s.batches) return false;
  const int64_t number = s.given;
  Slot& slot = s.ring[static_cast<size_t>(number) % s.ring.size()];
  if (s.threads.empty()) {
    s.fill_together(slot, number);
  } else {
    s.wanted.notify_all();
    s.made.wait(lock, [&] { return slot.ready; });
  }
  slot.ready = false;
  s.given = number + 1;
  s.held = number;
  s.waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  lock.unlock();
  if (slot.error) std::rethrow_exception(std::exchange(slot.error, nullptr));
  batch = slot.batch;
  return true;
}

}  // namespace resnet
