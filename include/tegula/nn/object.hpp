#pragma once
// Named, configurable objects (layers, losses, metrics, optimizers, initializers, regularizers,
// schedules): looked up by name, described by their options, held by handles that accept a string
// or an object.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tegula/nn/construction.hpp"
#include "tegula/nn/fields.hpp"

namespace tegula::nn {

/// What all configurable objects have in common. They are safe to use from several threads at once,
/// under the ConstructionLock.
class TEGULA_API Object {
 public:
  virtual ~Object() = default;
  /// Keras's class name: "Adam".
  virtual std::string_view class_name() const = 0;
  /// The options as plain data; with `class_name` enough to make an equal object.
  virtual Config config() const = 0;
  /// The name under which a class of the user's is known when it is not `class_name`, such as
  /// Keras's "package>MyLayer"; else empty.
  virtual std::string registered_name() const { return ""; }

  /// Changes an option, checked as when the object is made; models that use the object build anew
  /// what depends on it before their next call. Throws NotFound for a name that is no option, and
  /// InvalidArgument for values that do not fit and for options that cannot change (any more).
  virtual void set_option(std::string_view name, const Config& value);
  /// The same for an option that is an object (an initializer, a schedule …), which is shared.
  virtual void set_option_object(std::string_view name, const std::shared_ptr<Object>& value);
  /// The object that an option is; null for none, and for other options. Throws NotFound.
  virtual std::shared_ptr<Object> option_object(std::string_view name) const;
  /// Grows with every change of the object's options or of those of its options' objects.
  virtual std::uint64_t revision() const;
  /// Changes of all objects so far: while it stays, no `revision` changes.
  static std::uint64_t changes();

 protected:
  /// To be called after whatever changes what the object builds.
  void changed();

