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

/// Weights that have moving averages, and these, in the same order.
struct Averaged {
  std::vector<Variable> weights;
  std::vector<Variable> averages;
};

Averaged averaged_by(const OptimizerBase& optimizer) {
  Averaged found{optimizer.trainable(), optimizer.averages()};
  found.weights.resize(found.averages.size());
  return found;
}

}  // namespace

void BackupAndRestore::check(const BackupAndRestoreOptions& options) {
  if (options.backup_dir.empty()) throw InvalidArgument("BackupAndRestore needs a `backup_dir`");
}

void BackupAndRestore::on_train_begin() {
  frequency_ = {};
  for (const Path& folder : {latest(options_), earlier(options_)}) {
    if (!std::filesystem::exists(folder)) continue;
    owner().continue_training(folder);
    return;
  }
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
  const auto [weights, averages] = averaged_by(*trained.compile_options().optimizer);
  if (averages.empty()) {
    throw InvalidArgument(
        "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer: there are no "
        "moving averages to exchange the weights with");
  }
  std::vector<Variable> both = weights;
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
  const auto [weights, averages] = averaged_by(*owner().compile_options().optimizer);
  owner().set(averages, owner().get(weights));
  used_ = false;
}

void SwapEMAWeights::on_test_begin() { use_averages(true); }
void SwapEMAWeights::on_test_end(const Logs& /*logs*/) { use_averages(false); }
void SwapEMAWeights::on_predict_begin() { use_averages(true); }
void SwapEMAWeights::on_predict_end() { use_averages(false); }

}  // namespace tegula::nn::callbacks
