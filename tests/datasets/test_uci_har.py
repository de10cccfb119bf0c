"""UCI HAR: the publisher's windows come back exactly, from the zip within the zip."""

import io
import zipfile

import numpy as np
import pytest

from mlcourse.datasets import DamagedArchiveError, fetch_uci_har

FILES = ("total_acc", "body_acc", "body_gyro")


class Made:
    """A small UCI HAR: sessions of one person doing one thing, cut into windows of which half overlaps."""

    def __init__(self, seed=0):
        rng = np.random.default_rng(seed)
        self.parts = {}
        for part, sessions in {
            "train": [(1, 5, 4), (1, 5, 3), (1, 1, 1), (3, 1, 5), (30, 6, 2)],
            "test": [(2, 2, 3), (2, 3, 3), (10, 2, 1)],
        }.items():
            windows, y, subjects = [], [], []
            for subject, activity, count in sessions:
                signal = rng.normal(size=(64 * (count + 1), 9)).round(6)
                windows += [signal[64 * i : 64 * i + 128] for i in range(count)]
                y += [activity] * count
                subjects += [subject] * count
            self.parts[part] = [np.array(windows), np.array(y), np.array(subjects)]
        self.names = [f"{i + 1} f{i % 555}()-{i % 3},XYZ" for i in range(561)]

    def members(self):
        members = {"features.txt": "\n".join(self.names)}
        for part, (windows, y, subjects) in self.parts.items():
            members[f"{part}/y_{part}.txt"] = "".join(f"{code}\n" for code in y)
            members[f"{part}/subject_{part}.txt"] = "".join(f"{subject} \n" for subject in subjects)
            members[f"{part}/X_{part}.txt"] = "".join("  " + " ".join([f"{code / 10:.6e}"] * 561) + "\n" for code in y)
            for column in range(9):
                name = f"{FILES[column // 3]}_{'xyz'[column % 3]}_{part}"
                rows = ["  " + "  ".join(f"{value:.8e}" for value in window[:, column]) for window in windows]
                members[f"{part}/Inertial Signals/{name}.txt"] = "\n".join(rows) + "\n"
        return members


@pytest.fixture
def archive(tmp_path, no_data):
    """Pack as the publisher does; hands back data_home."""

    def pack(members):
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, text in members.items():
                packed.writestr(f"UCI HAR Dataset/{name}", text)
                packed.writestr(f"__MACOSX/UCI HAR Dataset/._{name}", "junk")
        folder = tmp_path / "uci_har"
        folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(folder / "data.zip", "w") as packed:
            packed.writestr("UCI HAR Dataset.names", "hello")
            packed.writestr("UCI HAR Dataset.zip", inner.getvalue())
        return tmp_path

    return pack


class TestSignals:
    def test_official_windows_come_back_exactly(self, archive):
        made = Made()
        windows = fetch_uci_har(data_home=archive(made.members())).windows(2.56, 0.5)
        X, y, subjects = (np.concatenate([made.parts[part][i] for part in ("train", "test")]) for i in range(3))
        units = np.repeat([9.80665, 9.80665, 1], 3)
        np.testing.assert_allclose(windows.X, X * units, rtol=1e-12)
        names = np.array(["walking", "upstairs", "downstairs", "sitting", "standing", "laying"])
        assert windows.y.tolist() == names[y - 1].tolist()
        assert windows.subjects.tolist() == subjects.astype(str).tolist()
        assert windows.channels[::3] == ("acc_x", "body_acc_x", "gyro_x")

    def test_sessions_are_joined_and_kept_apart(self, archive):
        data = fetch_uci_har(data_home=archive(Made().members()))
        assert data.subjects == ("1", "2", "3", "10", "30")
        assert data.test_subjects == ("2", "10")
        assert data.rate == 50
        first = data.select(subjects="1")[0]
        assert len(first) == 64 * (5 + 4 + 2)
        assert first.breaks.tolist() == [64 * 5, 64 * 9]

    def test_split(self, archive):
        train, test = fetch_uci_har(data_home=archive(Made().members())).windows().split()
        assert (len(train), len(test)) == (15, 7)
        assert set(test.subjects) == {"2", "10"}


class TestFeatures:
    def test_table(self, archive):
        made = Made()
        table = fetch_uci_har(features=True, data_home=archive(made.members()))
        assert table.X.shape == (22, 561)
        np.testing.assert_allclose(table.X[:, 0], np.concatenate([made.parts[p][1] for p in ("train", "test")]) / 10)
        assert table.test_subjects == ("2", "10")
        assert [len(part) for part in table.split()] == [15, 7]

    def test_names_are_unique(self, archive):
        made = Made()
        made.names[1] = made.names[3] = made.names[0]
        made.names = [f"{i + 1} {name.split()[1]}" for i, name in enumerate(made.names)]
        names = fetch_uci_har(features=True, data_home=archive(made.members())).feature_names
        assert len(set(names)) == 561
        assert names[:4] == ("f0()-0,XYZ", "f0()-0,XYZ (2)", "f2()-2,XYZ", "f0()-0,XYZ (3)")

    def test_signals_are_not_needed(self, archive):
        members = {name: text for name, text in Made().members().items() if "Inertial" not in name}
        assert len(fetch_uci_har(features=True, data_home=archive(members))) == 22
        with pytest.raises(FileNotFoundError, match="lacks train/Inertial Signals"):
            fetch_uci_har(data_home=archive(members), download_if_missing=False)


class TestDamage:
    @pytest.mark.parametrize(
        ("member", "change", "features"),
        [
            ("train/y_train.txt", lambda text: text + "1\n", False),
            ("train/y_train.txt", lambda text: text.replace("5", "7"), False),
            ("test/subject_test.txt", lambda text: text[:-4], False),
            ("train/Inertial Signals/body_gyro_y_train.txt", lambda text: text[:-20], False),
            ("train/Inertial Signals/body_gyro_y_train.txt", lambda text: text.replace("e", "x", 1), False),
            ("train/Inertial Signals/body_gyro_y_train.txt", lambda text: "", False),
            ("train/X_train.txt", lambda text: text[: len(text) // 2], True),
            ("features.txt", lambda text: text[:-30], True),
        ],
    )
    def test_one_clear_error(self, archive, member, change, features):
        members = Made().members()
        members[member] = change(members[member])
        with pytest.raises(DamagedArchiveError, match=r"fetch it\s+again|other than 1 to 6"):
            fetch_uci_har(features=features, data_home=archive(members))

    def test_a_signal_that_is_missing(self, archive):
        members = Made().members()
        del members["test/Inertial Signals/total_acc_z_test.txt"]
        with pytest.raises(DamagedArchiveError, match=r"lacks test/Inertial Signals/total_acc_z_test\.txt"):
            fetch_uci_har(data_home=archive(members))
