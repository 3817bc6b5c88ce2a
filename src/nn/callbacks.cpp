#include "tegula/nn/callbacks.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <mutex>

#include "tegula/core/error.hpp"
#include "tegula/nn/model.hpp"

namespace tegula::nn {

namespace {

std::mutex& warning_mutex() {
  static std::mutex mutex;
  return mutex;
}

OutputFunction& warning_output() {
  static OutputFunction function = [](std::string_view text) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
  };
  return function;
}

bool rises(std::string_view monitor) {
  constexpr std::array<std::string_view, 9> kRising = {"acc",
                                                       "accuracy",
                                                       "auc",
                                                       "precision",
                                                       "recall",
                                                       "f1_score",
                                                       "true_positives",
                                                       "true_negatives",
                                                       "r2_score"};
  if (monitor.starts_with("val_")) monitor.remove_prefix(4);
  return std::any_of(kRising.begin(), kRising.end(), [monitor](std::string_view word) {
    return monitor == word || monitor.ends_with(word) || monitor.starts_with(word) ||
           monitor.find("accuracy") != std::string_view::npos;
  });
}

bool falls(std::string_view monitor) {
  constexpr std::array<std::string_view, 12> kFalling = {
      "loss", "error", "crossentropy", "mse",     "mae",  "mape",
      "msle", "hinge", "divergence",   "poisson", "cosh", "false_"};
  return std::any_of(kFalling.begin(), kFalling.end(), [monitor](std::string_view word) {
    return monitor.find(word) != std::string_view::npos;
  });
}

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

}  // namespace

void set_warning_output(OutputFunction function) {
  std::lock_guard lock(warning_mutex());
  warning_output() = std::move(function);
}

void warn(std::string_view text) {
  std::lock_guard lock(warning_mutex());
  warning_output()(text);
}

Improvement::Improvement(const std::string& mode, const std::string& monitor, double min_delta)
    : larger_(mode == "max" || (mode == "auto" && rises(monitor))),
      min_delta_(std::abs(min_delta)) {
  if (mode != "auto" && mode != "min" && mode != "max") {
    throw InvalidArgument("mode must be \"auto\", \"min\" or \"max\", got \"" + mode + "\"");
  }
  if (mode == "auto" && !larger_ && !falls(monitor)) {
    throw InvalidArgument("mode \"auto\" cannot tell whether `" + monitor +
                          "` should fall or rise; set mode to \"min\" or \"max\"");
  }
}

bool Improvement::operator()(double current, double best) const {
  return larger_ ? current - min_delta_ > best : current + min_delta_ < best;
}

double Improvement::worst() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return larger_ ? -kInfinity : kInfinity;
}

EarlyStopping::EarlyStopping(EarlyStoppingOptions options) : options_(std::move(options)) {}

void EarlyStopping::on_train_begin() {
  improved_.reset();
  wait_ = 0;
  stopped_epoch_ = 0;
  best_epoch_ = 0;
  best_weights_.clear();
}

void EarlyStopping::on_epoch_end(std::int64_t epoch, Logs& logs) {
  if (epoch < options_.start_from_epoch) return;
  const double* current = monitored(logs, options_.monitor, "Early stopping");
  if (current == nullptr) return;
  if (!improved_) {
    improved_.emplace(options_.mode, options_.monitor, options_.min_delta);
    best_ = improved_->worst();
  }
  if (options_.restore_best_weights && best_weights_.empty()) {
    best_weights_ = model->get_weights();
    best_epoch_ = epoch;
  }
  ++wait_;
  if ((*improved_)(*current, best_)) {
    best_ = *current;
    best_epoch_ = epoch;
    if (options_.restore_best_weights) best_weights_ = model->get_weights();
    if (!options_.baseline || (*improved_)(*current, *options_.baseline)) wait_ = 0;
    return;
  }
  if (wait_ >= options_.patience && epoch > 0) {
    stopped_epoch_ = epoch;
    model->stop_training();
  }
}

void EarlyStopping::on_train_end(const Logs&) {
  if (stopped_epoch_ > 0 && options_.verbose > 0) {
    write_output("Epoch " + std::to_string(stopped_epoch_ + 1) + ": early stopping\n");
  }
  if (!best_weights_.empty()) model->set_weights(best_weights_);
}

ReduceLROnPlateau::ReduceLROnPlateau(ReduceLROnPlateauOptions options)
    : options_(std::move(options)) {
  if (options_.factor >= 1) {
    throw InvalidArgument("ReduceLROnPlateau does not support a factor >= 1.0. Got factor=" +
                          number_text(options_.factor));
  }
}

void ReduceLROnPlateau::on_train_begin() {
  improved_.reset();
  wait_ = 0;
  cooldown_left_ = 0;
}