 private:
  std::uint64_t revision_ = 0;
};

/// `SGD has no option "momentu"; did you mean "momentum"? It has: …`
[[noreturn]] TEGULA_API void throw_no_option(std::string_view owner, std::string_view name,
                                             const std::vector<std::string>& known);
/// `Dense: "units" is fixed when …; make a new object`
[[noreturn]] TEGULA_API void throw_fixed_option(std::string_view owner, std::string_view name,
                                                std::string_view when);

/// What an option shall become: plain data or an object.
struct OptionValue {
  const Config* config = nullptr;
  const std::shared_ptr<Object>* object = nullptr;
};

/// The field of this name. Throws NotFound, naming those of `owner`.
TEGULA_API const StructField& find_field(std::span<const StructField> fields, std::string_view name,
                                         std::string_view owner);
/// Gives the field of the struct its new value; false when it has it already. Throws
/// InvalidArgument for a value that does not fit.
TEGULA_API bool change_field(const StructField& field, void* options, const OptionValue& value,
                             std::string_view owner);
/// The latest revision of the objects that fields are; 0 without any.
TEGULA_API std::uint64_t latest_revision(std::span<const StructField> fields, const void* options);

/// A class of kind Base as the tables know it.
template <typename Base>
struct ObjectClass {
  std::string name;
  /// Other accepted names: "adam", "mse".
  std::vector<std::string> aliases;
  std::string doc;
  std::vector<FieldInfo> fields;
  std::function<std::shared_ptr<Base>(const Config& options)> make;
};

/// Every class of kind Base, in order of documentation. Each kind's header declares it, its source
/// in src/nn fills it.
template <typename Base>
const std::vector<ObjectClass<Base>>& object_classes();

/// Classes of the user's own, the latest first; found before the built-in ones. Guarded by the
/// ConstructionLock.
template <typename Base>
TEGULA_API std::deque<std::shared_ptr<const ObjectClass<Base>>>& user_classes() {
  static std::deque<std::shared_ptr<const ObjectClass<Base>>> classes;
  return classes;
}

/// Takes a registration back; nothing when there is none. Objects of the class stay as they are.
template <typename Base>
void forget_class(const std::string& name) {
  const ConstructionLock lock;
  std::erase_if(user_classes<Base>(), [&name](const auto& known) { return known->name == name; });
}

/// Makes a class of the user's known by its name, in configs and saved models too; replaces an
/// earlier one of this name.
template <typename Base>
void register_class(ObjectClass<Base> added) {
  const ConstructionLock lock;
  forget_class<Base>(added.name);
  user_classes<Base>().push_front(std::make_shared<const ObjectClass<Base>>(std::move(added)));
}

/// Snake case as Keras derives it: "BinaryCrossentropy" to "binary_crossentropy".
TEGULA_API std::string snake_case(std::string_view class_name);

/// Whether `given` is the class's name, its snake or lower case, or an alias.
TEGULA_API bool names_class(std::string_view given, const std::string& class_name,
                            const std::vector<std::string>& aliases);

/// `Could not interpret optimizer identifier: adm; did you mean "adam"?`
[[noreturn]] TEGULA_API void throw_unknown_class(std::string_view kind, std::string_view given,
                                                 const std::vector<std::string>& known);

/// By class name, snake case, lower case or alias; null when there is none.
template <typename Base>
std::shared_ptr<const ObjectClass<Base>> known_class(std::string_view name) {
  const ConstructionLock lock;
  for (const auto& entry : user_classes<Base>()) {
    if (name == entry->name) return entry;
  }
  for (const ObjectClass<Base>& entry : object_classes<Base>()) {
    // Lives as long as the process: nothing owns it.
    if (names_class(name, entry.name, entry.aliases)) return {std::shared_ptr<void>(), &entry};
  }
  return nullptr;
}

/// Class names, snake cases and aliases of the built-in classes.
template <typename Base>
std::vector<std::string> class_names() {
  std::vector<std::string> names;
  for (const ObjectClass<Base>& entry : object_classes<Base>()) {
    names.push_back(entry.name);
    names.push_back(snake_case(entry.name));
    names.insert(names.end(), entry.aliases.begin(), entry.aliases.end());
  }
  return names;
}

/// As `known_class`; throws NotFound naming the kind and similar names.
template <typename Base>
std::shared_ptr<const ObjectClass<Base>> find_class(std::string_view name) {
  if (auto found = known_class<Base>(name)) return found;
  throw_unknown_class(Base::kKind, name, class_names<Base>());
}

/// The table entry of Impl, which has `Options`, `kName`, `kDoc` and a constructor from Options.
template <typename Base, typename Impl>
ObjectClass<Base> object_class(std::vector<std::string> aliases) {
  return {std::string(Impl::kName), std::move(aliases), Impl::kDoc,
          field_infos<typename Impl::Options>(), [](const Config& config) {
            typename Impl::Options options;
            from_config(config, options, Impl::kName);
            return std::static_pointer_cast<Base>(std::make_shared<Impl>(std::move(options)));
          }};
}

/// Stores the options, checks their ranges and answers for them.
template <typename Base, typename Derived, HasFields OptionsType>
class StoredOptions : public Base {
 public:
  using Options = OptionsType;
  explicit StoredOptions(Options options) : options_(std::move(options)) {
    check_ranges(options_, Derived::kName);
  }
  std::string_view class_name() const override { return Derived::kName; }
  Config config() const override {
    const ConstructionLock lock;
    return to_config(options_);
  }
  Options options() const {
    const ConstructionLock lock;
    return options_;
  }

 protected:
  Options options_;
};

[[noreturn]] TEGULA_API void throw_empty_handle(std::string_view kind);
/// Base class of the built-in objects, whose options can change: Derived reads `options_` whenever
/// it builds.
template <typename Base, typename Derived, HasFields OptionsType>
class WithOptions : public StoredOptions<Base, Derived, OptionsType> {
 public:
  using Options = OptionsType;
  using StoredOptions<Base, Derived, OptionsType>::StoredOptions;

  void set_option(std::string_view name, const Config& value) override {
    change(name, {.config = &value});
  }
  void set_option_object(std::string_view name, const std::shared_ptr<Object>& value) override {
    change(name, {.object = &value});
  }
  std::shared_ptr<Object> option_object(std::string_view name) const override {
    const ConstructionLock lock;
    return find_field(struct_fields<Options>(), name, Derived::kName).object(&this->options_);
  }
  std::uint64_t revision() const override {
    const ConstructionLock lock;
    return std::max(Base::revision(), latest_revision(struct_fields<Options>(), &this->options_));
  }

