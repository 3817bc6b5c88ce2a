// Layers, losses, metrics, initializers, regularizers, constraints, schedules and activations
// written in Python.

#include <pybind11/stl.h>

#include <memory>
#include <optional>
#include <tuple>

#include "gil.hpp"
#include "location.hpp"
#include "nn_config.hpp"
#include "nn_objects.hpp"
#include "numpy.hpp"
#include "tegula/graph/op_def.hpp"
#include "tegula/nn/activation.hpp"
#include "tegula/nn/constraint.hpp"
#include "tegula/nn/layer.hpp"
#include "tegula/nn/loss.hpp"
#include "tegula/nn/metric_base.hpp"
#include "tegula/nn/model.hpp"
#include "tegula/nn/regularizer.hpp"
#include "tegula/nn/schedule.hpp"

namespace tegula::python {

SharedObject::SharedObject(py::object object)
    : object_(new py::object(std::move(object)), [](py::object* owned) {
        // After the interpreter's end there is nothing left to release to.
        if (Py_IsInitialized() == 0) {
          owned->release();
        } else {
          const AcquiredGil gil;
          *owned = py::object();
        }
        delete owned;
      }) {}

Value value_from_result(const py::object& result, const std::string& function) {
  if (py::isinstance<Value>(result)) return result.cast<Value>();
  throw DTypeError(function + " must return a tensor made of its arguments, got " +
                   py::repr(result).cast<std::string>());
}

py::object object_from_value(const Value& value) {
  return value ? py::cast(value) : py::object(py::none());
}

namespace {

/// A layer that a Python class defines alone: all that it does comes from its overrides.
class UserLayer : public nn::LayerBase {
 public:
  UserLayer(std::string class_name, const std::string& name) : class_name_(std::move(class_name)) {
    set_name(name, class_name_);
  }
  std::string_view class_name() const override { return class_name_; }
  nn::Config config() const override {
    return overrides().config ? overrides().config() : base_config();
  }
  nn::Config base_config() const override { return nn::Config::object({{"name", name()}}); }

 protected:
  nn::Values call_all(const nn::Values& /*x*/, bool /*training*/) override {
    throw InvalidArgument(describe() + " does not define `call`");
  }

 private:
  std::string class_name_;
};

/// Methods of a Python object as C++ calls them. They do not keep the object alive: it owns the
/// layer or model that calls them.
class Methods {
 public:
  Methods(const py::object& self, std::string what)
      : self_(py::weakref(self)), what_(std::move(what)) {}
  /// Needs the GIL.
  template <typename... Args>
  py::object call(const char* method, Args&&... args) const {
    const py::object self = self_.get()();
    if (self.is_none()) throw RunError("the Python object of " + what_ + " is gone");
    return call_python(self.attr(method), std::forward<Args>(args)...);
  }
  /// Keras's plain form of the object.
  nn::Config config() const {
    const AcquiredGil gil;
    return config_from_object(py::object(call("_described")["config"]));
  }
  std::string registered_name() const {
    const AcquiredGil gil;
    const py::object name = call("_described")["registered_name"];
    return name.is_none() ? "" : name.cast<std::string>();
  }