void ReduceLROnPlateau::on_epoch_end(std::int64_t epoch, Logs& logs) {
  const double rate = model->learning_rate();
  logs.set("learning_rate", rate);
  const double* current = monitored(logs, options_.monitor, "Learning rate reduction is");
  if (current == nullptr) return;
  if (!improved_) {
    improved_.emplace(options_.mode, options_.monitor, options_.min_delta);
    best_ = improved_->worst();
  }
  if (cooldown_left_ > 0) {
    --cooldown_left_;
    wait_ = 0;
  }
  if ((*improved_)(*current, best_)) {
    best_ = *current;
    wait_ = 0;
    return;
  }
  if (cooldown_left_ > 0 || ++wait_ < options_.patience) return;
  if (rate > options_.min_lr) {
    const double reduced = std::max(rate * options_.factor, options_.min_lr);
    model->set_learning_rate(reduced);
    if (options_.verbose > 0) {
      write_output("Epoch " + std::to_string(epoch + 1) +
                   ": ReduceLROnPlateau reducing learning rate to " + number_text(reduced) + ".\n");
    }
    cooldown_left_ = options_.cooldown;
    wait_ = 0;
  }
}

LearningRateScheduler::LearningRateScheduler(Function schedule, int verbose)
    : schedule_(std::move(schedule)), verbose_(verbose) {
  if (!schedule_) throw InvalidArgument("LearningRateScheduler needs a function");
}

void LearningRateScheduler::on_epoch_begin(std::int64_t epoch) {
  const double rate = schedule_(epoch, model->learning_rate());
  model->set_learning_rate(rate);
  if (verbose_ > 0) {
    write_output("\nEpoch " + std::to_string(epoch + 1) +
                 ": LearningRateScheduler setting learning rate to " + number_text(rate) + ".\n");
  }
}

void LearningRateScheduler::on_epoch_end(std::int64_t, Logs& logs) {
  logs.set("learning_rate", model->learning_rate());
}

ModelCheckpoint::ModelCheckpoint(ModelCheckpointOptions options) : options_(std::move(options)) {
  if (options_.filepath.empty()) throw InvalidArgument("ModelCheckpoint needs a filepath");
  if (options_.save_freq && *options_.save_freq < 1) {
    throw InvalidArgument("ModelCheckpoint: `save_freq` must be \"epoch\" or >= 1, got " +
                          std::to_string(*options_.save_freq));
  }
}

void ModelCheckpoint::on_train_begin() { batches_since_save_ = 0; }

void ModelCheckpoint::on_epoch_end(std::int64_t epoch, Logs& logs) {
  if (!options_.save_freq) save(epoch, std::nullopt, logs);
}

void ModelCheckpoint::on_train_batch_end(std::int64_t batch, const Logs& logs) {
  if (!options_.save_freq || ++batches_since_save_ < *options_.save_freq) return;
  batches_since_save_ = 0;
  save(epoch_, batch, logs);
}

void ModelCheckpoint::save(std::int64_t epoch, std::optional<std::int64_t> batch,
                           const Logs& logs) {
  if (options_.save_best_only) {
    const double* current = monitored(logs, options_.monitor, "Saving the best model is");
    if (current != nullptr) {
      if (!improved_) {
        improved_.emplace(options_.mode, options_.monitor, 0);
        best_ = options_.initial_value_threshold.value_or(improved_->worst());
      }
      if (!(*improved_)(*current, best_)) return;
      best_ = *current;
    }
  }
  const std::string path = format_path(options_.filepath, epoch, batch, logs);
  if (options_.save_weights_only) {
    model->save_weights(path);
  } else {
    model->save(path);
  }
  if (options_.verbose > 0) {
    write_output("\nEpoch " + std::to_string(epoch + 1) + ": saving model to " + path + "\n");
  }
}

CSVLogger::CSVLogger(std::string filename, std::string separator, bool append)
    : filename_(std::move(filename)), separator_(std::move(separator)), append_(append) {}

void CSVLogger::on_train_begin() {
  file_.reset(std::fopen(filename_.c_str(), append_ ? "ab" : "wb"));
  if (file_ == nullptr) {
    throw IoError("CSVLogger: cannot open \"" + filename_ + "\": " + std::strerror(errno));
  }
  columns_.clear();
}

namespace {

/// A tensor is quoted, because its text holds commas.
std::string field_text(const LogValue* value) {
  if (value == nullptr) return "NA";
  return value->is_number() ? value->to_string() : '"' + value->to_string() + '"';
}

}  // namespace

void CSVLogger::on_epoch_end(std::int64_t epoch, Logs& logs) {
  if (columns_.empty()) {
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
    for (const std::string& name : columns_) header += separator_ + name;
    if (std::fseek(file_.get(), 0, SEEK_END) != 0 || std::ftell(file_.get()) == 0) {
      write_line(header);
    }
  }
  std::string line = std::to_string(epoch);
  for (const std::string& name : columns_) {
    line += separator_ + field_text(logs.find_value(name));
  }
  write_line(line);
}

void CSVLogger::write_line(const std::string& line) {
  const std::string text = line + "\n";
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() ||
      std::fflush(file_.get()) != 0) {
    throw IoError("CSVLogger: cannot write \"" + filename_ + "\": " + std::strerror(errno));
  }
}

