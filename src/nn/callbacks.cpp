#include "tegula/nn/callbacks.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "src/core/made_before_fork.hpp"
#include "tegula/core/error.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

Model& CallbackBase::owner() const {
  if (model != nullptr) return *model;
  throw RunError(std::string(class_name()) + " has no model: its hooks are called by fit");
}

void throw_no_attribute(const CallbackBase& owner, std::string_view name) {
  std::string known;
  const Config attributes = owner.attributes();
  for (const auto& [key, value] : attributes.as_object()) {
    known += (known.empty() ? "" : ", ") + key;
  }
  throw NotFound(std::string(owner.class_name()) + " has no attribute \"" + std::string(name) +
                 "\"; it has: " + known);
}

template <>
const std::vector<ObjectClass<CallbackBase>>& object_classes<CallbackBase>() {
  static const std::vector<ObjectClass<CallbackBase>> classes = {
      object_class<CallbackBase, callbacks::EarlyStopping>({}),
      object_class<CallbackBase, callbacks::ReduceLROnPlateau>({}),
      object_class<CallbackBase, callbacks::ModelCheckpoint>({}),
      object_class<CallbackBase, callbacks::CSVLogger>({}),
      object_class<CallbackBase, callbacks::TerminateOnNaN>({}),
      object_class<CallbackBase, callbacks::BackupAndRestore>({}),
      object_class<CallbackBase, callbacks::SwapEMAWeights>({}),
  };
  return classes;
}

namespace {

const detail::MadeBeforeFork kMadeBeforeFork([] { object_classes<CallbackBase>(); });

}  // namespace

