"""Shipped weights: what is loaded is what was saved, and nothing else fits."""

import io
import json
import os
import zipfile

import keras
import numpy as np
import pytest
import torch
from torch import nn

from mlcourse.datasets import DamagedArchiveError
from mlcourse.models import load_weights, save_weights, weights, weights_report


def network(hidden=5, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, 2))


def keras_network(hidden=5):
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(hidden), keras.layers.BatchNormalization(), keras.layers.Dense(2)]
    )


class TestRoundTrip:
    def test_torch(self, tmp_path):
        net, other = network(), network(seed=1)
        net(torch.randn(20, 3))  # batch statistics are weights, too
        assert save_weights(net, "tiny_net", {}, folder=tmp_path) == tmp_path / "tiny_net.npz"
        assert load_weights(other, "tiny_net", folder=tmp_path) is other
        for key, value in net.state_dict().items():
            assert torch.equal(value, other.state_dict()[key]), key
        assert not other.training

    def test_keras(self, tmp_path):
        net, other = keras_network(), keras_network()
        save_weights(net, "tiny", {}, folder=tmp_path)
        load_weights(other, "tiny", folder=tmp_path)
        x = np.random.default_rng(0).normal(size=(4, 3))
        np.testing.assert_array_equal(net.predict(x, verbose=0), other.predict(x, verbose=0))

    @pytest.mark.parametrize("rounded", [False, True])
    def test_half_the_space_only_where_nothing_is_lost(self, tmp_path, rounded):
        net = network()
        net = net.half().float() if rounded else net
        with np.load(save_weights(net, "tiny", {}, folder=tmp_path)) as saved:
            assert saved["0.weight"].dtype == (np.float16 if rounded else np.float32)
        other = load_weights(network(seed=1), "tiny", folder=tmp_path)
        assert other[0].weight.dtype == torch.float32
        assert torch.equal(net[0].weight, other[0].weight)

    def test_large_weights_survive(self, tmp_path):
        net = nn.Linear(1, 1)
        with torch.no_grad():
            net.weight.fill_(2.0**17)  # a power of two, but beyond float16
        save_weights(net, "tiny", {}, folder=tmp_path)
        assert load_weights(nn.Linear(1, 1), "tiny", folder=tmp_path).weight.item() == 2.0**17

    def test_into_another_precision(self, tmp_path):
        save_weights(network(), "tiny", {}, folder=tmp_path)
        net = load_weights(network(seed=1).bfloat16(), "tiny", folder=tmp_path)
        assert net[0].weight.dtype == torch.bfloat16
        save_weights(net, "tiny", {}, folder=tmp_path)
        assert torch.equal(load_weights(network(), "tiny", folder=tmp_path)[0].weight, net[0].weight.float())

    def test_figures(self, tmp_path):
        figures = {"accuracy": np.float64(0.5), "confusion": np.eye(2, dtype=int), "Größe": None, "seeds": (1, 2)}
        save_weights(network(), "tiny", figures, folder=tmp_path)
        assert weights_report("tiny", folder=tmp_path) == {
            "accuracy": 0.5, "confusion": [[1, 0], [0, 1]], "Größe": None, "seeds": [1, 2],
        }  # fmt: skip

    def test_nothing_but_the_two_files_is_left(self, tmp_path):
        save_weights(network(), "tiny", {}, folder=tmp_path / "new" / "folder")
        save_weights(network(), "tiny", {"again": 1}, folder=tmp_path / "new" / "folder")
        assert sorted(os.listdir(tmp_path / "new" / "folder")) == ["tiny.json", "tiny.npz"]