 private:
  SharedObject self_;
  std::string what_;
};

/// Makes the layer behave as the class of `self`, whose methods `_build`, `_call` and
/// `_compute_mask` it calls where the class has its own `build`, `call` and `compute_mask`.
void override_layer(nn::LayerBase& layer, const py::object& self, const std::string& class_name,
                    bool builds, bool calls, bool masks) {
  const Methods methods(self, "layer \"" + layer.name() + "\"");
  nn::LayerOverrides overrides;
  overrides.class_name = class_name;
  overrides.config = [methods] { return methods.config(); };
  overrides.registered_name = [methods] { return methods.registered_name(); };
  if (builds) {
    overrides.build = [methods](const nn::ValueTypes& inputs) {
      const AcquiredGil gil;
      methods.call("_build", shapes_from_types(inputs));
    };
  }
  if (calls) {
    overrides.call = [methods, class_name](const nn::Values& x, bool training) {
      const AcquiredGil gil;
      return values_from_object(methods.call("_call", object_from_values(x), training),
                                class_name + ".call");
    };
  }
  if (masks) {
    overrides.compute_mask = [methods](const nn::Values& x, const nn::Masks& given) {
      const AcquiredGil gil;
      return masks_from_objects(
          methods.call("_compute_mask", object_from_values(x), objects_from_masks(given)));
    };
  }
  layer.override_with(std::move(overrides));
}

void override_model(nn::Model& model, const py::object& self) {
  const Methods methods(self, "model \"" + model.name() + "\"");
  nn::ModelOverrides overrides;
  overrides.compute_loss = [methods](const nn::Values& x, const nn::Values& y,
                                     const nn::Values& y_pred, const nn::Values& weights) {
    const AcquiredGil gil;
    const auto object_of = [](const nn::Values& values) {
      // One per output: of a single output itself.
      return values.size() == 1 ? py::cast(values[0]) : object_from_values(values);
    };
    return value_from_result(
        methods.call("_compute_loss", object_from_values(x), object_of(y),
                     object_from_values(y_pred),
                     weights.empty() ? py::object(py::none()) : object_of(weights)),
        "compute_loss");
  };
  model.override_with(std::move(overrides));
}

/// What a layer's own methods may call.
struct LayerAccess : nn::LayerBase {
  using LayerBase::add_loss;
  using LayerBase::add_sublayer;
  using LayerBase::add_weight;
};

nn::Weight add_weight(nn::LayerBase& layer, const std::string& name, const Shape& shape,
                      const std::shared_ptr<nn::InitializerBase>& initializer,
                      const std::shared_ptr<nn::RegularizerBase>& regularizer,
                      const std::shared_ptr<nn::ConstraintBase>& constraint, bool trainable) {
  const UserLine line;
  return (layer.*&LayerAccess::add_weight)(name, shape, nn::Initializer(initializer),
                                           nn::Regularizer(regularizer), nn::Constraint(constraint),
                                           trainable);
}

/// A function of Python's. The Python object whose stand-in calls it keeps it alive, not C++: the
/// function may lead back to what holds the stand-in, such as a model to whose loss it belongs, and
/// Python's collector sees only its own references.
class Function {
 public:
  explicit Function(const py::object& function) : reference_(py::weakref(function)) {}

  /// Needs the GIL.
  template <typename... Args>
  py::object operator()(Args&&... args) const {
    const py::object function = reference_.get()();
    if (function.is_none()) {
      throw RunError(
          "a function of Python's is gone: keep the layer, loss, metric or optimizer that it "
          "belongs to");
    }
    return call_python(function, std::forward<Args>(args)...);
  }

 private:
  SharedObject reference_;
};

/// Answers for an object of a class of the user's as `describe()` does, which gives Keras's plain
/// form of it, {"class_name", "config", "registered_name"}. Asked when it is needed, because the
/// object may still be under construction when this one is made.
template <typename Base>
class Described : public Base {
 public:
  /// `name` is what errors call the object; `class_name` is "function" for functions.
  Described(std::string name, std::string class_name, Function describe)
      : label_(std::move(name)),
        class_name_(std::move(class_name)),
        describe_(std::move(describe)) {}
  std::string_view class_name() const override { return class_name_; }
  nn::Config config() const override { return described("config"); }
  std::string registered_name() const override {
    const nn::Config name = described("registered_name");
    return name.is_null() ? "" : name.as_string();
  }

 protected:
  const std::string& label() const { return label_; }

 private:
  nn::Config described(const char* key) const {
    const AcquiredGil gil;
    return config_from_object(py::object(describe_()[key]));
  }

