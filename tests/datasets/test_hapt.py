"""HAPT: units, labels that begin with 1 and include their end, and both forms of the archive."""

import zipfile

import numpy as np
import pytest

from mlcourse.datasets import BASIC_ACTIVITIES, DamagedArchiveError, fetch_hapt


@pytest.fixture
def archive(tmp_path, no_data):
    """Pack members as the publisher does; hands back data_home."""

    def pack(members, prefix=""):
        folder = tmp_path / "hapt"
        folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(folder / "data.zip", "w") as packed:
            packed.writestr(f"{prefix}README.txt", "hello")
            for name, text in members.items():
                packed.writestr(f"{prefix}RawData/{name}.txt", text)
        return tmp_path

    return pack


def members(**changes):
    """Two experiments of ten readings each."""
    acc = "".join(f"{i / 10:.4f} -1.0 0.0001 \n" for i in range(10))
    gyro = "".join(f" {i / 10:.4f}  2.0 -3e-05\r\n" for i in range(10))
    made = {
        "acc_exp01_user01": acc,
        "gyro_exp01_user01": gyro,
        "acc_exp19_user10": acc,
        "gyro_exp19_user10": gyro,
        "labels": "1 1 5 2 4\n1 1 7 5 6\n1 1 1 9 10\n19 10 2 1 10\n",
    }
    made.update(changes)
    return {name: text for name, text in made.items() if text is not None}


class TestReading:
    @pytest.mark.parametrize("prefix", ["", "HAPT Data Set/"])
    def test_units_and_labels(self, archive, prefix):
        data = fetch_hapt(data_home=archive(members(), prefix))
        assert (len(data), data.rate, data[0].placement) == (2, 50, "waist")
        assert data.subjects == ("1", "10")
        assert data.test_subjects == ("10",)
        assert data.channels == ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")
        np.testing.assert_allclose(data[0].signals[3], [0.3 * 9.80665, -9.80665, 0.000980665, 0.3, 2, -3e-5])
        assert data[0].labels.tolist() == ["", *["standing"] * 3, *["stand-to-sit"] * 2, "", "", *["walking"] * 2]
        assert data[1].labels.tolist() == ["upstairs"] * 10

    def test_basic_activities(self):
        assert BASIC_ACTIVITIES == ("walking", "upstairs", "downstairs", "sitting", "standing", "laying")


class TestDamage:
    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"labels": "1 1 13 1 2\n"}, "activity 13"),
            ({"labels": "1 1 0 1 2\n"}, "activity 0"),
            ({"labels": "1 1 5 0 2\n"}, "from 0 to 2"),
            ({"labels": "1 1 5 4 2\n"}, "from 4 to 2"),
            ({"labels": "1 1 5 1 11\n"}, "to 11.* 10 readings"),
            ({"labels": "1 1 5\n"}, "5 numbers a line expected"),
            ({"labels": ""}, "labels.txt"),
            ({"acc_exp01_user01": "1.0 2.0\n" * 10}, "acc_exp01_user01.txt"),
            ({"acc_exp01_user01": "1.0 2.0 x\n" * 10}, "acc_exp01_user01.txt"),
            ({"acc_exp01_user01": "1.0 2.0 nan\n" * 10}, "acc_exp01_user01.txt"),
            ({"acc_exp01_user01": "1.0 2.0 3.0\n" * 9 + "1.0 2.0\n"}, "acc_exp01_user01.txt"),
            ({"gyro_exp01_user01": "1.0 2.0 3.0\n" * 9}, "10 readings of acceleration, but 9 of rotation"),
            ({"gyro_exp01_user01": None}, "lacks RawData/gyro_exp01_user01.txt"),
        ],
    )
    def test_one_clear_error(self, archive, changes, says):
        with pytest.raises(DamagedArchiveError, match=says) as caught:
            fetch_hapt(data_home=archive(members(**changes)))
        assert "etch it again" in str(caught.value)

    def test_no_recording(self, archive):
        with pytest.raises(DamagedArchiveError, match="holds no recording"):
            fetch_hapt(data_home=archive({"labels": "1 1 5 1 2\n"}))

    def test_labels_of_experiments_that_a_subset_lacks(self, archive):
        data = fetch_hapt(data_home=archive(members(acc_exp19_user10=None, gyro_exp19_user10=None)))
        assert data.subjects == ("1",)
        assert data.test_subjects == ()


@pytest.fixture(scope="module")
def hapt(real_data):
    return fetch_hapt(data_home=real_data)


class TestReal:
    def test_published_counts(self, hapt):
        assert len(hapt) == 61
        assert len(hapt.subjects) == 30
        assert sum(len(recording) for recording in hapt) == 1_122_772
        assert sum(np.count_nonzero(recording.labels != "") for recording in hapt) == 815_614
        assert len(hapt.select(subjects="10")) == 3
        assert hapt.test_subjects == ("2", "4", "9", "10", "12", "13", "18", "20", "24")
        assert len(hapt.activities) == 12

    def test_segments(self, hapt):
        found = sum(1 for recording in hapt for _, _, label in recording.stretches() if label)
        assert found == 1214

    def test_gravity_is_there(self, hapt):
        windows = hapt.select(activities=["standing", "laying"]).windows(2.56)
        size = np.linalg.norm(windows.X[..., :3], axis=2).mean(axis=1)
        assert np.median(size) == pytest.approx(9.81, abs=0.3)

    def test_official_split_keeps_people_apart(self, hapt):
        train, test = hapt.select(activities=BASIC_ACTIVITIES).windows().split()
        assert len(set(train.subjects)) == 21
        assert len(set(test.subjects)) == 9
        assert set(train.y) == set(test.y) == set(BASIC_ACTIVITIES)
