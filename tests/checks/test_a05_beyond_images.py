"""Lab 05: references agree with other libraries, right answers of every style are right, its figures are true."""

import doctest
import itertools
from pathlib import Path

import nbformat
import numpy as np
import pytest
import scipy.signal
import torch
from sklearn.metrics import top_k_accuracy_score

from mlcourse.checks import a05_beyond_images as check
from mlcourse.checks.core import CheckFailed
from mlcourse.datasets import Board, fetch_spoken_digits, make_go_positions
from mlcourse.models import weights_report
from mlcourse.models.go import go_planes

NOTEBOOK = (
    Path(__file__).resolve().parents[2] / "assignments" / "source" / "a05_beyond_images" / "a05_beyond_images.ipynb"
)
HIDDEN = 9173  # any seed


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("MLCOURSE_HOME", str(tmp_path))


def cells() -> dict[str, str]:
    return {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}


# -- references against independent code -----------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "size", "step"), [(64, 16, 4), (61, 8, 8), (100, 20, 7), (16, 16, 5)])
def test_spectrogram_agrees_with_scipy(n, size, step):
    signal = np.random.default_rng(n).normal(size=n)
    _, _, power = scipy.signal.spectrogram(
        signal, window="hann", nperseg=size, noverlap=size - step, detrend=False, mode="psd", scaling="spectrum"
    )
    scale = scipy.signal.get_window("hann", size).sum() ** 2
    power[1:-1] /= 2  # scipy adds the power of negative frequencies
    np.testing.assert_allclose(check._spectrogram(signal, size, step, 0.01), np.log(power * scale + 0.01), rtol=1e-9)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_along_frequency_agrees_with_torch(step):
    rng = np.random.default_rng(step)
    image, filters = rng.normal(size=(11, 6)), rng.normal(size=(4, 3, 6))
    expected = torch.nn.functional.conv2d(
        torch.tensor(image)[None, None], torch.tensor(filters)[:, None], stride=(step, 1)
    )
    np.testing.assert_allclose(check._along_frequency(image, filters, step), expected[0, :, :, 0].numpy(), rtol=1e-9)


@pytest.mark.parametrize(("n", "width"), [(9, 3), (4, 4), (2, 5), (1, 3)])
def test_fire_agrees_with_torch(n, width):
    rng = np.random.default_rng(n)
    words, filters, biases = rng.normal(size=(n, 5)), rng.normal(size=(7, width, 5)), rng.normal(size=7)
    padded = torch.nn.functional.pad(torch.tensor(words.T), (0, max(0, width - n)))
    responses = torch.nn.functional.conv1d(
        padded[None], torch.tensor(filters.transpose(0, 2, 1)), torch.tensor(biases)
    )[0].relu()
    strongest, places = check._fire(words, filters, biases)
    np.testing.assert_allclose(strongest, responses.amax(dim=1).numpy(), atol=1e-12)
    np.testing.assert_array_equal(places[strongest > 0], responses.argmax(dim=1).numpy()[strongest > 0])


def test_board_planes_are_the_first_planes_of_the_network():
    positions = make_go_positions(1, random_state=5, moves=60)
    for board in itertools.islice(positions.boards(), 0, None, 7):
        planes = check._board_planes(board.stones, board.liberty_counts(), board.to_play, board.last)
        np.testing.assert_array_equal(planes, go_planes(board)[:7])


def test_liberties_agree_with_the_rules():
    for seed in range(5):
        stones, liberties = check._random_position(np.random.default_rng(seed), 9, 22)
        np.testing.assert_array_equal(liberties, Board.from_stones(stones).liberty_counts())


@pytest.mark.parametrize("k", [1, 2, 5])
def test_share_agrees_with_scikit_learn(k):
    scores, _, truth = check._guesses(np.random.default_rng(k), 50, 7)
    expected = top_k_accuracy_score(truth, scores, k=k, labels=np.arange(7))
    share, chance = check._top_k(scores, np.ones(scores.shape, dtype=bool), truth, k)
    assert share == pytest.approx(expected)
    assert chance == pytest.approx(k / 7)


def test_chance_is_the_share_of_all_draws():
    allowed = np.array([[1, 1, 0, 1, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]], dtype=bool)
    truth, k = np.array([3, 4, 0]), 3
    shares = []
    for may, right in zip(allowed, truth, strict=True):
        choices = np.flatnonzero(may)
        draws = list(itertools.combinations(choices, min(k, len(choices))))
        shares.append(np.mean([right in draw for draw in draws]))
    assert check._top_k(np.random.default_rng(0).random((3, 5)), allowed, truth, k)[1] == pytest.approx(np.mean(shares))


