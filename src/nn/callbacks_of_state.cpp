// Callbacks that handle the whole state of training.

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "tegula/nn/callbacks.hpp"
#include "tegula/nn/model.hpp"
#include "tegula/nn/optimizer.hpp"

namespace tegula::nn::callbacks {

namespace {

using Path = std::filesystem::path;

Path latest(const BackupAndRestoreOptions& options) { return Path(options.backup_dir) / "latest"; }
Path earlier(const BackupAndRestoreOptions& options) {
  return Path(options.backup_dir) / "previous";
}

void remove_backup(const Path& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (error) {
    throw IoError("BackupAndRestore: cannot remove \"" + folder.string() +
                  "\": " + error.message());
  }
}

}  // namespace

void BackupAndRestore::check(const BackupAndRestoreOptions& options) {
  if (options.backup_dir.empty()) throw InvalidArgument("BackupAndRestore needs a `backup_dir`");
}

void BackupAndRestore::on_train_begin() {
  frequency_ = {};
  const bool has_latest = std::filesystem::exists(latest(options_));
  const bool has_earlier = std::filesystem::exists(earlier(options_));
  if (has_latest) {
    try {
      return owner().continue_training(latest(options_));
    } catch (const Error& error) {
      if (!has_earlier) throw;
      warn("BackupAndRestore goes on from the backup before the latest one: " +
           std::string(error.what()));
    }
  }
  if (has_earlier) owner().continue_training(earlier(options_));
  if (has_latest) remove_backup(latest(options_));  // or it would replace the good one
}

void BackupAndRestore::on_epoch_end(std::int64_t /*epoch*/, Logs& /*logs*/) {
  if (!options_.save_freq) save();
}

void BackupAndRestore::on_train_batch_end(std::int64_t batch, const Logs& /*logs*/) {
  if (options_.save_freq && frequency_.is_due(batch, *options_.save_freq)) save();
}

void BackupAndRestore::save() {
  if (options_.double_checkpoint && std::filesystem::exists(latest(options_))) {
    remove_backup(earlier(options_));
    std::filesystem::rename(latest(options_), earlier(options_));
  }
  owner().save_training(latest(options_));
}

void BackupAndRestore::on_train_end(const Logs& /*logs*/) {
  if (!options_.delete_checkpoint) return;
  remove_backup(latest(options_));
  remove_backup(earlier(options_));
  std::error_code not_empty;
  std::filesystem::remove(options_.backup_dir, not_empty);
}

void SwapEMAWeights::use_averages(bool use) {
  if (use == used_) return;
  Model& trained = owner();
  const OptimizerBase& optimizer = *trained.compile_options().optimizer;
  const std::vector<Variable> averages = optimizer.averages();
  if (averages.empty()) {
    throw InvalidArgument(
        "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer: there are no "
        "moving averages to exchange the weights with");
  }
  std::vector<Variable> both = optimizer.averaged();
  both.insert(both.end(), averages.begin(), averages.end());
  std::vector<Tensor> values = trained.get(both);
  std::ranges::rotate(values, values.begin() + std::ssize(averages));
  trained.set(both, values);
  used_ = use;
}

void SwapEMAWeights::on_epoch_begin(std::int64_t /*epoch*/) {
  if (options_.swap_on_epoch) use_averages(false);
}

void SwapEMAWeights::on_epoch_end(std::int64_t epoch, Logs& /*logs*/) {
  if (!options_.swap_on_epoch) return;
  use_averages(true);
  // Training ends by making the averages the weights.
  if (epoch + 1 < parameters.epochs && !owner().training_stopped()) return;
  const OptimizerBase& optimizer = *owner().compile_options().optimizer;
  owner().set(optimizer.averages(), owner().get(optimizer.averaged()));
  used_ = false;
}

void SwapEMAWeights::on_test_begin() { use_averages(true); }
void SwapEMAWeights::on_test_end(const Logs& /*logs*/) { use_averages(false); }
void SwapEMAWeights::on_predict_begin() { use_averages(true); }
void SwapEMAWeights::on_predict_end() { use_averages(false); }

}  // namespace tegula::nn::callbacks
