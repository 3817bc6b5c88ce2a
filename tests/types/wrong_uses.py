"""Uses that a type checker refuses, each on a line that ends in `# wrong`, and no other line."""

from tegula import keras

keras.layers.Dense()  # wrong
keras.layers.Dense(3, activaton="relu")  # wrong
keras.layers.Dense("three")  # wrong
keras.layers.Dense(3, use_bias="no")  # wrong
keras.layers.Dense(3, kernel_initializer=3)  # wrong
keras.layers.Dropout()  # wrong
keras.layers.Dropout(0.5, seed="one")  # wrong
keras.layers.Reshape(3)  # wrong
keras.layers.RNN(3)  # wrong
keras.layers.Densse(3)  # wrong
keras.losses.Huber(delta="wide")  # wrong
keras.losses.MeanSquaredError(epsilon=1.0)  # wrong
keras.metrics.PrecisionAtRecall()  # wrong
keras.metrics.Precision(thresholds="half")  # wrong
keras.metrics.Mean(nam="m")  # wrong
keras.optimizers.Adam(lerning_rate=0.1)  # wrong
keras.optimizers.SGD(momentum=None)  # wrong
keras.optimizers.schedules.ExponentialDecay(0.1)  # wrong
keras.initializers.RandomNormal(sttdev=1.0)  # wrong
keras.regularizers.L2(l1=0.1)  # wrong
keras.callbacks.EarlyStopping(patiense=3)  # wrong
model = keras.Sequential([keras.layers.Dense(1)])
model.fit(batchsize=3)  # wrong
model.summry()  # wrong
model.optimzer  # wrong
keras.utils.to_categorical()  # wrong
keras.random.normal()  # wrong