 protected:
  /// Throws InvalidArgument for an option that cannot change, or not any more.
  virtual void check_change(std::string_view name, bool /*shapes_weights*/) const {
    if (name == "name") throw_fixed_option(Derived::kName, name, "the object is made");
  }

 private:
  void change(std::string_view name, const OptionValue& value) {
    const ConstructionLock lock;
    const StructField& field = find_field(struct_fields<Options>(), name, Derived::kName);
    Options options = this->options_;
    if (!change_field(field, &options, value, Derived::kName)) return;
    check_change(name, field.shapes_weights);
    // The constructor checks what the class asks of its options.
    this->options_ = Derived(std::move(options)).options_;
    this->changed();
  }
};

/// A shared object, a name that stands for one with default options, or nothing.
template <typename Base>
class Handle {
 public:
  using Kind = Base;

  Handle() = default;
  Handle(const char* name) : Handle(std::string(name)) {}  // NOLINT: implicit by design
  Handle(const std::string& name)                          // NOLINT: implicit by design
      : object_(find_class<Base>(name)->make(Config::object({}))) {}
  Handle(std::shared_ptr<Base> object) : object_(std::move(object)) {}  // NOLINT: implicit

  explicit operator bool() const { return object_ != nullptr; }
  /// Both throw InvalidArgument for an empty handle.
  Base* operator->() const { return &**this; }
  Base& operator*() const {
    if (object_ == nullptr) throw_empty_handle(Base::kKind);
    return *object_;
  }
  const std::shared_ptr<Base>& shared() const { return object_; }

 private:
  std::shared_ptr<Base> object_;
};

/// A handle that makes an Impl: `Adam({.learning_rate = 0.01})`.
template <typename Impl, typename HandleType>
class Make : public HandleType {
 public:
  using Options = typename Impl::Options;
  Make(Options options = {})  // NOLINT: implicit by design
      : HandleType(std::make_shared<Impl>(std::move(options))) {}
};

template <typename Base>
std::string type_name(const Handle<Base>&) {
  return Base::kKind;
}
template <typename Base>
std::shared_ptr<Object> option_as_object(const Handle<Base>& handle) {
  return handle.shared();
}
template <typename Base>
bool put_object(Handle<Base>& handle, const std::shared_ptr<Object>& object) {
  auto fitting = std::dynamic_pointer_cast<Base>(object);
  if (fitting == nullptr) return false;
  handle = Handle<Base>(std::move(fitting));
  return true;
}

/// `{"class_name": "L2", "config": {…}}`, with `registered_name` where that differs.
TEGULA_API Config object_to_config(const Object& object);

/// The same, or null.
template <typename Base>
Config to_config(const Handle<Base>& handle) {
  return handle ? object_to_config(*handle) : Config();
}

/// The names under which the class of `{"class_name", "config", "registered_name"}` may be known,
/// the most specific first. A function is known by its name, which stands as its config.
TEGULA_API std::vector<std::string> described_names(const Config& described);
/// The options in such a description; none for a function.
TEGULA_API Config described_options(const Config& described);
/// `there is no layer class "RMSNorm"; register a class of your own with nn::register_class …`
[[noreturn]] TEGULA_API void throw_unregistered_class(std::string_view kind,
                                                      const Config& described,
                                                      const std::vector<std::string>& known);

/// From null, a name, or a class_name and config.
template <typename Base>
void from_config(const Config& config, Handle<Base>& handle) {
  if (config.is_null()) {
    handle = {};
  } else if (config.is_string()) {
    handle = Handle<Base>(config.as_string());
  } else {
    for (const std::string& name : described_names(config)) {
      const auto found = known_class<Base>(name);
      if (found == nullptr) continue;
      handle = found->make(described_options(config));
      return;
    }
    throw_unregistered_class(Base::kKind, config, class_names<Base>());
  }
}

}  // namespace tegula::nn
