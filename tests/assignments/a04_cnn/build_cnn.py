"""Solutions of ``build_cnn`` that must be refused, and ones that are partly right."""
# ruff: noqa: F811, F821


# %% wrong: padding='same' keeps the size of the image
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), padding="same", activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


# %% wrong: `filters` begins with the layer next to the image
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for n in reversed(filters):
        model.add(layers.Conv2D(n, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


# %% wrong: there is no pooling
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), activation="relu"))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


# %% wrong: a pooling is missing
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


# %% wrong: a convolution without activation
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3)))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


# %% wrong: sigmoid at the end
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="sigmoid"))
    return model


# %% wrong: no softmax at the end
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes))
    return model


# %% wrong: the input has no channel
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape[:2])])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


# %% wrong: channels first, as torch has it
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=(input_shape[2], input_shape[0], input_shape[1]))])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), activation="relu", data_format="channels_first"))
        model.add(layers.MaxPooling2D((2, 2), data_format="channels_first"))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


# %% wrong: does not know the shape of its input
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential()
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


# %% wrong: the maps are never flattened
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


# %% wrong: always 25 and 50 filters
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=(28, 28, 1))])
    model.add(layers.Conv2D(25, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(50, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model


# %% wrong: a dense layer too many
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(100, activation="relu"))
    model.add(layers.Dense(n_classes, activation="softmax"))
    return model


# %% wrong: returns nothing
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    model.add(layers.Flatten())
    model.add(layers.Dense(n_classes, activation="softmax"))
    model.summary()


# %% partly right, 3 of 4: always two convolutions
def build_cnn(input_shape, filters, n_classes):
    first, second = (*filters, 8)[:2]
    return keras.Sequential(
        [
            keras.Input(shape=input_shape),
            layers.Conv2D(first, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(second, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(n_classes, activation="softmax"),
        ]
    )


# %% partly right, 3 of 4: always 10 classes
def build_cnn(input_shape, filters, n_classes):
    model = keras.Sequential([keras.Input(shape=input_shape)])
    for n in filters:
        model.add(layers.Conv2D(n, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    model.add(layers.Dense(10, activation="softmax"))
    return model
