"""The pinned versions in ``constraints.txt``, and how what is installed compares with them."""

from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version


def read_pins(text: str) -> dict[str, Requirement]:
    """Pinned requirements by canonical name.

    Parameters
    ----------
    text : str
        Lines of ``name==version``, each with an environment marker or without; comments and blank lines.

    Raises
    ------
    ValueError
        If a line is not a pin, or a name is pinned twice.

    Examples
    --------
    >>> pins = read_pins("scikit-learn==1.9.1  # learners")
    >>> pinned_version(pins["scikit-learn"])
    '1.9.1'
    """
    pins: dict[str, Requirement] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        try:
            pin = Requirement(content)
        except InvalidRequirement as error:
            raise ValueError(f"line {number} of the constraints is not a requirement: {content!r}") from error
        if [specifier.operator for specifier in pin.specifier] != ["=="]:
            raise ValueError(f"line {number} of the constraints has to pin one version as name==version: {content!r}")
        name = canonicalize_name(pin.name)
        if name in pins:
            raise ValueError(f"line {number} of the constraints pins {name} a second time")
        pins[name] = pin
    return pins


def pinned_version(pin: Requirement) -> str:
    """Version that a pin asks for."""
    return next(iter(pin.specifier)).version


@dataclass(frozen=True)
class Comparison:
    """How what is installed compares with the pins.

    Attributes
    ----------
    agreeing : tuple of str
        Names of packages that are installed in the pinned version. A local label such as "+cpu" does not count.
    differing : tuple of (name, installed version, pinned version)
    missing : tuple of str
        Names of packages that the course needs on this machine and that are not installed.
    """

    agreeing: tuple[str, ...]
    differing: tuple[tuple[str, str, str], ...]
    missing: tuple[str, ...]


def compare_with_installed(pins: dict[str, Requirement], package: str = "mlcourse") -> Comparison:
    """Compare the pins with what is installed, and find what `package` needs and lacks."""
    installed: dict[str, str] = {}
    for found in metadata.distributions():  # the first of a name is the one that is imported
        installed.setdefault(canonicalize_name(found.metadata["Name"]), found.version)
    agreeing, differing = [], []
    for name in sorted(installed.keys() & pins.keys()):
        wanted = pinned_version(pins[name])
        same = Version(Version(installed[name]).public) == Version(wanted)
        agreeing.append(name) if same else differing.append((name, installed[name], wanted))
    missing = sorted(needed_by(package) - installed.keys())
    return Comparison(tuple(agreeing), tuple(differing), tuple(missing))


def needed_by(package: str, extra: str = "", environment: dict[str, str] | None = None) -> set[str]:
    """Canonical names of all that a package needs, directly and through others, as far as those are installed.

    Parameters
    ----------
    package : str
        Name of an installed distribution; nothing is found for one that is not installed.
    extra : str
        Extra of that package to count in.
    environment : dict, optional
        Values of environment markers to suppose in place of this machine's, such as ``{"sys_platform": "win32"}``.
    """
    found: set[str] = set()
    waiting = [(canonicalize_name(package), frozenset({"", extra}))]
    seen = set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        name, extras = node
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for requirement in map(Requirement, lines):
            marker = requirement.marker
            if marker and not any(marker.evaluate({**(environment or {}), "extra": one}) for one in extras):
                continue
            child = canonicalize_name(requirement.name)
            found.add(child)
            waiting.append((child, frozenset({"", *requirement.extras})))
    return found