namespace callbacks {

namespace {

const double* monitored(const Logs& logs, const std::string& monitor, const char* consequence) {
  const double* value = logs.find(monitor);
  if (value == nullptr) {
    std::string known;
    for (const auto& entry : logs) known += (known.empty() ? "" : ",") + entry.first;
    warn(std::string(consequence) + " conditioned on metric `" + monitor +
         "` which is not available. Available metrics are: " + known);
  }
  return value;
}

/// A tensor is quoted, because its text holds commas.
std::string field_text(const LogValue* value) {
  if (value == nullptr) return "NA";
  return value->is_number() ? value->to_string() : '"' + value->to_string() + '"';
}

std::string epoch_text(std::int64_t epoch) { return "Epoch " + std::to_string(epoch + 1) + ": "; }

}  // namespace

void EarlyStopping::check(const EarlyStoppingOptions& options) {
  Improvement::check_mode(options.mode, kName);
}

void EarlyStopping::on_train_begin() {
  state_ = {};
  best_weights_.clear();
}

void EarlyStopping::on_epoch_end(std::int64_t epoch, Logs& logs) {
  const Improvement improves(options_.mode, options_.monitor, options_.min_delta, owner(), logs,
                             kName);
  const double* current = monitored(logs, options_.monitor, "Early stopping");
  if (current == nullptr || epoch < options_.start_from_epoch) return;
  if (options_.restore_best_weights && best_weights_.empty()) {
    best_weights_ = owner().get_weights();
    state_.best_epoch = epoch;
  }
  ++state_.wait;
  if (improves(*current, state_.best)) {
    state_.best = *current;
    state_.best_epoch = epoch;
    if (options_.restore_best_weights) best_weights_ = owner().get_weights();
    if (!options_.baseline || improves(*current, options_.baseline)) state_.wait = 0;
    return;
  }
  if (state_.wait >= options_.patience && epoch > 0) {
    state_.stopped_epoch = epoch;
    owner().stop_training();
  }
}

void EarlyStopping::on_train_end(const Logs&) {
  const bool verbose = options_.verbose > 0;
  if (state_.stopped_epoch > 0 && verbose) {
    write_output(epoch_text(state_.stopped_epoch) + "early stopping\n");
  }
  if (!options_.restore_best_weights || best_weights_.empty()) return;
  if (verbose) {
    write_output("Restoring model weights from the end of the best epoch: " +
                 std::to_string(state_.best_epoch + 1) + ".\n");
  }
  owner().set_weights(best_weights_);
}

void ReduceLROnPlateau::check(const ReduceLROnPlateauOptions& options) {
  Improvement::check_mode(options.mode, kName);
}

void ReduceLROnPlateau::on_train_begin() { state_ = {}; }

void ReduceLROnPlateau::on_epoch_end(std::int64_t epoch, Logs& logs) {
  const Improvement improves(options_.mode, options_.monitor, options_.min_delta, owner(), logs,
                             kName);
  const double rate = owner().learning_rate();
  logs.set("learning_rate", rate);
  const double* current = monitored(logs, options_.monitor, "Learning rate reduction is");
  if (current == nullptr) return;
  if (state_.cooldown_counter > 0) {
    --state_.cooldown_counter;
    state_.wait = 0;
  }
  if (improves(*current, state_.best)) {
    state_.best = *current;
    state_.wait = 0;
    return;
  }
  if (state_.cooldown_counter > 0 || ++state_.wait < options_.patience) return;
  if (rate <= static_cast<float>(options_.min_lr)) return;
  const double reduced = std::max(rate * options_.factor, options_.min_lr);
  owner().set_learning_rate(reduced);
  if (options_.verbose > 0) {
    write_output("\n" + epoch_text(epoch) + "ReduceLROnPlateau reducing learning rate to " +
                 number_text(reduced) + ".\n");
  }
  state_.cooldown_counter = options_.cooldown;
  state_.wait = 0;
}

void LearningRateScheduler::check(const LearningRateSchedulerOptions& options) {
  if (!options.schedule) throw InvalidArgument("LearningRateScheduler needs a function `schedule`");
}

void LearningRateScheduler::on_epoch_begin(std::int64_t epoch) {
  const double rate = options_.schedule(epoch, owner().learning_rate());
  owner().set_learning_rate(rate);
  if (options_.verbose > 0) {
    write_output("\n" + epoch_text(epoch) + "LearningRateScheduler setting learning rate to " +
                 number_text(rate) + ".\n");
  }
}

void LearningRateScheduler::on_epoch_end(std::int64_t, Logs& logs) {
  logs.set("learning_rate", owner().learning_rate());
}

ModelCheckpoint::ModelCheckpoint(ModelCheckpointOptions options) : CallbackOf(std::move(options)) {
  state_.best = options_.initial_value_threshold;
}

void ModelCheckpoint::check(const ModelCheckpointOptions& options) {
  Improvement::check_mode(options.mode, kName);
  if (options.filepath.empty()) throw InvalidArgument("ModelCheckpoint needs a `filepath`");
  (options.save_weights_only ? check_save_weights_path : check_save_path)(options.filepath);
}

void ModelCheckpoint::on_epoch_end(std::int64_t epoch, Logs& logs) {
  // Of a monitor that nothing tells about, also where nothing is compared.
  Improvement(options_.mode, options_.monitor, 0, owner(), logs, kName);
  if (!options_.save_freq) save(epoch, std::nullopt, logs);
}

void ModelCheckpoint::on_train_batch_end(std::int64_t batch, const Logs& logs) {
  if (options_.save_freq && frequency_.is_due(batch, *options_.save_freq)) {
    save(epoch_, batch, logs);
  }
}

bool ModelCheckpoint::improves(std::int64_t epoch, const Logs& logs) {
  const double* current = monitored(logs, options_.monitor, "Saving the best model is");
  if (current == nullptr) return true;
  const Improvement better(options_.mode, options_.monitor, 0, owner(), logs, kName);
  const bool improved = better(*current, state_.best);
  if (options_.verbose > 0) {
    const std::string best = state_.best ? number_text(*state_.best) : "None";
    write_output("\n" + epoch_text(epoch) + options_.monitor +
                 (improved ? " improved from " + best + " to " + number_text(*current) + "\n"
                           : " did not improve from " + best + "\n"));
  }
  if (improved) state_.best = *current;
  return improved;
}

void ModelCheckpoint::save(std::int64_t epoch, std::optional<std::int64_t> batch,
                           const Logs& logs) {
  if (options_.save_best_only && !improves(epoch, logs)) return;
  const std::string path = format_path(options_.filepath, epoch, batch, logs);
  if (options_.save_weights_only) {
    owner().save_weights(path);
  } else {
    owner().save(path);
  }
  if (options_.verbose > 0) {
    write_output("\n" + epoch_text(epoch) + "saving model to " + path + "\n");
  }
}

void CSVLogger::check(const CSVLoggerOptions& options) {
  if (options.filename.empty()) throw InvalidArgument("CSVLogger needs a `filename`");
}

void CSVLogger::on_train_begin() {
  file_.reset(std::fopen(options_.filename.c_str(), options_.append ? "ab" : "wb"));
  if (file_ == nullptr) {
    throw IoError("CSVLogger: cannot open \"" + options_.filename + "\": " + std::strerror(errno));
  }
  columns_.clear();
}

void CSVLogger::write_header(const Logs& logs) {
  bool validated = false;
  for (const auto& entry : logs) {
    columns_.push_back(entry.first);
    validated = validated || entry.first.starts_with("val_");
  }
  std::sort(columns_.begin(), columns_.end());
  if (!validated) {
    const std::vector<std::string> trained = columns_;
    for (const std::string& name : trained) columns_.push_back("val_" + name);
  }
  std::string header = "epoch";
  for (const std::string& name : columns_) header += options_.separator + name;
  if (std::fseek(file_.get(), 0, SEEK_END) != 0 || std::ftell(file_.get()) == 0) {
    write_line(header);
  }
}

void CSVLogger::on_epoch_end(std::int64_t epoch, Logs& logs) {
  if (file_ == nullptr) {
    throw RunError("CSVLogger: the file is open from on_train_begin to on_train_end only");
  }
  if (columns_.empty()) write_header(logs);
  std::string line = std::to_string(epoch);
  for (const std::string& name : columns_) {
    line += options_.separator + field_text(logs.find_value(name));
  }
  write_line(line);
}

void CSVLogger::write_line(const std::string& line) {
  const std::string text = line + "\n";
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() ||
      std::fflush(file_.get()) != 0) {
    throw IoError("CSVLogger: cannot write \"" + options_.filename + "\": " + std::strerror(errno));
  }
}

