"""Know the Python modules of a tree, and say which imports mean one of them and no installed package."""

from __future__ import annotations


class LocalModules:
    """The Python files of a tree, by the name under which an import could mean them.

    An absolute import finds what lies beside a script or at the root of the sources; what lies inside of a
    package is reached through that package alone. A file imports nothing from itself, but the file that
    makes a folder a package does from its parts.
    """

    __slots__ = ("_packages", "_places")

    def __init__(self) -> None:
        self._places: dict[str, set[str]] = {}
        self._packages: set[str] = set()

    def note(self, path: str) -> None:
        """Take notice of a Python file; of other files it knows nothing."""
        if not path.endswith(".py"):
            return
        folder, _, name = path.rpartition("/")
        self._places.setdefault(name.removesuffix(".py"), set()).add(path)
        if folder and name == _PACKAGE:
            self._packages.add(folder)
            self._places.setdefault(folder.rpartition("/")[2], set()).add(path)

    def hides(self, module: object, path: str) -> bool:
        """Say whether an import of ``module`` in the file ``path`` may mean a module of this tree."""
        if not isinstance(module, str):
            return False
        return any(
            (place != path or place.endswith(_PACKAGE)) and _folder_of(place) not in self._packages
            for place in self._places.get(module.partition(".")[0], ())
        )

    def __or__(self, other: LocalModules) -> LocalModules:
        """Return the modules of two trees together."""
        both = LocalModules()
        for one in (self, other):
            both._packages |= one._packages
            for name, places in one._places.items():
                both._places.setdefault(name, set()).update(places)
        return both


_PACKAGE = "__init__.py"


def _folder_of(place: str) -> str:
    """Return the folder in which a module lies: of a package, the one around its own."""
    folder, _, name = place.rpartition("/")
    return folder.rpartition("/")[0] if name == _PACKAGE else folder
