#include "train/trainer.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"
#include "train/expect.h"

namespace resnet {

namespace {

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "request_stop() is called from signal handlers");

bool stopping() { return stop_requested.load(std::memory_order_relaxed); }

EvalOptions eval_options(const TrainSetup& s) {
  return {.batch = std::min({s.config.batch, s.data.val->size(), int64_t{256}}),
          .dtype = parse_dtype(s.config.dtype),
          .workers = s.config.workers < 0 ? EvalOptions().workers : s.config.workers,
          .conv = s.config.conv,
          .protocol = {.flip = s.config.test_flip, .shift = s.config.test_shift}};
}

}  // namespace

Trainer::Trainer(TrainSetup setup, RunLog* log, ProgressFn progress)
    : s_(std::move(setup)),
      log_(log),
      progress_(std::move(progress)),
      plan_(s_.graph, compile_options(s_, s_.config.batch)),
      sgd_(s_.config, s_.graph.params(), s_.weights, s_.momentum),
      ema_(s_.config.ema > 0 ? std::optional<Ema>(std::in_place, s_.config.ema, s_.weights, s_.ema) : std::nullopt),
      targets_{static_cast<int64_t>(s_.data.train->classes().size()), s_.config.label_smoothing, s_.class_weights},
      evaluator_({{s_.eval_graph, ema_ ? ema_->averages() : s_.weights, s_.preprocessing, s_.data.train->classes()}},
                 s_.data.val, eval_options(s_)),
      loader_(s_.data.train, s_.preprocessing, loader_options(s_.config)),
      steps_per_epoch_(loader_.batches_per_epoch()),
      total_steps_(s_.config.steps > 0 ? s_.config.steps : s_.config.epochs * steps_per_epoch_),
      seconds_before_(s_.state.seconds) {
  plan_.bind(s_.weights);
  s_.state.choices = plan_.choices();
  if (const PlanMemory memory = plan_.memory(); memory.parts > 1)
    s_.notes.push_back(join("the network is taken in ", memory.parts,
                            " parts that are computed again in backward, to fit into ", memory.training_bytes() >> 20,
                            " MiB (train.checkpoint = 1 keeps everything)"));
  if (const int64_t tail = s_.data.train->size() % s_.config.batch; !s_.config.drop_last && s_.config.bn_group > 0)
    CHECK(tail % s_.config.bn_group == 0, "an epoch's last batch has ", tail,
          " pictures, no multiple of model.bn_group = ", s_.config.bn_group, "; set train.drop_last = true");
  CHECK(s_.state.step <= total_steps_, "the run to resume has done ", s_.state.step, " steps already, more than the ",
        total_steps_, " that are asked for");
  if (s_.state.step > 0) lr_ = lr_after(s_.state.step - 1);
}

TrainResult Trainer::run() {
  for (const std::string& note : s_.notes) {
    Progress p = progress_now();
    p.note = note;
    if (progress_) progress_(p);
  }
  while (!is_over()) {
    run_epoch();
    if (stopping() || !end_epoch()) {
      if (log_) save_last();
      return result(true);
    }
  }
  return result(false);
}

bool Trainer::stopped_early() const { return s_.config.early_stop > 0 && s_.state.stale >= s_.config.early_stop; }

bool Trainer::is_over() const { return s_.state.closed && (s_.state.step >= total_steps_ || stopped_early()); }

void Trainer::run_epoch() {
  TrainState& state = s_.state;
  const int64_t end = std::min(total_steps_, (state.epoch + 1) * steps_per_epoch_);
  epoch_ = {};
  if (state.step >= end) return;
  const double wait_before = loader_.wait_seconds();
  const Speed before = total_;
  const auto start = Clock::now();
  loader_.seek(state.epoch, state.step - state.epoch * steps_per_epoch_);
  for (Batch batch; state.step < end && !stopping();) {
    CHECK(loader_.next(batch), "the data of epoch ", state.epoch, " ended at step ", state.step, ", before step ", end);
    run_step(batch);
    epoch_ = {epoch_.images + batch.count, std::chrono::duration<double>(Clock::now() - start).count(),
              loader_.wait_seconds() - wait_before};
    total_ = {before.images + epoch_.images, before.seconds + epoch_.seconds, before.wait + epoch_.wait};
    if (progress_) progress_(progress_now());
    if (s_.config.log_every > 0 && state.step % s_.config.log_every == 0) log_steps();
  }
}

void Trainer::log_steps() {
  Progress p = progress_now();
  p.loss = recent_.loss();
  p.train_error = recent_.error();
  p.log_due = true;
  recent_ = {};
  if (log_) log_->add_steps(p.step, p.loss, p.train_error);
  if (progress_) progress_(p);
}