# -- right answers in other styles -----------------------------------------------------------------------------------


def spectrogram_by_strides(signal, size, step, floor):
    frames = np.lib.stride_tricks.sliding_window_view(signal, size)[::step] * scipy.signal.get_window("hann", size)
    spectra = np.fft.fft(frames, axis=1)[:, : size // 2 + 1]
    return np.log(np.maximum(spectra.real**2 + spectra.imag**2, 0) + floor).T.astype(np.float64)


def filters_one_by_one(image, filters, step=1):
    rows = []
    for one in filters:
        row = []
        band = 0
        while band + len(one) <= len(image):
            row.append(float(np.vdot(one, image[band : band + len(one)])))
            band += step
        rows.append(row)
    return np.array(rows)


def fire_by_loops(words, filters, biases):
    words = [list(word) for word in words]
    while len(words) < filters.shape[1]:
        words.append([0.0] * filters.shape[2])
    strongest, places = [], []
    for one, bias in zip(filters, biases, strict=True):
        responses = [
            max(0.0, bias + float((one * np.array(words[p : p + len(one)])).sum()))
            for p in range(len(words) - len(one) + 1)
        ]
        strongest.append(max(responses))
        places.append(responses.index(max(responses)))
    return [strongest, places]


def fire_through_the_other_exercise(words, filters, biases):
    words = np.pad(words, ((0, max(0, filters.shape[1] - len(words))), (0, 0)))
    raw = filters_one_by_one(words, filters) + biases.reshape(-1, 1)
    return raw.max(axis=1).clip(min=0), raw.argmax(axis=1)  # the ReLU after the maximum, which is the same


def planes_by_loops(stones, liberties, to_play, last):
    planes = np.zeros((7, len(stones), len(stones)), dtype=np.float32)
    for (row, column), stone in np.ndenumerate(stones):
        planes[0, row, column] = stone
        planes[1, row, column] = stone * to_play
        if stone and liberties[row, column] in (1, 2):
            planes[1 + liberties[row, column] + (0 if stone == to_play else 2), row, column] = 1
        planes[6, row, column] = (row, column) == last
    return planes


def top_k_by_sorting(scores, allowed, truth, k):
    best = np.argsort(np.where(allowed, scores, -np.inf), axis=1)[:, ::-1][:, :k]
    choices = allowed.sum(axis=1)
    return np.array([(best == truth[:, None]).any(axis=1).mean(), np.clip(k / choices, None, 1).mean()])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("spectrogram", spectrogram_by_strides),
        ("along_frequency", filters_one_by_one),
        ("fire", fire_by_loops),
        ("fire", fire_through_the_other_exercise),
        ("board_planes", planes_by_loops),
        ("top_k", top_k_by_sorting),
    ],
)
def test_right_in_another_style(name, answer):
    assert getattr(check, name)(answer, points=4, seed=HIDDEN) == 4


# -- more mistakes ---------------------------------------------------------------------------------------------------


def test_moving_along_time_raises_or_is_named():
    def by_torch(image, filters, step=1):  # the axes of the image exchanged, filters as they are
        turned = torch.tensor(np.ascontiguousarray(image.T))[None, None]
        return torch.nn.functional.conv2d(turned, torch.tensor(filters)[:, None], stride=(step, 1))[0, :, :, 0].numpy()

    with pytest.raises(CheckFailed, match="move along time"):
        check.along_frequency(by_torch, points=3)


def test_max_over_the_filters_is_named():
    def wrong(words, filters, biases):
        found = [fire_by_loops(words, filters[i : i + 1], biases[i : i + 1]) for i in range(len(filters))]
        return max(strongest[0] for strongest, _ in found), found[0][1][0]

    with pytest.raises(CheckFailed, match="one number for each of the"):
        check.fire(wrong, points=4)


def test_planes_of_the_package_are_two_too_many():
    def whole(stones, liberties, to_play, last):
        return np.concatenate([check._board_planes(stones, liberties, to_play, last), np.ones((2, *stones.shape))])

    with pytest.raises(CheckFailed, match="shape"):
        check.board_planes(whole, points=4)