void CSVLogger::on_train_end(const Logs&) {
  file_.reset();
  options_.append = true;
}

void TerminateOnNaN::on_train_batch_end(std::int64_t batch, const Logs& logs) {
  const double* loss = logs.find("loss");
  if (loss == nullptr || std::isfinite(*loss)) return;
  if (options_.raise_error) {
    throw RunError("NaN or Inf loss encountered at batch " + std::to_string(batch) +
                   ". Loss value: " + number_text(*loss) + ". Terminating training immediately.");
  }
  write_output("Batch " + std::to_string(batch) + ": Invalid loss, terminating training\n");
  owner().stop_training();
}

void LambdaCallback::on_epoch_begin(std::int64_t epoch) {
  if (options_.on_epoch_begin) options_.on_epoch_begin(epoch);
}
void LambdaCallback::on_epoch_end(std::int64_t epoch, Logs& logs) {
  if (options_.on_epoch_end) options_.on_epoch_end(epoch, logs);
}
void LambdaCallback::on_train_begin() {
  if (options_.on_train_begin) options_.on_train_begin();
}
void LambdaCallback::on_train_end(const Logs& logs) {
  if (options_.on_train_end) options_.on_train_end(logs);
}
void LambdaCallback::on_train_batch_begin(std::int64_t batch) {
  if (options_.on_train_batch_begin) options_.on_train_batch_begin(batch);
}
void LambdaCallback::on_train_batch_end(std::int64_t batch, const Logs& logs) {
  if (options_.on_train_batch_end) options_.on_train_batch_end(batch, logs);
}
bool LambdaCallback::has_batch_hooks() const {
  return options_.on_train_batch_begin || options_.on_train_batch_end;
}

}  // namespace callbacks

}  // namespace tegula::nn
