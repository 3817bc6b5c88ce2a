// Layers, losses, metrics, initializers, regularizers, schedules and activations written in Python.

#include <pybind11/stl.h>

#include "location.hpp"
#include "nn_config.hpp"
#include "nn_objects.hpp"
#include "numpy.hpp"
#include "tegula/nn/activation.hpp"
#include "tegula/nn/layer.hpp"
#include "tegula/nn/loss.hpp"
#include "tegula/nn/metrics.hpp"
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
          const py::gil_scoped_acquire gil;
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
  Value call(Value /*x*/, bool /*training*/) override {
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
    return self.attr(method)(std::forward<Args>(args)...);
  }

 private:
  SharedObject self_;
  std::string what_;
};

/// Makes the layer behave as the class of `self`, whose methods `_build` and `_call` it calls where
/// the class has its own `build` and `call`.
void override_layer(nn::LayerBase& layer, const py::object& self, const std::string& class_name,
                    bool builds, bool calls) {
  const Methods methods(self, "layer \"" + layer.name() + "\"");
  nn::LayerOverrides overrides;
  overrides.class_name = class_name;
  overrides.config = [methods] {
    const py::gil_scoped_acquire gil;
    return config_from_object(methods.call("get_config"));
  };
  if (builds) {
    overrides.build = [methods](const ValueType& input) {
      const py::gil_scoped_acquire gil;
      methods.call("_build", input.shape);
    };
  }
  if (calls) {
    overrides.call = [methods, class_name](Value x, bool training) {
      const py::gil_scoped_acquire gil;
      return value_from_result(methods.call("_call", x, training), class_name + ".call");
    };
  }
  layer.override_with(std::move(overrides));
}

void override_model(nn::Model& model, const py::object& self, bool calls, bool computes_loss) {
  const Methods methods(self, "model \"" + model.name() + "\"");
  nn::ModelOverrides overrides;
  if (calls) {
    overrides.call = [methods](Value x, bool training) {
      const py::gil_scoped_acquire gil;
      return value_from_result(methods.call("_call", x, training), "call");
    };
  }
  if (computes_loss) {
    overrides.compute_loss = [methods](Value x, Value y, Value y_pred, Value weight) {
      const py::gil_scoped_acquire gil;
      return value_from_result(
          methods.call("_compute_loss", x, y, y_pred, object_from_value(weight)), "compute_loss");
    };
  }
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
                      const std::shared_ptr<nn::RegularizerBase>& regularizer, bool trainable) {
  const UserLine line;
  return (layer.*&LayerAccess::add_weight)(name, shape, nn::Initializer(initializer),
                                           nn::Regularizer(regularizer), trainable);
}

/// A loss whose values per sample come from a function of two values.
class UserLoss : public nn::LossBase {
 public:
  UserLoss(py::object function, std::string name, const std::string& reduction)
      : function_(std::move(function)), name_(std::move(name)) {
    nn::from_config(nn::Config(reduction), reduction_);
  }
  std::string_view class_name() const override { return "LossFunctionWrapper"; }
  nn::Config config() const override {
    return nn::Config::object({{"name", name_}, {"reduction", nn::to_config(reduction_)}});
  }
  Value values(Value y_true, Value y_pred) const override {
    const py::gil_scoped_acquire gil;
    return value_from_result(function_.get()(y_true, y_pred), name_);
  }
  nn::Reduction reduction() const override { return reduction_; }
  std::string name() const override { return name_; }

 private:
  SharedObject function_;
  std::string name_;
  nn::Reduction reduction_ = nn::Reduction::sum_over_batch_size;
};

/// A regularizer or schedule: a function of one value.
template <typename Base>
class UserFunction : public Base {
 public:
  UserFunction(py::object function, std::string class_name, nn::Config config)
      : function_(std::move(function)),
        class_name_(std::move(class_name)),
        config_(std::move(config)) {}
  std::string_view class_name() const override { return class_name_; }
  nn::Config config() const override { return config_; }
  Value operator()(Value x) const override {
    const py::gil_scoped_acquire gil;
    return value_from_result(function_.get()(x), class_name_);
  }

 private:
  SharedObject function_;
  std::string class_name_;
  nn::Config config_;
};