Plan& Trainer::plan_for(int64_t count) {
  if (count == s_.config.batch) return plan_;
  if (!tail_) {
    tail_ = std::make_unique<Plan>(s_.graph, compile_options(s_, count));
    tail_->bind(s_.weights);
    s_.state.choices.insert(tail_->choices().begin(), tail_->choices().end());
  }
  return *tail_;
}

float Trainer::lr_after(int64_t step) const {
  return learning_rate(s_.config, {.step = step,
                                   .steps_per_epoch = steps_per_epoch_,
                                   .total_steps = total_steps_,
                                   .drops = s_.state.plateau.drops,
                                   .warm = s_.state.warmup.below});
}

void Trainer::set_targets(Plan& plan, const Batch& batch) const {
  if (plan.options().soft_labels)
    make_targets(batch, targets_, plan.targets().f32());
  else
    std::memcpy(plan.labels().raw(), batch.labels.raw(), plan.labels().bytes());
}

void Trainer::run_step(const Batch& batch) {
  TrainState& state = s_.state;
  Plan& plan = plan_for(batch.count);
  std::memcpy(plan.input().raw(), batch.images.raw(), plan.input().bytes());
  set_targets(plan, batch);
  lr_ = lr_after(state.step);
  plan.params_changed();
  plan.set_random(s_.config.seed, static_cast<uint64_t>(state.step));
  plan.forward();
  const float loss = plan.loss();
  if (!std::isfinite(loss)) fail_not_finite("loss");
  const Tensor& labels = batch.share >= 0.5f ? batch.labels : batch.other_labels;  // those of most of each picture
  const int64_t wrong = count_wrong(plan.output().f32(), labels.i32(), batch.count, targets_.classes);
  plan.backward();
  sgd_.step(plan.gradients(), lr_);
  state.meter.add(loss, wrong, batch.count);
  recent_.add(loss, wrong, batch.count);
  state.warmup.observe(s_.config.warmup_until_error, wrong, batch.count);
  state.closed = false;
  ++state.step;
  if (ema_) ema_->update(state.step);
  eval_.reset();
  if (state.target.below) return;
  state.target.observe(s_.config.target_error, wrong, batch.count);
  if (state.target.below) state.target_step = state.step;
}

bool Trainer::is_due(int64_t every) const {
  return s_.state.step >= total_steps_ || (every > 0 && (s_.state.epoch + 1) % every == 0);
}

bool Trainer::end_epoch() {
  TrainState& state = s_.state;
  const bool whole = state.step == (state.epoch + 1) * steps_per_epoch_;
  check_weights();
  if (is_due(s_.config.eval_every)) {
    eval_ = evaluator_.run({}, [] { return !stopping(); });
    if (!eval_) return false;
  }
  tell_unreadable();
  const bool best = eval_ && eval_->top1 > state.best_top1;
  if (best) state.best_top1 = eval_->top1;
  if (eval_) state.stale = best ? 0 : state.stale + 1;
  // The end of a run in the middle of an epoch is not one that the schedule would see in a longer run.
  if (eval_ && whole && s_.config.schedule == "plateau") state.plateau.observe(100 - eval_->top1, s_.config.patience);
  log_epoch(eval_, best);
  const bool save = is_due(s_.config.save_every) || stopped_early();
  state.closed = true;
  if (whole) {
    ++state.epoch;
    state.meter = {};
  }
  if (log_ && save) save_last();
  if (stopped_early() && state.step < total_steps_) tell_stopped();
  return true;
}

void Trainer::log_epoch(const std::optional<EvalResult>& eval, bool best) {
  TrainState& state = s_.state;
  state.epoch_loss = state.meter.loss();
  state.epoch_error = state.meter.error();
  if (log_) {
    log_->add({state.epoch + 1, state.step, lr_, state.epoch_loss, state.epoch_error, eval, epoch_.images_per_second(),
               epoch_.wait_share(), seconds(), state.target_step});
    if (best) {
      Checkpoint c = checkpoint();
      c.momentum.clear();
      if (ema_) c.weights = std::exchange(c.ema, {});
      save_checkpoint(log_->best_path(), c);
    }
  }
  if (!progress_) return;
  Progress p = progress_now();
  p.eval = eval;
  p.best = best;
  p.epoch_end = true;
  progress_(p);
}

Progress Trainer::progress_now() const {
  const TrainState& state = s_.state;
  Progress p;
  p.step = state.step;
  p.steps = total_steps_;
  p.epoch = state.epoch;
  p.loss = state.meter.loss();
  p.train_error = state.meter.error();
  p.lr = lr_;
  p.images_per_second = epoch_.images_per_second();
  p.data_wait_share = epoch_.wait_share();
  return p;
}

