"""What all explorers share: pictures of which only the moved parts are drawn again, and how they stand still.

A figure is drawn once without what moves; then every change draws just the moving parts of the regions that changed, on
top of the stored rest. That takes some hundredths of a second, where drawing everything takes some tenths.
"""

import base64
import io
import os
from html import escape
from importlib.util import find_spec

import numpy as np

_DPI = 100


class LayeredPicture:
    """A figure some of whose parts move.

    A subclass draws into ``self.figure``, hands every artist that moves to `moves`, and says in `layers` and `states`
    where what moves.

    Parameters
    ----------
    width, height : float
        Size of the figure, inches.
    **options
        Passed to `matplotlib.figure.Figure`.
    """

    def __init__(self, width: float, height: float, **options):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        # Not through pyplot: nothing stays open, nothing is shown twice.
        self.figure = Figure(figsize=(width, height), dpi=_DPI, **options)
        self.canvas = FigureCanvasAgg(self.figure)
        self.moving = []
        self._regions = None

    def moves(self, artist):
        """Take an artist out of what is drawn once; return it."""
        artist.set_animated(True)
        self.moving.append(artist)
        return artist

    def layers(self) -> list:
        """Return (region, artists) pairs: boxes in pixels and what moves in them."""
        raise NotImplementedError

    def states(self) -> list:
        """Return for each layer what it shows: a layer whose state is as before need not be drawn."""
        raise NotImplementedError

    def in_words(self) -> str:
        """Return the alternative text."""
        raise NotImplementedError

    def rgb(self):
        """Return the picture as a Pillow image, redrawing only the regions in which something moved."""
        from PIL import Image

        if self._regions is None:
            self.canvas.draw()
            self._regions = [(self.canvas.copy_from_bbox(box), artists) for box, artists in self.layers()]
            self._seen = [None] * len(self._regions)
        renderer = self.canvas.get_renderer()
        for n, (state, (region, artists)) in enumerate(zip(self.states(), self._regions, strict=True)):
            if state != self._seen[n]:
                self.canvas.restore_region(region)
                for artist in sorted(artists, key=lambda artist: artist.get_zorder()):
                    artist.draw(renderer)
                self._seen[n] = state
        return Image.fromarray(np.asarray(self.canvas.buffer_rgba())[..., :3])

    def png(self) -> bytes:
        """Return the picture as a PNG file."""
        buffer = io.BytesIO()
        self.rgb().save(buffer, "png", compress_level=1)
        return buffer.getvalue()

    def still(self):
        """Return the figure with everything drawn as usual."""
        for artist in self.moving:
            artist.set_animated(False)
        self._regions = None
        return self.figure


def has_widgets() -> bool:
    """Whether this code runs in a notebook kernel that has ipywidgets, and not for a grade: nobody looks then."""
    if os.environ.get("NBGRADER_EXECUTION") or find_spec("ipywidgets") is None or find_spec("IPython") is None:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def display_with_still(widget, picture) -> None:
    """Display a widget, and the picture as it stands beside it for pages without widgets."""
    from IPython.display import display

    display(widget._repr_mimebundle_(), raw=True)
    display({"text/html": still_html(picture.png(), picture.in_words()), "text/plain": ""}, raw=True)


def spoken(text: str) -> str:
    """Return HTML that screen readers read aloud whenever it changes, and that takes no space."""
    return (
        f'<div role="status" aria-live="polite" style="position: absolute; width: 1px; height: 1px; overflow: hidden; '
        f'clip-path: inset(50%)">{escape(text)}</div>'
    )


def still_html(png: bytes, alt: str, explorer: str = "mlcourse-explorer") -> str:
    """Return a picture as HTML that hides itself where an explorer is at work beside it.

    A page without widgets (a printed notebook, a code host) shows the picture; a live notebook shows the explorer.

    Parameters
    ----------
    png : bytes
    alt : str
        Alternative text.
    explorer : str
        CSS class of the explorer.

    Returns
    -------
    str
    """
    source = base64.b64encode(png).decode()
    return (
        f"<style>.jp-OutputArea:has(.{explorer}) .mlcourse-still, .output:has(.{explorer}) .mlcourse-still "
        "{display: none}</style>"
        f'<img class="mlcourse-still" style="max-width: 100%" alt="{escape(alt, quote=True)}" '
        f'src="data:image/png;base64,{source}">'
    )