void CSVLogger::on_train_end(const Logs&) {
  file_.reset();
  append_ = true;
}

void TerminateOnNaN::on_train_batch_end(std::int64_t batch, const Logs& logs) {
  const double* loss = logs.find("loss");
  if (loss == nullptr || std::isfinite(*loss)) return;
  write_output("Batch " + std::to_string(batch) + ": Invalid loss, terminating training\n");
  model->stop_training();
}

void LambdaCallback::on_epoch_begin(std::int64_t epoch) {
  if (functions_.on_epoch_begin) functions_.on_epoch_begin(epoch);
}
void LambdaCallback::on_epoch_end(std::int64_t epoch, Logs& logs) {
  if (functions_.on_epoch_end) functions_.on_epoch_end(epoch, logs);
}
void LambdaCallback::on_train_begin() {
  if (functions_.on_train_begin) functions_.on_train_begin();
}
void LambdaCallback::on_train_end(const Logs& logs) {
  if (functions_.on_train_end) functions_.on_train_end(logs);
}
void LambdaCallback::on_train_batch_begin(std::int64_t batch) {
  if (functions_.on_train_batch_begin) functions_.on_train_batch_begin(batch);
}
void LambdaCallback::on_train_batch_end(std::int64_t batch, const Logs& logs) {
  if (functions_.on_train_batch_end) functions_.on_train_batch_end(batch, logs);
}
bool LambdaCallback::wants_batches() const {
  return functions_.on_train_batch_begin || functions_.on_train_batch_end;
}

namespace {

/// What may follow the colon: "03d", ".2f", "8.3e".
struct FieldFormat {
  bool zeros = false;
  int width = 0;
  int precision = -1;
  char type = '\0';
};

/// No value for a format that is not known.
std::optional<FieldFormat> parse_format(std::string_view text) {
  FieldFormat format;
  const auto number = [&text] {
    int value = 0;
    for (int digits = 0; digits < 2 && !text.empty() && text[0] >= '0' && text[0] <= '9';
         ++digits) {
      value = value * 10 + (text[0] - '0');
      text.remove_prefix(1);
    }
    return value;
  };
  format.zeros = text.starts_with('0');
  format.width = number();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    format.precision = number();
  }
  if (!text.empty() && std::string_view("dfeg").find(text[0]) != std::string_view::npos) {
    format.type = text[0];
    text.remove_prefix(1);
  }
  if (!text.empty() || (format.type == 'd' && format.precision >= 0)) return std::nullopt;
  return format;
}

std::string padded(std::string text, const FieldFormat& format) {
  const auto width = static_cast<std::size_t>(format.width);
  if (text.size() >= width) return text;
  const std::size_t sign = format.zeros && text.starts_with('-') ? 1 : 0;
  return text.insert(sign, width - text.size(), format.zeros ? '0' : ' ');
}

std::string formatted(double value, const FieldFormat& format) {
  if (format.type == '\0' && format.precision < 0) return padded(number_text(value), format);
  const char pattern[] = {'%', '.', '*', format.type == '\0' ? 'g' : format.type, '\0'};
  const int precision = format.precision < 0 ? 6 : format.precision;
  std::array<char, 512> text;  // 309 digits, a point and 99 decimals fit
  std::snprintf(text.data(), text.size(), pattern, precision, value);
  return padded(text.data(), format);
}

}  // namespace

std::string format_path(const std::string& pattern, std::int64_t epoch,
                        std::optional<std::int64_t> batch, const Logs& logs) {
  std::string result;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{') {
      result += pattern[i];
      continue;
    }
    const std::size_t end = pattern.find('}', i);
    if (end == std::string::npos) {
      throw InvalidArgument("\"" + pattern + "\" has a { without a }");
    }
    const std::string field = pattern.substr(i + 1, end - i - 1);
    i = end;
    const std::size_t colon = field.find(':');
    const std::string name = field.substr(0, colon);
    const bool counter = name == "epoch" || (name == "batch" && batch);
    const double* value = counter ? nullptr : logs.find(name);
    if (!counter && value == nullptr) {
      throw NotFound("\"" + pattern + "\" names \"" + name + "\", which is not in the logs");
    }
    const std::string text = colon == std::string::npos ? "" : field.substr(colon + 1);
    const std::optional<FieldFormat> format = parse_format(text);
    if (!format || (format->type == 'd' && !counter)) {
      throw InvalidArgument("\"" + pattern + "\" has a format that is not known for \"" + name +
                            "\": \"" + text + "\"");
    }
    const std::int64_t number = (name == "epoch" ? epoch : batch.value_or(0)) + 1;
    if (!counter) {
      result += formatted(*value, *format);
    } else if (format->type == 'd' || (format->type == '\0' && format->precision < 0)) {
      result += padded(std::to_string(number), *format);
    } else {
      result += formatted(static_cast<double>(number), *format);
    }
  }
  return result;
}

}  // namespace tegula::nn
