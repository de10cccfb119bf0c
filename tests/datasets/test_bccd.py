"""Blood cells: read from the publisher's form; faulty boxes, annotations and images are left out and told of."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from mlcourse.datasets import BCCD_CLASSES, DamagedArchiveError, fetch_bccd


def jpeg(height=48, width=64, mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, (width, height), (128,) * len(mode)).save(buffer, "JPEG")
    return buffer.getvalue()


def xml(*objects, height=48, width=64):
    parts = [
        f"<object><name>{name}</name><difficult>0</difficult><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin>"
        f"<xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"
        for name, box in objects
    ]
    size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    return f"<annotation>{size}{''.join(parts)}</annotation>".encode()


CELL = ("RBC", (1, 2, 30, 40))
WHOLE = {
    "Annotations/BloodImage_00007.xml": xml(CELL, ("WBC", (10, 10, 60, 44))),
    "JPEGImages/BloodImage_00007.jpg": jpeg(),
    "Annotations/BloodImage_00011.xml": xml(("Platelets", (5, 6, 15, 16)), ("RBC", (20, 20, 20, 20))),
    "JPEGImages/BloodImage_00011.jpg": jpeg(),
    "ImageSets/Main/train.txt": b"BloodImage_00007\nBloodImage_00300\n",
    "ImageSets/Main/test.txt": b"BloodImage_00011\n",
    "README.md": b"cells",
}


@pytest.fixture
def home(tmp_path, no_data):
    def put(changes=None):
        (tmp_path / "bccd_voc").mkdir(exist_ok=True)
        with zipfile.ZipFile(tmp_path / "bccd_voc" / "copy.zip", "w") as archive:
            for name, content in (WHOLE | (changes or {})).items():
                if content is not None:
                    archive.writestr(f"BCCD_Dataset-d272fb14/BCCD/{name}", content)
        return {"data_home": tmp_path, "download_if_missing": False}

    return put


def test_what_is_read(home):
    data = fetch_bccd(**home())
    assert data.names.tolist() == ["BloodImage_00007", "BloodImage_00011"]
    assert data.numbers.tolist() == [7, 11]
    assert data.parts.tolist() == ["train", "test"]
    assert data.classes == BCCD_CLASSES == ("background", "RBC", "WBC", "Platelets")
    assert [boxes.tolist() for boxes in data.boxes] == [[[1, 2, 30, 40], [10, 10, 60, 44]], [[5, 6, 15, 16]]]
    assert [labels.tolist() for labels in data.labels] == [[1, 2], [3]]
    assert data.problems == ("BloodImage_00011: object 2 (RBC): its box 20, 20, 20, 20 has no area",)
    assert repr(data) == "BoxedImages(2 images with 1 RBC, 1 WBC, 1 Platelets; 1 problems)"
    assert data.X.shape == (2, 3, 48, 64)
    assert abs(data.X - 128 / 255).max() < 0.02


def test_boxes_follow_the_size(home):
    small = fetch_bccd(**home()).resized(24, 16)
    assert small.X.shape == (2, 3, 24, 16)
    np.testing.assert_allclose(small.boxes[0], [[0.25, 1, 7.5, 20], [2.5, 5, 15, 22]])
    assert small.names.tolist() == ["BloodImage_00007", "BloodImage_00011"]
    with pytest.raises(ValueError, match="height must be a whole number of pixels"):
        small.resized(0.5, 16)


def test_a_part_of_it(home):
    data = fetch_bccd(**home())
    part = data.select(data.parts == "test")
    assert part.names.tolist() == ["BloodImage_00011"]
    assert [target["labels"].tolist() for target in part.targets] == [[3]]
    with pytest.raises(ValueError, match="2 truth values"):
        data.select([0])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Annotations/BloodImage_00007.xml": WHOLE["Annotations/BloodImage_00007.xml"][:90]}, "no whole XML file"),
        ({"Annotations/BloodImage_00007.xml": b""}, "no whole XML file"),
        ({"Annotations/BloodImage_00007.xml": b"\xff\xfe\x00garbage"}, "no whole XML file"),
        ({"Annotations/BloodImage_00007.xml": b"<html></html>"}, "it is <html>"),
        ({"JPEGImages/BloodImage_00007.jpg": jpeg()[:200]}, "its image is damaged"),
        ({"JPEGImages/BloodImage_00007.jpg": b"no picture"}, "its image is damaged"),
        ({"JPEGImages/BloodImage_00007.jpg": None}, "there is no JPEGImages/BloodImage_00007.jpg"),
    ],
)
def test_what_cannot_be_read_is_left_out(home, changes, says):
    with pytest.warns(UserWarning, match=r"1 of 2 images of BCCD .* BloodImage_00007 is left out"):
        data = fetch_bccd(**home(changes))
    assert data.names.tolist() == ["BloodImage_00011"]
    assert says in data.problems[0]


def test_other_things_that_occur(home):
    """A class that is none, an image without boxes, without colour, and without a division."""
    data = fetch_bccd(
        **home(
            {
                "Annotations/BloodImage_00007.xml": xml(("dust", (1, 1, 5, 5)), CELL),
                "Annotations/BloodImage_00011.xml": xml(),
                "JPEGImages/BloodImage_00011.jpg": jpeg(mode="L"),
                "ImageSets/Main/test.txt": None,
            }
        )
    )
    assert [labels.tolist() for labels in data.labels] == [[1], []]
    assert data.boxes[1].shape == (0, 4)
    assert data.parts.tolist() == ["train", ""]
    assert "'dust' is none of its classes" in data.problems[0]
    assert data.X.shape == (2, 3, 48, 64)


def test_images_of_several_sizes(home):
    data = fetch_bccd(**home({"JPEGImages/BloodImage_00007.jpg": jpeg(96, 128)}))
    with pytest.raises(ValueError, match=r"2 sizes: make them one, as with resized\(240, 320\)"):
        _ = data.X
    assert data.resized(24, 32).X.shape == (2, 3, 24, 32)


def test_nothing_can_be_read(home):
    broken = dict.fromkeys((name for name in WHOLE if name.endswith(".xml")), b"<")
    with pytest.raises(DamagedArchiveError, match=r"holds no image .* can be read.* Fetch it again"):
        fetch_bccd(**home(broken))


def test_it_is_not_here(tmp_path, no_data):
    with pytest.raises(FileNotFoundError, match="mlcourse data fetch bccd"):
        fetch_bccd(data_home=tmp_path, download_if_missing=False)


def test_an_image_is_plotted(home):
    figure = fetch_bccd(**home()).plot(0)
    assert figure.axes[0].get_title() == "BloodImage_00007"
    assert len(figure.axes[0].patches) == 2


def test_real_cells(real_data):
    data = fetch_bccd(download_if_missing=False)
    counts = np.bincount(np.concatenate(data.labels), minlength=4)
    assert len(data) >= 48
    assert (counts[1:] >= [560, 47, 46]).all()
    faulty = [problem for problem in data.problems if "has no area" in problem]
    assert {problem[:16] for problem in faulty} >= {"BloodImage_00338", "BloodImage_00343"}
    for image, boxes in zip(data.images, data.boxes, strict=True):
        assert image.shape == (480, 640, 3)
        assert (boxes[:, :2] < boxes[:, 2:]).all()
        assert (boxes >= 0).all()
        assert (boxes <= [640, 480, 640, 480]).all()
    assert {"train", "val", "test"} >= set(data.parts) > {"test"}
