"""Masks beside what the comparison with Keras shows: symbols, saving, warnings, wrong arguments."""

import numpy as np
import pytest
import tegula as tf

keras = tf.keras
L = keras.layers

X = np.array([[[1, 2], [0, 0], [3, 4]], [[5, 6], [0, 0], [0, 0]]], np.float32)
COUNTS = np.array([[True, False, True], [True, False, False]])
MEANS = [[2, 3], [5, 6]]


def test_a_mask_that_is_an_input_of_the_model_acts_and_is_saved(tmp_path):
    inputs, mask = keras.Input((3, 2)), keras.Input((3,))
    model = keras.Model([inputs, mask], L.GlobalAveragePooling1D()(inputs, mask=mask))
    data = [X, COUNTS.astype("float32")]
    np.testing.assert_array_equal(model.predict(data, verbose=0), MEANS)
    model.save(tmp_path / "model")
    loaded = keras.models.load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(data, verbose=0), MEANS)
    np.testing.assert_array_equal(keras.models.clone_model(model).predict(data, verbose=0), MEANS)


def test_masks_go_through_nested_models_and_stacks():
    inner_inputs = keras.Input((3, 2))
    inner = keras.Model(inner_inputs, L.Masking()(inner_inputs))
    model = keras.Sequential([keras.Input((3, 2)), inner, L.GlobalAveragePooling1D()])
    np.testing.assert_array_equal(model.predict(X, verbose=0), MEANS)
    np.testing.assert_array_equal(np.array(model(X)), MEANS)


def test_a_layer_that_does_not_support_masks_warns_and_drops_them():
    with pytest.warns(UserWarning, match="destroy the mask information"):
        y = L.Flatten()(L.Masking()(X))
    assert getattr(y, "_keras_mask", None) is None


def test_supports_masking_can_be_set_and_acts():
    flatten = L.Permute((1, 2))
    assert not flatten.supports_masking
    flatten.supports_masking = True
    np.testing.assert_array_equal(flatten(L.Masking()(X))._keras_mask, COUNTS)


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="no more axes"):
        L.GlobalAveragePooling1D()(X, mask=np.ones((2, 3, 2, 1), bool))
    with pytest.raises(ValueError, match="1 entries for 2 inputs"):
        L.Add()([X, X], mask=[COUNTS])


@keras.saving.register_keras_serializable("masks")
def doubled(x):
    return x * 2.0


def test_lambda_layers_of_registered_functions_are_saved(tmp_path):
    model = keras.Sequential([keras.Input((3, 2)), L.Lambda(doubled)])
    model.save(tmp_path / "model")
    loaded = keras.models.load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), X * 2)


def test_a_lambda_is_loaded_when_its_function_is_passed(tmp_path):
    model = keras.Sequential([keras.Input((3, 2)), L.Lambda(lambda x: x + 1.0)])
    model.save(tmp_path / "model")
    with pytest.raises(ValueError, match="<lambda>"):
        keras.models.load_model(tmp_path / "model")
    loaded = keras.models.load_model(
        tmp_path / "model", custom_objects={"<lambda>": lambda x: x + 1.0}
    )
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), X + 1)


def test_lambda_refuses_what_is_no_function():
    with pytest.raises(TypeError, match="takes a function, got 3"):
        L.Lambda(3)


@keras.saving.register_keras_serializable("masks")
class Halved(L.Wrapper):
    def call(self, x):
        return self.layer(x) * 0.5


def test_a_wrapper_trains_saves_and_describes_the_layer_that_it_holds(tmp_path):
    layer = Halved(L.Dense(1, use_bias=False, kernel_initializer="ones"))
    model = keras.Sequential([keras.Input((2,)), layer])
    assert [w.shape for w in layer.trainable_weights] == [(2, 1)]
    x = np.array([[1, 3]], np.float32)
    np.testing.assert_array_equal(model.predict(x, verbose=0), [[2]])
    model.compile("sgd", "mse")
    model.train_on_batch(x, np.zeros((1, 1), np.float32))
    assert (layer.layer.kernel.numpy() < 1).all()
    model.save(tmp_path / "model")
    loaded = keras.models.load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    with pytest.raises(ValueError, match="isn't a supported layer type"):
        L.Wrapper(3)
