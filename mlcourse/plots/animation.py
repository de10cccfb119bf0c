"""Animations for slides: an animated GIF, or one HTML page that plays, pauses and steps by itself."""

import base64
import io
import json
import math
import os
import tempfile
from html import escape
from pathlib import Path

_MOST_FRAMES = 500
_SUFFIXES = (".gif", ".html")


def save_animation(path, make_picture, frames, seconds=1.0) -> Path:
    """Write a picture's steps as an animation.

    Parameters
    ----------
    path : path-like
        Ends in .gif or .html.
    make_picture : callable
        Gives a picture with ``set(index)``, ``rgb()`` and ``in_words()`` (see `mlcourse.plots.explorer`); called once
        everything else is known to be right.
    frames : int
    seconds : float
        How long each frame is shown.

    Returns
    -------
    pathlib.Path
        The complete file: it is written beside an older one, whose place it then takes.

    Raises
    ------
    ValueError
        If the path ends otherwise, its folder is missing, there are too many frames, or `seconds` is not positive.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ValueError(
            f"path must end in .gif or .html, got {path.name!r}. For one still picture, use plot(step).savefig(...)."
        )
    if not path.parent.is_dir():
        raise ValueError(
            f"path: there is no folder {str(path.parent)!r}. Make it first: Path(...).mkdir(parents=True)."
        )
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not (number and math.isfinite(seconds) and seconds >= 0.02):
        raise ValueError(f"seconds must be a number of at least 0.02, got {seconds!r}.")
    if frames > _MOST_FRAMES:
        raise ValueError(
            f"An animation holds at most {_MOST_FRAMES} steps, not {frames}. Cut a smaller piece out of the image, or "
            "take a larger stride."
        )
    picture = make_picture()
    write = _write_gif if suffix == ".gif" else _write_html
    handle, unfinished = tempfile.mkstemp(suffix=suffix, prefix=f".{path.stem}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file, picture, frames, seconds)
        # A temporary file is its owner's alone; the animation is like any file that the owner writes.
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(unfinished, 0o666 & ~mask)
        os.replace(unfinished, path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
    return path


def _write_gif(file, picture, frames, seconds):
    images, words = [], ""
    for index in range(frames):
        picture.set(index)
        images.append(picture.rgb().quantize(64))
        words = words or picture.in_words()
    first, *others = images
    # GIF counts hundredths of a second; the last picture stays longer, so that one sees the end.
    times = [10 * round(100 * seconds)] * frames
    times[-1] *= 2
    first.save(
        file, "gif", save_all=True, append_images=others, duration=times, loop=0, optimize=False,
        comment=words.encode("ascii", "replace")[:250],
    )  # fmt: skip


def _write_html(file, picture, frames, seconds):
    pictures, words = [], []
    for index in range(frames):
        picture.set(index)
        buffer = io.BytesIO()
        picture.rgb().quantize(64).save(buffer, "png", optimize=True)
        pictures.append(base64.b64encode(buffer.getvalue()).decode())
        words.append(picture.in_words())
    width, height = picture.rgb().size
    page = _PAGE
    for name, value in {
        "@WIDTH@": str(width),
        "@HEIGHT@": str(height),
        "@LAST@": str(frames - 1),
        "@MILLISECONDS@": str(round(1000 * seconds)),
        "@FIRST@": pictures[0],
        "@ALT@": escape(words[0], quote=True),
        "@PICTURES@": json.dumps(pictures),
        # Inside of a script no tag may end it.
        "@WORDS@": json.dumps(words).replace("</", "<\\/"),
    }.items():
        page = page.replace(name, value)
    file.write(page.encode())


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Step by step</title>
<style>
  body { margin: 0 auto; max-width: @WIDTH@px; padding: 8px; font: 16px sans-serif; background: white; color: black }
  img { width: 100%; height: auto; aspect-ratio: @WIDTH@ / @HEIGHT@ }
  .controls { display: flex; gap: 8px; align-items: center }
  button { font: inherit; min-width: 5em; padding: 4px 8px }
  input { flex: 1 }
  .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
</style>
</head>
<body>
<img id="picture" alt="@ALT@" src="data:image/png;base64,@FIRST@">
<div class="controls">
  <button id="back" aria-label="one step back">&larr;</button>
  <button id="play">play</button>
  <button id="next" aria-label="one step on">&rarr;</button>
  <input id="step" type="range" min="0" max="@LAST@" value="0" aria-label="step">
  <output id="number" for="step">0 / @LAST@</output>
</div>
<p><small>Keys: space plays and pauses, the arrows step, Home and End go to the ends.</small></p>
<div id="words" class="spoken" role="status" aria-live="polite"></div>
<noscript>Without scripts this page shows the first step only.</noscript>
<script>
"use strict";
const pictures = @PICTURES@;
const words = @WORDS@;
const last = @LAST@;
const part = name => document.getElementById(name);
let at = 0, timer = null;
function go(to) {
  at = Math.max(0, Math.min(last, to));
  part("picture").src = "data:image/png;base64," + pictures[at];
  part("picture").alt = words[at];
  // Read aloud when somebody steps; while it plays, sentences would pile up.
  if (timer === null) part("words").textContent = words[at];
  part("step").value = at;
  part("step").setAttribute("aria-valuetext", words[at]);
  part("number").textContent = at + " / " + last;
}
function pause() {
  clearInterval(timer);
  timer = null;
  part("play").textContent = "play";
}
function play() {
  if (at === last) go(0);
  timer = setInterval(() => { go(at + 1); if (at === last) { pause(); go(at); } }, @MILLISECONDS@);
  part("play").textContent = "pause";
}
function step(to) { pause(); go(to); }
function toggle() { if (timer === null) play(); else step(at); }
part("back").onclick = () => step(at - 1);
part("next").onclick = () => step(at + 1);
part("play").onclick = toggle;
part("step").oninput = event => step(Number(event.target.value));
const keys = {
  " ": toggle, ArrowRight: () => step(at + 1), ArrowLeft: () => step(at - 1),
  Home: () => step(0), End: () => step(last),
};
document.addEventListener("keydown", event => {
  if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  keys[event.key]();
});
// A space on a focused button would press it when the key comes up, after the key has done its work already.
document.addEventListener("keyup", event => { if (event.key === " ") event.preventDefault(); });
</script>
</body>
</html>
"""
