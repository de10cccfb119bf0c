"""One look for all figures: colours that everybody can tell apart, and a text for those who cannot see them."""

import base64
import io
from html import escape

import matplotlib
from cycler import cycler

# M. Okabe and K. Ito, "Color Universal Design", 2008; black comes last, as it stands out most.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
# Line styles carry the same message without any colour.
LINES = ("-", "--", ":", "-.")


def use_style() -> None:
    """Set the kit's look for every matplotlib figure that follows: palette, size, light grid.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> use_style()
    >>> plt.rcParams["axes.prop_cycle"].by_key()["color"][0]
    '#0072B2'
    """
    matplotlib.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=PALETTE),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.3,
            "figure.figsize": (8, 3.5),
            "figure.dpi": 100,
            "font.size": 10,
            "legend.frameon": False,
            "image.cmap": "cividis",
        }
    )


def colors(names) -> dict[str, str]:
    """Give each name a colour; the same names get the same colours in every figure.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    dict of str to str
        Hexadecimal colours. Activities that the course uses often keep their own; the rest of the palette goes to the
        other names in alphabetical order, and starts again when it is used up.

    Examples
    --------
    >>> colors(["walking", "sitting"])
    {'sitting': '#0072B2', 'walking': '#009E73'}
    """
    fixed = dict(
        zip(("sitting", "standing", "walking", "jogging", "upstairs", "downstairs", "laying"), PALETTE, strict=False)
    )
    names = sorted(set(names))
    left = [color for color in PALETTE if color not in {fixed.get(name) for name in names}] or list(PALETTE)
    others = [name for name in names if name not in fixed]
    return {name: fixed[name] if name in fixed else left[others.index(name) % len(left)] for name in names}


def show(figure, alt: str) -> None:
    """Display a figure in a notebook together with a text that says what is to be seen, and close it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure or matplotlib.axes.Axes
    alt : str
        One or two sentences for people who do not see the figure; screen readers read it aloud.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt must say in words what the figure shows, got {alt!r}.")
    figure = figure.figure
    html = (
        f'<img alt="{escape(alt, quote=True)}" src="data:image/png;base64,{base64.b64encode(to_png(figure)).decode()}">'
    )
    plt.close(figure)
    display({"text/html": html, "text/plain": alt}, raw=True)


def to_png(figure) -> bytes:
    """Render a figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    return buffer.getvalue()