/// An initializer that is a function from a shape to an array.
class UserInitializer : public nn::InitializerBase {
 public:
  UserInitializer(py::object function, std::string class_name, nn::Config config)
      : function_(std::move(function)),
        class_name_(std::move(class_name)),
        config_(std::move(config)) {}
  std::string_view class_name() const override { return class_name_; }
  nn::Config config() const override { return config_; }
  InitialValue operator()(const ValueType& type) const override {
    const py::gil_scoped_acquire gil;
    const Tensor value = tensor_from_object(function_.get()(type.shape), type.dtype);
    if (value.shape() == type.shape) return value;
    throw ShapeError(class_name_ + " made a value of shape " + value.shape().to_string() +
                     " for a weight of shape " + type.shape.to_string());
  }

 private:
  SharedObject function_;
  std::string class_name_;
  nn::Config config_;
};

/// Makes the object known by its class name until another one takes it, so that it can stand in
/// the arguments of a class: what is made from them keeps the object.
template <typename Base>
void bind_registration(py::module_& module, const char* name) {
  module.def(
      name,
      [](const std::string& class_name, const std::shared_ptr<Base>& object) {
        nn::register_class<Base>(
            {class_name, {}, "", {}, [object](const nn::Config&) { return object; }});
      },
      py::arg("class_name"), py::arg("object"));
}

template <typename User, typename Base>
void bind_user_function(py::module_& module, const char* name) {
  module.def(
      name,
      [](py::object function, std::string class_name, nn::Config config) -> std::shared_ptr<Base> {
        return std::make_shared<User>(std::move(function), std::move(class_name),
                                      std::move(config));
      },
      py::arg("function"), py::arg("class_name"), py::arg("config"));
}

}  // namespace

void bind_user_objects(py::module_& module) {
  py::class_<UserLayer, nn::LayerBase, std::shared_ptr<UserLayer>>(module, "UserLayer")
      .def(py::init<std::string, const std::string&>(), py::arg("class_name"), py::arg("name"));
  module.def("override_layer", &override_layer, py::arg("layer"), py::arg("self"),
             py::arg("class_name"), py::arg("builds"), py::arg("calls"));
  module.def("override_model", &override_model, py::arg("model"), py::arg("self"), py::arg("calls"),
             py::arg("computes_loss"));
  module.def("add_weight", &add_weight, py::arg("layer"), py::arg("name"), py::arg("shape"),
             py::arg("initializer"), py::arg("regularizer"), py::arg("trainable"));
  module.def("add_sublayer", [](nn::LayerBase& layer, std::shared_ptr<nn::LayerBase> sublayer) {
    (layer.*&LayerAccess::add_sublayer)(std::move(sublayer));
  });
  module.def("add_loss", [](nn::LayerBase& layer, const Value& loss) {
    (layer.*&LayerAccess::add_loss)(loss);
  });
  module.def(
      "make_user_loss",
      [](py::object function, std::string name,
         const std::string& reduction) -> std::shared_ptr<nn::LossBase> {
        return std::make_shared<UserLoss>(std::move(function), std::move(name), reduction);
      },
      py::arg("function"), py::arg("name"), py::arg("reduction"));
  module.def(
      "make_user_metric",
      [](py::object function, const std::string& name) {
        const SharedObject shared(std::move(function));
        const auto values = [shared, name](Value y_true, Value y_pred) {
          const py::gil_scoped_acquire gil;
          return value_from_result(shared.get()(y_true, y_pred), name);
        };
        return nn::make_metric(name, values).shared();
      },
      py::arg("function"), py::arg("name"));
  module.def(
      "register_activation",
      [](const std::string& name, py::object function) {
        const SharedObject shared(std::move(function));
        nn::register_activation({name, "", [shared, name](Value x) {
                                   const py::gil_scoped_acquire gil;
                                   return value_from_result(shared.get()(x), name);
                                 }});
      },
      py::arg("name"), py::arg("function"));
  bind_user_function<UserFunction<nn::RegularizerBase>, nn::RegularizerBase>(
      module, "make_user_regularizer");
  bind_user_function<UserFunction<nn::ScheduleBase>, nn::ScheduleBase>(module,
                                                                       "make_user_schedule");
  bind_user_function<UserInitializer, nn::InitializerBase>(module, "make_user_initializer");
  bind_registration<nn::RegularizerBase>(module, "register_regularizer");
  bind_registration<nn::ScheduleBase>(module, "register_schedule");
  bind_registration<nn::InitializerBase>(module, "register_initializer");
}

}  // namespace tegula::python