  std::string label_;
  std::string class_name_;
  Function describe_;
};

/// A loss whose values per sample come from a function of two values, or all of it from a function
/// of these and of weights.
class UserLoss : public Described<nn::LossBase> {
 public:
  UserLoss(const py::object& function, std::string name, const std::string& reduction,
           std::string class_name, const py::object& describe, bool integer_targets,
           const py::object& whole)
      : Described(std::move(name), std::move(class_name), Function(describe)),
        function_(Function(function)),
        integer_targets_(integer_targets) {
    nn::from_config(nn::Config(reduction), reduction_);
    if (!whole.is_none()) whole_.emplace(Function(whole));
  }
  Value operator()(Value y_true, Value y_pred, Value sample_weight) const override {
    if (!whole_) return LossBase::operator()(y_true, y_pred, sample_weight);
    const AcquiredGil gil;
    const py::object result =
        sample_weight ? (*whole_)(y_true, y_pred, sample_weight) : (*whole_)(y_true, y_pred);
    return value_from_result(result, label());
  }
  bool integer_targets() const override { return integer_targets_; }
  Value values(Value y_true, Value y_pred) const override {
    const AcquiredGil gil;
    return value_from_result(function_(y_true, y_pred), label());
  }
  nn::Reduction reduction() const override { return reduction_; }
  std::string name() const override { return label(); }

 private:
  Function function_;
  std::optional<Function> whole_;
  bool integer_targets_;
  nn::Reduction reduction_ = nn::Reduction::sum_over_batch_size;
};

/// The mean of the values per sample that come from a function of two values.
class FunctionMetric : public Described<nn::metrics::MeanMetricBase> {
 public:
  FunctionMetric(const py::object& function, std::string name, std::string class_name,
                 const py::object& describe)
      : Described(std::move(name), std::move(class_name), Function(describe)),
        function_(Function(function)) {}
  std::string name() const override { return label(); }

 protected:
  Value values(Value y_true, Value y_pred) const override {
    const AcquiredGil gil;
    return value_from_result(function_(y_true, y_pred), label());
  }

 private:
  Function function_;
};

/// A metric some of whose methods are those of a Python object, which it does not keep alive: the
/// object owns the metric, and the model's list of metrics owns the object. State and methods that
/// the object does not define are those of `native`, a built-in metric, if there is one.
class UserMetric : public nn::MetricBase, public std::enable_shared_from_this<UserMetric> {
 public:
  UserMetric(const py::object& self, std::string class_name, std::string name,
             std::shared_ptr<nn::MetricBase> native)
      : methods_(self, "metric \"" + name + "\""),
        class_name_(std::move(class_name)),
        name_(std::move(name)),
        native_(std::move(native)) {}
  std::string_view class_name() const override { return class_name_; }
  std::string name() const override { return name_; }
  Direction direction() const override {
    return native_ ? native_->direction() : Direction::unknown;
  }
  bool takes_vector_as_row() const override { return native_ && native_->takes_vector_as_row(); }
  nn::Config config() const override { return methods_.config(); }
  std::string registered_name() const override { return methods_.registered_name(); }

  std::vector<Value> update(Value y_true, Value y_pred, Value sample_weight) override {
    const AcquiredGil gil;
    return assigned(traced("_trace_update", y_true, y_pred, object_from_value(sample_weight)));
  }
  Value result() override {
    const AcquiredGil gil;
    return value_from_result(traced("_trace_result"), class_name_ + ".result");
  }
  std::vector<Value> reset() override {
    const AcquiredGil gil;
    const py::object values = traced("_trace_reset");
    return values.is_none() ? std::vector<Value>() : assigned(values);
  }