class TestSafety:
    def test_a_failed_save_leaves_the_old_files(self, tmp_path, monkeypatch):
        file = save_weights(network(), "tiny", {"accuracy": 1}, folder=tmp_path)
        before = file.read_bytes()

        def full(*args, **kwargs):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(np, "savez_compressed", full)
        with pytest.raises(OSError, match="No space"):
            save_weights(network(seed=1), "tiny", {"accuracy": 2}, folder=tmp_path)
        assert sorted(os.listdir(tmp_path)) == ["tiny.json", "tiny.npz"]
        assert file.read_bytes() == before
        assert weights_report("tiny", folder=tmp_path) == {"accuracy": 1}

    def test_another_architecture(self, tmp_path):
        save_weights(network(), "tiny", {}, folder=tmp_path)
        net = network(hidden=6)
        before = net[0].weight.clone()
        with pytest.raises(ValueError, match=r"another network.*0\.weight has shape \(5, 3\) instead of \(6, 3\)"):
            load_weights(net, "tiny", folder=tmp_path)
        assert torch.equal(net[0].weight, before)
        with pytest.raises(ValueError, match=r"it lacks weight.*it has 0\.weight besides.*more differences"):
            load_weights(nn.Linear(3, 2), "tiny", folder=tmp_path)
        with pytest.raises(ValueError, match="another network"):
            load_weights(keras_network(), "tiny", folder=tmp_path)

    @pytest.mark.parametrize("damage", ["cut", "empty", "text", "pickle", "flipped"])
    def test_damaged(self, tmp_path, damage):
        file = save_weights(network(), "tiny", {}, folder=tmp_path)
        content = file.read_bytes()
        if damage == "pickle":
            np.savez(file, **{"0.weight": np.array([{"code": "bad"}], dtype=object)})
        elif damage == "flipped":
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                at = packed.getinfo("0.weight.npy").header_offset + 80
            file.write_bytes(content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])
        else:
            file.write_bytes({"cut": content[: len(content) // 2], "empty": b"", "text": b"hello"}[damage])
        with pytest.raises(DamagedArchiveError, match=r"tiny\.npz is damaged"):
            load_weights(network(), "tiny", folder=tmp_path)

    @pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
    def test_damaged_report(self, tmp_path, content):
        save_weights(network(), "tiny", {}, folder=tmp_path)
        (tmp_path / "tiny.json").write_bytes(content)
        with pytest.raises(DamagedArchiveError, match=r"tiny\.json is damaged"):
            weights_report("tiny", folder=tmp_path)

    def test_missing(self, tmp_path):
        save_weights(network(), "tiny", {}, folder=tmp_path)
        with pytest.raises(FileNotFoundError, match=r"no big\.npz in .*; weights there: tiny"):
            load_weights(network(), "big", folder=tmp_path)
        with pytest.raises(FileNotFoundError, match=r"no big\.json"):
            weights_report("big", folder=tmp_path)

    @pytest.mark.parametrize("name", ["../evil", "Tiny", "", None, "a b", "a/b"])
    def test_names(self, tmp_path, name):
        for call in (lambda: save_weights(network(), name, {}, folder=tmp_path), lambda: weights_report(name)):
            with pytest.raises(ValueError, match="name must consist of small letters"):
                call()

    def test_what_is_not_worth_keeping(self, tmp_path):
        net = network()
        with torch.no_grad():
            net[0].weight[0, 0] = float("nan")
        with pytest.raises(ValueError, match=r"missing or infinite weights in '0\.weight'"):
            save_weights(net, "tiny", {}, folder=tmp_path)
        with pytest.raises(ValueError, match="figures cannot be kept as JSON"):
            save_weights(network(), "tiny", {"net": network()}, folder=tmp_path)
        with pytest.raises(ValueError, match="figures cannot be kept"):
            save_weights(network(), "tiny", {"accuracy": float("nan")}, folder=tmp_path)
        with pytest.raises(TypeError, match="figures must be a dict"):
            save_weights(network(), "tiny", [1], folder=tmp_path)
        with pytest.raises(TypeError, match=r"torch\.nn\.Module or a keras\.Model"):
            save_weights({}, "tiny", {}, folder=tmp_path)
        with pytest.raises(ValueError, match="net has no weights"):
            save_weights(keras.Sequential([keras.layers.Dense(2)]), "tiny", {}, folder=tmp_path)
        assert not list(tmp_path.iterdir())


def test_what_ships_is_small_and_readable():
    shipped = sorted(weights.FOLDER.glob("*.npz"))
    assert {file.stem for file in weights.FOLDER.glob("*.json")} == {file.stem for file in shipped}
    for file in shipped:
        assert file.stat().st_size < 2_000_000, file.name
        assert isinstance(json.loads(file.with_suffix(".json").read_text(encoding="utf-8")), dict)
        with np.load(file, allow_pickle=False) as arrays:
            assert all(np.isfinite(arrays[key]).all() for key in arrays.files)
