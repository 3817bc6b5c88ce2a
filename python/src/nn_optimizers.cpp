// Optimizers: their state, and rules that Python code derives.

#include <pybind11/stl.h>

#include "gil.hpp"
#include "nn_config.hpp"
#include "nn_objects.hpp"
#include "numpy.hpp"
#include "tegula/nn/initializer.hpp"
#include "tegula/nn/optimizers.hpp"

namespace tegula::python {

namespace {

using nn::OptimizerBase;
using Update = OptimizerBase::Update;

struct UserOptimizerOptions {
  nn::LearningRate learning_rate = 0.001;
  nn::OptimizerOptions common = {};
  static auto fields() {
    return std::tuple_cat(std::tuple{nn::field<&UserOptimizerOptions::learning_rate>(
                              "learning_rate", "Rate or schedule.", nn::at_least(0))},
                          nn::OptimizerOptions::fields_through<&UserOptimizerOptions::common>());
  }
};

/// An optimizer whose rule is all Python's.
class UserOptimizer : public nn::OptimizerWithOptions<UserOptimizer, UserOptimizerOptions> {
 public:
  static constexpr const char* kName = "Optimizer";
  explicit UserOptimizer(UserOptimizerOptions options, std::string class_name = kName)
      : OptimizerWithOptions(std::move(options)), class_name_(std::move(class_name)) {}
  std::string_view class_name() const override { return class_name_; }

 protected:
  void build_slots() override {}
  Update update(std::size_t /*index*/, Value /*weight*/, Value /*gradient*/,
                Value /*rate*/) override {
    throw RunError("optimizer \"" + name() + "\" does not define `update_step`");
  }

 private:
  std::string class_name_;
};

std::shared_ptr<OptimizerBase> make_user_optimizer(const std::string& class_name,
                                                   const nn::Config& config) {
  UserOptimizerOptions options;
  nn::from_config(config, options, class_name);
  return std::make_shared<UserOptimizer>(std::move(options), class_name);
}

py::tuple tuple_from_update(const Update& update) {
  py::list slots;
  for (const auto& [slot, value] : update.slots) {
    slots.append(py::make_tuple(static_cast<const Value&>(slot), value));
  }
  return py::make_tuple(update.weight, slots);
}

Update update_from_tuple(const py::tuple& tuple) {
  Update update{tuple[0].cast<Value>(), {}};
  for (const py::handle item : tuple[1]) {
    const auto [slot, value] = item.cast<std::pair<Value, Value>>();
    update.slots.emplace_back(Variable(slot), value);
  }
  return update;
}

/// Makes the methods `_build` and `_update` of a Python object, which it does not keep alive, the
/// optimizer's rules.
void override_rules(OptimizerBase& optimizer, const py::object& self, bool build, bool update) {
  const SharedObject reference{py::weakref(self)};
  const auto method = [reference, name = optimizer.name()](const char* method_name) {
    const py::object object = reference.get()();
    if (object.is_none()) throw RunError("the Python object of optimizer \"" + name + "\" is gone");
    return object.attr(method_name);
  };
  OptimizerBase::Overrides overrides;
  if (build) {
    overrides.build = [method] {
      const AcquiredGil gil;
      call_python(method("_build"));
    };
  }
  if (update) {
    overrides.update = [method](std::size_t index, Value weight, Value gradient, Value rate) {
      const AcquiredGil gil;
      return update_from_tuple(call_python(method("_update"), index, weight, gradient, rate));
    };
  }
  optimizer.override_rules(std::move(overrides));
}

std::vector<Value> values_of(const std::vector<Variable>& variables) {
  return {variables.begin(), variables.end()};
}

}  // namespace

void bind_optimizers(py::module_& module,
                     py::class_<OptimizerBase, nn::Object, std::shared_ptr<OptimizerBase>>& bound) {
  bound.def_property_readonly("name", &OptimizerBase::name)
      .def_property_readonly("built", &OptimizerBase::built)
      .def_property_readonly("variables",
                             [](const OptimizerBase& o) { return values_of(o.variables()); })
      .def_property_readonly("trainable",
                             [](const OptimizerBase& o) { return values_of(o.trainable()); })
      .def_property_readonly("scheduled",
                             [](const OptimizerBase& o) { return o.rate().schedule() != nullptr; })
      .def_property_readonly("update_count", &OptimizerBase::update_count)
      .def("exclude_from_weight_decay", &OptimizerBase::exclude_from_weight_decay, py::arg("names"),
           py::arg("paths"))
      .def("override_rules", &override_rules, py::arg("self"), py::arg("build"), py::arg("update"))
      .def("own_build", &OptimizerBase::own_build)
      .def("own_update",
           [](OptimizerBase& optimizer, std::size_t index, Value weight, Value gradient,
              Value rate) {
             return tuple_from_update(optimizer.own_update(index, weight, gradient, rate));
           })
      .def("add_state", [](OptimizerBase& optimizer, const std::string& path, const Shape& shape,
                           DType dtype, const nn::InitializerBase& initializer) {
        return static_cast<Value>(optimizer.add_state(path, initializer(ValueType{dtype, shape})));
      });
  module.def("make_user_optimizer", &make_user_optimizer, py::arg("class_name"),
             py::arg("options"));
}

}  // namespace tegula::python