  /// The native metric's update, as (variable, whether the value is added, value).
  std::vector<std::tuple<std::size_t, bool, Value>> native_update(
      const Value& y_true, const Value& y_pred, const std::optional<Value>& sample_weight) {
    std::vector<std::tuple<std::size_t, bool, Value>> changes;
    const std::vector<Variable> all = variables();
    for (const Value& assignment :
         native_->update(y_true, y_pred, sample_weight.value_or(Value()))) {
      const Node& node = assignment.node();
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] != node.input(0)) continue;
        const Node& source = node.input(1).node();
        const bool added = source.op().name == "add" && source.input(0) == node.input(0);
        changes.emplace_back(i, added, added ? source.input(1) : node.input(1));
      }
    }
    return changes;
  }
  Value native_result() { return native_->result(); }

 protected:
  void build_state(const ValueType& y_true, const ValueType& y_pred) override {
    const AcquiredGil gil;
    for (const py::handle entry : methods_.call("_first_state")) {
      const auto [name, first] = entry.cast<std::pair<std::string, Tensor>>();
      add_state_from(name, first);
    }
    if (native_) build_part(*native_, y_true, y_pred);
  }

 private:
  template <typename... Args>
  py::object traced(const char* method, const Args&... args) {
    const std::vector<Variable> all = variables();
    const std::vector<Value> state(all.begin(), all.end());
    return methods_.call(method, shared_from_this(), graph(), state, args...);
  }

  std::vector<Value> assigned(const py::object& values) {
    std::vector<Value> assignments;
    for (const py::handle entry : values) {
      const auto [index, value] = entry.cast<std::pair<std::size_t, Value>>();
      assignments.push_back(assign(variables().at(index), value));
    }
    return assignments;
  }

  Methods methods_;
  std::string class_name_;
  std::string name_;
  std::shared_ptr<nn::MetricBase> native_;
};

/// A regularizer, constraint or schedule: a function of one value.
template <typename Base>
class UserFunction : public Described<Base> {
 public:
  UserFunction(const py::object& function, std::string name, std::string class_name,
               const py::object& describe)
      : Described<Base>(std::move(name), std::move(class_name), Function(describe)),
        function_(function) {}
  Value operator()(Value x) const override {
    const AcquiredGil gil;
    return value_from_result(function_(x), this->label());
  }

 private:
  Function function_;
};

/// An initializer that is a function from a shape to an array.
class UserInitializer : public Described<nn::InitializerBase> {
 public:
  UserInitializer(const py::object& function, std::string name, std::string class_name,
                  const py::object& describe)
      : Described(std::move(name), std::move(class_name), Function(describe)),
        function_(function) {}
  InitialValue operator()(const ValueType& type) const override {
    const AcquiredGil gil;
    const Tensor value = tensor_from_object(function_(type.shape), type.dtype);
    if (value.shape() == type.shape) return value;
    const auto text = [](const Shape& shape) {
      return py::str(py::cast(shape)).cast<std::string>();
    };
    throw ShapeError(label() + " made a value of shape " + text(value.shape()) +
                     " for a weight of shape " + text(type.shape));
  }

 private:
  Function function_;
};

/// `register_KIND(key, object)` makes the object known, so that it can stand in the arguments of a
/// class, and `forget_KIND(key)` ends that: what was made from it keeps the object.
template <typename Base>
void bind_registration(py::module_& module) {
  const std::string kind = Base::kKind;
  module.def(
      ("register_" + kind).c_str(),
      [](const std::string& key, const std::shared_ptr<Base>& object) {
        nn::register_class<Base>({key, {}, "", {}, [object](const nn::Config&) { return object; }});
      },
      py::arg("key"), py::arg("object"));
  module.def(("forget_" + kind).c_str(), &nn::forget_class<Base>, py::arg("key"));
}

template <typename User, typename Base>
void bind_user_function(py::module_& module, const char* name) {
  module.def(
      name,
      [](const py::object& function, std::string object_name, std::string class_name,
         const py::object& describe) -> std::shared_ptr<Base> {
        return std::make_shared<User>(function, std::move(object_name), std::move(class_name),
                                      describe);
      },
      py::arg("function"), py::arg("name"), py::arg("class_name"), py::arg("describe"));
}

}  // namespace

