// The progress of a run on standard output: a bar that is redrawn in place, or a line per epoch.

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>

#include "src/nn/output_channel.hpp"
#include "tegula/nn/callback.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

namespace {

using Clock = std::chrono::steady_clock;

OutputChannel& output() {
  static OutputChannel channel([](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  });
  return channel;
}

std::string formatted(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// "3s", "2:05" or "1:02:05", as Keras shows times.
std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  char text[32];
  if (whole < 60) {
    std::snprintf(text, sizeof text, "%llds", whole);
  } else if (whole < 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  }
  return text;
}

std::string step_time_text(double seconds) {
  if (seconds >= 1) return formatted("%.0fs/step", seconds);
  if (seconds >= 1e-3) return formatted("%.0fms/step", seconds * 1e3);
  return formatted("%.0fus/step", seconds * 1e6);
}

std::string logs_text(const Logs& logs) {
  std::string text;
  for (const auto& [name, value] : logs) {
    const double shown = value.mean();
    text += " - " + name + ": " + formatted(std::abs(shown) > 1e-3 ? "%.4f" : "%.4e", shown);
  }
  return text;
}

/// Draws with the metrics of the moment, at most ten times a second: reading them costs a run of
/// the session, so it must not happen after every batch.
class ProgressBar : public Callback {
 public:
  explicit ProgressBar(bool redraw) : redraw_(redraw) {}

  void on_epoch_begin(std::int64_t epoch) override {
    training_ = true;
    write_output("Epoch " + std::to_string(epoch + 1) + "/" + std::to_string(parameters.epochs) +
                 "\n");
    start();
  }
  void on_epoch_end(std::int64_t, Logs& logs) override { finish(logs); }
  void on_train_end(const Logs&) override { training_ = false; }
  void on_test_begin() override {
    validating_ = training_;
    if (!training_) start();
  }
  void on_test_end(const Logs& logs) override {
    validating_ = false;
    if (!training_) finish(logs);
  }
  void on_predict_begin() override { start(); }
  void on_predict_end() override { finish({}); }

  void on_poll() override {
    if (validating_) return;
    ++done_;
    if (!redraw_ || done_ == parameters.steps) return;
    const Clock::time_point now = Clock::now();
    if (now - drawn_ < std::chrono::milliseconds(100)) return;
    drawn_ = now;
    write_output("\r" + line(false) + logs_text(model->running_metrics()) + kEraseRest);
  }

 private:
  static constexpr const char* kEraseRest = "\x1b[K";

  void start() {
    done_ = 0;
    started_ = Clock::now();
    drawn_ = started_;
  }

  void finish(const Logs& logs) {
    done_ = parameters.steps.value_or(done_);
    write_output((redraw_ ? "\r" : "") + line(true) + logs_text(logs) +
                 (redraw_ ? kEraseRest : "") + "\n");
  }

  std::string line(bool finished) const {
    constexpr std::int64_t kWidth = 20;
    // Without a known number of steps the end is now, or unknown.
    const bool known = finished || parameters.steps;
    const std::int64_t steps = parameters.steps.value_or(done_);
    const std::string total = known ? std::to_string(steps) : "Unknown";
    std::string text = std::to_string(done_);
    text =
        std::string(total.size() - std::min(total.size(), text.size()), ' ') + text + "/" + total;
    if (redraw_ && known) {
      const std::int64_t filled = steps == 0 ? kWidth : done_ * kWidth / steps;
      text += " ";
      for (std::int64_t i = 0; i < kWidth; ++i) text += i < filled ? "━" : "─";
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - started_).count();
    const double per_step = done_ > 0 ? elapsed / static_cast<double>(done_) : 0;
    const bool remaining = known && !finished;
    const double shown = remaining ? per_step * static_cast<double>(steps - done_) : elapsed;
    return text + " " + duration_text(shown) + " " + step_time_text(per_step);
  }

  bool redraw_;
  bool training_ = false;
  bool validating_ = false;
  std::int64_t done_ = 0;
  Clock::time_point started_;
  Clock::time_point drawn_;
};

}  // namespace

void write_output(std::string_view text) { output().write(text); }

void set_output(OutputFunction function) { output().set(std::move(function)); }

std::shared_ptr<Callback> make_progress_bar(int verbose) {
  if (verbose == 0) return nullptr;
  return std::make_shared<ProgressBar>(verbose == 1);
}

int automatic_verbosity() { return isatty(STDOUT_FILENO) != 0 ? 1 : 2; }

}  // namespace tegula::nn
