"""Pages on which nothing runs that a learner wrote.

A graded notebook is opened by the instructor in the formgrader, where a script would have all of the instructor's
rights, and by the learner as a page. nbgrader puts HTML of outputs and of text cells there as it is. These two filters,
set in ``nbgrader_config.py`` for everything that becomes HTML, write it anew: known elements with known attributes, and
everything else as text.
"""

import re
from html import escape
from html.parser import HTMLParser

import jinja2

_ELEMENTS = frozenset(
    """a abbr b blockquote br caption center cite code col colgroup dd del details dfn div dl dt em figcaption figure
    h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot
    th thead tr tt u ul var""".split()  # noqa: SIM905
)
_EMPTY = frozenset(("br", "col", "hr", "img"))
_DROPPED = frozenset(("script", "style", "iframe", "object", "template", "noscript", "textarea", "title", "xmp"))
_ATTRIBUTES = frozenset(
    """align alt border class colspan dir headers height href id lang open role rowspan scope span src start style
    title type valign width""".split()  # noqa: SIM905
)
_STYLES = re.compile(
    r"(background-color|border[a-z-]*|clip-path|color|display|font[a-z-]*|height|line-height|list-style-type|margin[a-z-]*"
    r"|max-height|max-width|min-width|overflow[a-z-]*|padding[a-z-]*|text-align|text-decoration|vertical-align"
    r"|white-space|width)\s*:\s*[\w\s.,#%()!/-]*"
)
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]*")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")


def clean_html(element) -> str:
    """HTML with nothing in it that a browser would execute.

    Examples
    --------
    >>> clean_html("<b onclick='f()'>1 &lt; 2</b><script>f()</script> <a href='javascript:f()'>x</a>")
    '<b>1 &lt; 2</b> <a>x</a>'
    """
    cleaner = _Cleaner()
    cleaner.feed(element.decode(errors="replace") if isinstance(element, bytes) else str(element))
    cleaner.close()
    return "".join(cleaner.parts) + "".join(f"</{tag}>" for tag in reversed(cleaner.open))


@jinja2.pass_context
def markdown2html(context, source) -> str:
    """The same for text in Markdown."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    cell = context.get("cell") or {}
    renderer = IPythonRenderer(escape=False, attachments=cell.get("attachments", {}))
    return clean_html(MarkdownWithMath(renderer=renderer).render(str(source)))


class _Cleaner(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self._dropping = ""

    def handle_starttag(self, tag, attrs):
        if self._dropping:
            return
        if tag in _DROPPED:
            self._dropping = tag
        elif tag in _ELEMENTS:
            kept = "".join(f' {name}="{escape(value)}"' for name, value in map(_attribute, attrs) if value is not None)
            self.parts.append(f"<{tag}{kept}>")
            if tag not in _EMPTY:
                self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        if tag not in _DROPPED:
            super().handle_startendtag(tag, attrs)

    def handle_endtag(self, tag):
        if self._dropping:
            if tag == self._dropping:
                self._dropping = ""
        elif tag in self.open:
            while True:
                last = self.open.pop()
                self.parts.append(f"</{last}>")
                if last == tag:
                    return

    def handle_data(self, data):
        if not self._dropping:
            self.parts.append(escape(data, quote=False))


def _attribute(given: tuple[str, str | None]) -> tuple[str, str | None]:
    """An attribute as it may stay; None in place of its value if it may not."""
    name, value = given[0], given[1] or ""
    if name not in _ATTRIBUTES and not re.fullmatch(r"aria-[a-z]+", name):
        return name, None
    if name in ("href", "src"):
        # Browsers pass over control characters and spaces where a scheme is.
        scheme = _SCHEME.match(re.sub(r"[\x00-\x20\x7f-\xa0]", "", value))
        harmless = scheme is None or scheme.group().lower() in ("http:", "https:", "mailto:")
        return name, value if harmless or (name == "src" and _PICTURE.fullmatch(value)) else None
    if name == "style":
        styles = [part.strip() for part in value.split(";")]
        return name, "; ".join(part for part in styles if _STYLES.fullmatch(part)) or None
    return name, value