double Trainer::seconds() const {
  return seconds_before_ + std::chrono::duration<double>(Clock::now() - start_).count();
}

void Trainer::tell_stopped() const {
  Progress p = progress_now();
  p.note = join("stopped early: ", s_.state.stale, " evaluations without a higher accuracy than the best one's");
  if (progress_) progress_(p);
}

/// Shares the tensors of the run.
Checkpoint Trainer::checkpoint() const {
  TrainState state = s_.state;
  state.seconds = seconds();
  Checkpoint c{.model = s_.config.model,
               .classes = s_.data.train->classes(),
               .preprocessing = s_.preprocessing,
               .weights = s_.weights,
               .momentum = sgd_.momentum(),
               .ema = ema_ ? ema_->averages() : StateDict{},
               .state = to_strings(state)};
  c.state["recipe"] = to_toml(s_.config);
  c.state["threads"] = std::to_string(threads());
  c.state["seed"] = std::to_string(s_.config.seed);
  c.state["train_pictures"] = std::to_string(s_.data.train->size());
  return c;
}

/// Pictures that training or validation found to be unreadable, when there are more of them.
void Trainer::tell_unreadable() {
  std::vector<std::string> all = s_.data.train->unreadable_pictures();
  for (std::string& message : s_.data.val->unreadable_pictures()) all.push_back(std::move(message));
  if (all.size() <= told_) return;
  told_ = all.size();
  Progress p = progress_now();
  p.note = join(told_, " pictures cannot be read and are replaced (training) or left out (validation); ", all[0],
                told_ > 1 ? "; …" : "");
  if (progress_) progress_(p);
}

void Trainer::save_last() {
  check_weights();
  save_checkpoint(log_->last_path(), checkpoint());
}

void Trainer::check_weights() const {
  for (const auto& [key, tensor] : s_.weights)
    for (const float v : tensor.as<float>())
      if (!std::isfinite(v)) fail_not_finite(key.c_str());
}

void Trainer::fail_not_finite(const char* what) const {
  const bool is_loss = std::strcmp(what, "loss") == 0;
  std::string text = is_loss ? join("the loss is not finite at step ", s_.state.step + 1)
                             : join("'", what, "' is not finite after step ", s_.state.step);
  text += join(" (learning rate ", lr_, "): training has diverged; try a lower learning rate or a warm-up");
  if (log_) text += join("; '", log_->last_path(), "' was not touched and holds the last good state, if one was saved");
  throw Error(text);
}

TrainResult Trainer::result(bool interrupted) {
  if (!interrupted && !eval_) eval_ = evaluator_.run();
  TrainResult r;
  r.step = s_.state.step;
  r.interrupted = interrupted;
  r.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  r.images_per_second = total_.images_per_second();
  r.data_wait_share = total_.wait_share();
  r.train_loss = s_.state.epoch_loss;
  r.train_error = s_.state.epoch_error;
  if (!interrupted) r.eval = *eval_;
  r.best_top1 = std::max(s_.state.best_top1, 0.0);
  if (s_.state.target_step > 0) r.target_step = s_.state.target_step;
  if (!interrupted) {
    r.expect_measured = 100 - r.eval.top1;
    r.verdict = judge(s_.config, total_steps_, r.expect_measured);
  }
  r.checkpoint = checkpoint();
  return r;
}

void request_stop() { stop_requested.store(true, std::memory_order_relaxed); }

TrainResult train(const TrainConfig& config, const ProgressFn& progress) {
  struct ClearStop {
    ~ClearStop() { stop_requested.store(false, std::memory_order_relaxed); }
  } clear_stop;
  validate(config);
  std::optional<RunLog> log;
  if (!config.output_dir.empty()) log.emplace(config.output_dir, config.resume, config.target_error > 0);
  TrainSetup setup = prepare(config, config.resume ? log->last_path() : "");
  std::string header = "# All settings of this run. resnet train reads this file as a recipe.\n";
  if (!config.pretrained.empty()) header += "# Started from the weights in " + config.pretrained + "\n";
  header += "\n";
  header += to_toml(setup.config);
  const std::optional<int64_t> resumed_step = config.resume ? std::optional(setup.state.step) : std::nullopt;
  Trainer trainer(std::move(setup), log ? &*log : nullptr, progress);
  if (log) log->start(header, resumed_step);  // last: whatever cannot work has failed by now and leaves no files
  return trainer.run();
}

}  // namespace resnet