void bind_user_objects(py::module_& module) {
  py::class_<UserLayer, nn::LayerBase, std::shared_ptr<UserLayer>>(module, "UserLayer")
      .def(py::init<std::string, const std::string&>(), py::arg("class_name"), py::arg("name"));
  module.def("override_layer", &override_layer, py::arg("layer"), py::arg("self"),
             py::arg("class_name"), py::arg("builds"), py::arg("calls"), py::arg("masks"));
  module.def("override_model", &override_model, py::arg("model"), py::arg("self"));
  module.def("add_weight", &add_weight, py::arg("layer"), py::arg("name"), py::arg("shape"),
             py::arg("initializer"), py::arg("regularizer"), py::arg("constraint"),
             py::arg("trainable"));
  module.def("add_sublayer", [](nn::LayerBase& layer, std::shared_ptr<nn::LayerBase> sublayer) {
    (layer.*&LayerAccess::add_sublayer)(std::move(sublayer));
  });
  module.def("add_loss", [](nn::LayerBase& layer, const Value& loss) {
    (layer.*&LayerAccess::add_loss)(loss);
  });
  module.def(
      "make_user_loss",
      [](const py::object& function, std::string name, const std::string& reduction,
         std::string class_name, const py::object& describe, bool integer_targets,
         const py::object& whole) -> std::shared_ptr<nn::LossBase> {
        return std::make_shared<UserLoss>(function, std::move(name), reduction,
                                          std::move(class_name), describe, integer_targets, whole);
      },
      py::arg("function"), py::arg("name"), py::arg("reduction"), py::arg("class_name"),
      py::arg("describe"), py::arg("integer_targets") = false, py::arg("whole") = py::none());
  py::class_<UserMetric, nn::MetricBase, std::shared_ptr<UserMetric>>(module, "UserMetric")
      .def(py::init<const py::object&, std::string, std::string, std::shared_ptr<nn::MetricBase>>(),
           py::arg("self"), py::arg("class_name"), py::arg("name"),
           py::arg("native") = std::shared_ptr<nn::MetricBase>())
      .def("native_update", &UserMetric::native_update)
      .def("native_result", &UserMetric::native_result);
  module.def(
      "make_user_metric",
      [](const py::object& function, std::string name, std::string class_name,
         const py::object& describe) -> std::shared_ptr<nn::MetricBase> {
        return std::make_shared<FunctionMetric>(function, std::move(name), std::move(class_name),
                                                describe);
      },
      py::arg("function"), py::arg("name"), py::arg("class_name"), py::arg("describe"));
  module.def(
      "register_activation",
      [](const std::string& key, const py::object& function) {
        nn::register_activation({key, "", [called = Function(function)](Value x) {
                                   const AcquiredGil gil;
                                   return value_from_result(called(x), "the activation");
                                 }});
      },
      py::arg("key"), py::arg("function"));
  module.def("forget_activation", &nn::forget_activation, py::arg("key"));
  bind_user_function<UserFunction<nn::RegularizerBase>, nn::RegularizerBase>(
      module, "make_user_regularizer");
  bind_user_function<UserFunction<nn::ConstraintBase>, nn::ConstraintBase>(module,
                                                                           "make_user_constraint");
  bind_user_function<UserFunction<nn::ScheduleBase>, nn::ScheduleBase>(module,
                                                                       "make_user_schedule");
  bind_user_function<UserInitializer, nn::InitializerBase>(module, "make_user_initializer");
  bind_registration<nn::RegularizerBase>(module);
  bind_registration<nn::ConstraintBase>(module);
  bind_registration<nn::ScheduleBase>(module);
  bind_registration<nn::InitializerBase>(module);
}

}  // namespace tegula::python