# -- the text tells the truth ----------------------------------------------------------------------------------------


def test_examples_in_the_text_are_true():
    image = check._spectrogram(np.array([0.0, 2, 4, 4, 1, 2]), 4, 2, 1e-6)
    np.testing.assert_allclose(np.exp(image.T), [[49, 17, 1], [16, 2, 4]], rtol=1e-5)
    assert image.round(2).tolist() == [[3.89, 2.77], [2.83, 0.69], [0.0, 1.39]]

    image, one = np.array([[1, 0], [2, 1], [0, 3], [1, 4]]), np.array([[[1, 2], [0, 1]]])
    assert check._along_frequency(image, one).tolist() == [[2, 7, 10]]
    assert check._along_frequency(image, one, 2).tolist() == [[2, 10]]

    filters = np.array([[[1.0, 0], [0, 1]], [[0, -1], [-1, 0]]])
    strongest, places = check._fire(check._WORDS, filters, np.array([0.5, 1.5]))
    assert (strongest.tolist(), places.tolist()) == ([4.5, 1.5], [2, 0])

    board = Board.from_stones(np.array([[0, 1, -1], [0, 0, 0], [0, 0, 0]]), to_play=-1)
    assert board.liberty_counts()[0].tolist() == [0, 2, 1]

    scores = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4]])
    allowed = np.array([[0, 1, 1, 1], [1, 0, 0, 1]], dtype=bool)
    assert check._top_k(scores, allowed, np.array([2, 3]), 1) == pytest.approx((0.5, 5 / 12))
    assert check._top_k(scores, allowed, np.array([2, 3]), 2) == pytest.approx((1, 5 / 6))


def test_docstrings_of_the_solutions_are_true():
    names = {"np": np}
    for source in cells().values():
        if "BEGIN SOLUTION" in source and "def " in source:
            exec(source, names)
    for name in ("spectrogram", "along_frequency", "fire", "board_planes", "top_k"):
        for example in doctest.DocTestFinder().find(names[name], name, module=False, globs=names):
            assert example.examples, name
            assert doctest.DocTestRunner().run(example).failed == 0, name


def test_what_is_to_be_explained_can_be_seen():
    """The figures of the model answer, with room for other machines."""
    names = {"np": np, "torch": torch, "nn": torch.nn, "rate": 8000, "top_k": check._top_k}
    exec(
        "from mlcourse.datasets import log_mel_spectrogram\nfrom mlcourse.models import fit, predict_probabilities",
        names,
    )
    for cell in ("chirp", "measure"):
        exec(cells()[cell], names)
    share = {key: result[0] for key, result in names["results"].items()}
    for good in ("frequency higher", "time later", "both higher", "both later"):
        along, test = good.split()
        assert share["tune", along, "as learned"] > 0.95
        assert share["tune", along, test] > 0.9, good
    for bad in ("frequency later", "time higher"):
        assert share[("tune", *bad.split())] < 0.6, bad
    assert min(share["order", "frequency", test] for test in ("as learned", "higher")) > 0.9
    for along in ("time", "both"):
        assert share["order", along, "as learned"] < 0.65, along
    assert share["order", "frequency", "later"] < 0.65


def test_model_answer_has_the_figures_that_ship():
    answer = cells()["explain-directions"]
    reports = {along: weights_report(f"spectrogram_cnn_{along}") for along in ("frequency", "time", "both")}
    for report in reports.values():
        people = list(report["accuracy by person left out"].values())
        assert f"{100 * report['accuracy']:.1f}" in answer
        assert f"{100 * np.mean(people):.0f} %" in answer
        for person in ("lucas", "george"):
            assert f"{100 * report['accuracy by person left out'][person]:.0f}" in answer


def test_lucas_begins_later(real_data):
    """What the text says of the recordings: median time until the power first exceeds a tenth of its maximum."""
    digits = fetch_spoken_digits(data_home=real_data, download_if_missing=False)
    began = []
    for wave in digits.waves:
        power = np.convolve(wave**2, np.ones(160) / 160, mode="same")
        began.append(np.argmax(power > 0.1 * power.max()) / digits.rate)
    median = {person: np.median(np.array(began)[digits.speakers == person]) for person in set(digits.speakers)}
    assert round(median.pop("lucas"), 2) == 0.16
    assert (round(min(median.values()), 2), round(max(median.values()), 2)) == (0.02, 0.04)
