#pragma once
// What the library's own callbacks share: options and running state, both stated as fields.

#include <memory>
#include <string_view>
#include <utility>

#include "tegula/nn/callback.hpp"
#include "tegula/nn/object.hpp"

namespace tegula::nn {

class TEGULA_API CallbackBase : public Callback {
 public:
  static constexpr const char* kKind = "callback";
  /// Keras's class name: "EarlyStopping".
  virtual std::string_view class_name() const = 0;
  /// The options as plain data.
  virtual Config config() const = 0;
  /// Options and running state by name: "patience", "best".
  virtual Config attributes() const = 0;
  /// Sets one of them, which acts from the next hook on. Throws NotFound for an unknown name and
  /// InvalidArgument for an unusable value; changes nothing then.
  virtual void set_attribute(std::string_view name, const Config& value) = 0;
  /// Whether it overrides batch hooks: callers for whom the call itself is dear ask first.
  virtual bool has_batch_hooks() const { return false; }

 protected:
  /// The model of the run. Throws RunError outside of runs.
  Model& owner() const;
};
/// The callbacks whose options are plain data.
template <>
TEGULA_API const std::vector<ObjectClass<CallbackBase>>& object_classes<CallbackBase>();

/// Fields of no options, and of no state.
struct NoFields {
  static auto fields() { return std::tuple{}; }
};

/// Throws NotFound: `owner` has no attribute `name`, it has: …
[[noreturn]] TEGULA_API void throw_no_attribute(const CallbackBase& owner, std::string_view name);

/// Base class of the library's callbacks. Derived has `kName`, `kDoc` and may have
/// `check(options)`, which throws for options that do not go together.
template <typename Derived, HasFields OptionsType, HasFields StateType = NoFields>
class CallbackOf : public StoredOptions<CallbackBase, Derived, OptionsType> {
 public:
  using State = StateType;
  explicit CallbackOf(OptionsType options)
      : StoredOptions<CallbackBase, Derived, OptionsType>(std::move(options)) {
    Derived::check(this->options_);
  }
  static void check(const OptionsType& /*options*/) {}

  const State& state() const { return state_; }
  State& state() { return state_; }

  Config attributes() const override {
    Config::Object all = to_config(this->options_).as_object();
    const Config running = to_config(state_);
    all.insert(all.end(), running.as_object().begin(), running.as_object().end());
    return all;
  }
  void set_attribute(std::string_view name, const Config& value) override {
    OptionsType changed = this->options_;
    if (set_field(struct_fields<OptionsType>(), &changed, name, value, Derived::kName)) {
      check_ranges(changed, Derived::kName);
      Derived::check(changed);
      this->options_ = std::move(changed);
    } else if (!set_field(struct_fields<State>(), &state_, name, value, Derived::kName)) {
      throw_no_attribute(*this, name);
    }
  }

 protected:
  State state_;
};

/// A shared callback of class Impl, as `FitOptions::callbacks` takes it:
/// `EarlyStopping({.patience = 3})`.
template <typename Impl>
class MakeCallback : public std::shared_ptr<Impl> {
 public:
  using Options = typename Impl::Options;
  MakeCallback(Options options = {})  // NOLINT: implicit by design
      : std::shared_ptr<Impl>(std::make_shared<Impl>(std::move(options))) {}
};

}  // namespace tegula::nn
