"""Names of a package that are imported when they are first asked for (PEP 562)."""

import importlib
from collections.abc import Callable


def lazy_names(package: str, modules: dict[str, str]) -> tuple[list[str], Callable, Callable]:
    """Make ``__all__``, ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    modules : dict of str to str
        For each name the module of the package that has it.
    """
    names = sorted(modules)

    def __getattr__(name: str):
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}, only {', '.join(names)}.")
        return getattr(importlib.import_module(f"{package}.{modules[name]}"), name)

    return names, __getattr__, lambda: names
