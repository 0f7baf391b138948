"""Say for each path of a tree which role it plays and which unit it belongs to."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import translate

from connectors.catalogue.tables import Catalogue
from connectors.model import Role

_CHART = "Chart.yaml"
_MEASURES = re.compile(
    r"(?i)(?:^|[/_.-])(?:\w*evals?(?:uation)?s?|evaluat\w*|\w*bench(?:mark(?:s|ing)?)?|load[_-]?tests?|perf[_-]?tests?|stress)(?:[/_.]|$)"
    r"|(?:^|/)(?:evals?|bench(?:marks?)?)[_-]"
)
# A test of one file is called after that file: test_evaluator.py and load_test.go measure nothing.
_OF_A_FILE = re.compile(
    r"(?i)^test_(?P<py>.+)\.py$|^(?P<any>.+?)(?:_test|_spec|[.-]test|[.-]spec|Tests?)\.\w+$"
)
_MEASURE = re.compile(r"(?i)(?:^|[_.-])(?:evals?|bench(?:mark)?s?|stress|perf|load_?test)(?:[_.-]|$)")


def _measures(path: str) -> bool:
    """Say whether a file is of an evaluation or a benchmark, by its folders or its own name."""
    folder, _, name = path.rpartition("/")
    if _MEASURES.search(folder) is not None:
        return True
    unit = _OF_A_FILE.match(name)
    if unit is None:
        return _MEASURES.search(name) is not None
    return _MEASURE.search(unit["py"] or unit["any"]) is not None


class Roles:
    """The role rules of a catalogue; the order of its lines decides between them."""

    def __init__(self, catalogue: Catalogue) -> None:
        rules = list(enumerate(catalogue.role))
        self._roles = [rule.role for rule in catalogue.role]
        self._folders = {folder: index for index, rule in reversed(rules) for folder in rule.folders}
        self._globs = [(index, _any_of(rule.folders)) for index, rule in rules]
        self._package_roots = tuple(f"/{root}/" for root in catalogue.package_roots)
        self._files = [
            (rule.role, re.compile("|".join(translate(glob) for glob in rule.files)))
            for rule in catalogue.role
            if rule.files
        ]
        self._known: dict[str, Role | None] = {}
        self._of_path: dict[str, Role] = {}
        self._projects: dict[str, str] = {}
        self._globbed: dict[tuple[str, str], list[int]] = {}
        self._open = {folder: index for index, rule in reversed(rules) for folder in rule.with_tests}
        self._suites: dict[str, int] = {}
        self._charts: set[str] = set()

    def note(self, path: str) -> None:
        """Take notice of a file: a test makes the folder it lies in a suite where the name leaves it open."""
        parts = path.split("/")
        if parts[-1] == _CHART:
            self._charts.add("/".join([*parts[:-1], "templates"]))
        for index, name in enumerate(parts[:-1]):
            rule = self._open.get(name.lower())
            if rule is not None and self._by_name(parts[-1]) is self._roles[rule]:
                self._suites.setdefault("/".join(parts[: index + 1]), rule)

    def of(self, path: str) -> Role:
        """Return the role of a file by the folders above it and by its own name."""
        role = self._of_path.get(path)
        if role is None:
            role = self._of_path[path] = self._role(path)
        return role

    def makes_up(self, path: str) -> bool:
        """Say whether a file is of a test that tries code, and makes up what that needs.

        Evaluations and benchmarks have the role of tests as well, and call what they name.
        """
        return self.of(path) is Role.TEST and not _measures(path)

    def _role(self, path: str) -> Role:
        folder, _, name = path.rpartition("/")
        if folder not in self._known:
            found = [rule for _, rule in self._told(folder)]
            self._known[folder] = self._roles[min(found)] if found else None
        by_folder = self._known[folder]
        if by_folder is not None:
            return by_folder
        return self._by_name(name) or Role.APPLICATION

    def _by_name(self, name: str) -> Role | None:
        return next((role for role, pattern in self._files if pattern.match(name)), None)

    def project_of(self, path: str) -> str:
        """Return the folder of the example or suite a file is part of: below the first folder with a role.

        That folder itself where nothing lies between it and the file; empty where no folder says a role.
        """
        folder = path.rpartition("/")[0]
        if folder not in self._projects:
            first = next((index for index, _ in self._told(folder)), None)
            steps = [] if first is None else self._telling(folder).split("/")[: first + 2]
            self._projects[folder] = "/".join(steps)
        return self._projects[folder]

    def _told(self, folder: str) -> Iterator[tuple[int, int]]:
        """Yield which of a path's folders fall under a rule, and which rule that is (the first is 0).

        A glob is tried with the folder alone and with the one above it (``src/*Test``; ``/recipes``: nothing
        is above), and in its own case: ``jvmTest`` is a set of tests, ``latest`` is none.
        """
        above = path = ""
        for index, name in enumerate(self._telling(folder).split("/")):
            path = f"{path}/{name}" if path else name
            if path in self._charts:  # what a chart installs, and no template of a project
                above = name
                continue
            found = [rule] if (rule := self._folders.get(name.lower())) is not None else []
            found += [self._suites[path]] if path in self._suites else []
            found += self._by_glob(above, name)
            if found:
                yield index, min(found)
            above = name

    def _by_glob(self, above: str, name: str) -> list[int]:
        pair = (above, name)
        if pair not in self._globbed:
            known = (name, f"{above}/{name}")
            self._globbed[pair] = [rule for rule, globs in self._globs if any(map(globs.match, known))]
        return self._globbed[pair]

    def _telling(self, folder: str) -> str:
        """Return the part of a folder's path whose words count: below a package root they are packages."""
        below = f"/{folder}/"
        places = [place for root in self._package_roots if (place := below.find(root)) >= 0]
        return folder[: min(places)] if places else folder


class Units:
    """Find the unit of a path: the nearest folder with a manifest or an infrastructure stack, or the root.

    A stack that another one calls as a module is not deployed by itself: it belongs to the unit that calls
    it when there is just one in this tree, and stands alone when none or several do. A folder that only says
    how something is packed (``docker/Dockerfile``, ``chart/Chart.yaml``) belongs to the unit it lies in,
    unless that is only the root of a workspace, which holds many.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._exact = frozenset(name for name in catalogue.unit_markers if "*" not in name)
        self._globs = _any_of(catalogue.unit_markers)
        self._stack_globs = _any_of(catalogue.stack_markers)
        self._packing = frozenset(catalogue.packing_markers)
        self._packing_folders = frozenset(catalogue.packing_folders)
        self._workspace_globs = _any_of(catalogue.workspace_markers)
        self._workspace_exact = frozenset(catalogue.workspace_markers)
        self._folders: set[str] = set()
        self._packed: set[str] = set()
        self._workspaces: set[str] = set()
        self._stacks: set[str] = set()
        self._callers: dict[str, set[str]] = {}

    def note(self, path: str) -> None:
        """Take notice of a file of the tree."""
        folder, _, name = path.rpartition("/")
        if name in self._packing:
            self._packed.add(folder)
        elif name in self._exact or self._globs.match(name):
            self._folders.add(folder)
        elif self._stack_globs.match(name):
            self._stacks.add(folder)
        if name in self._workspace_exact or self._workspace_globs.match(name):
            self._workspaces.add(folder)

    def note_workspace(self, path: str) -> None:
        """Take notice that the manifest at ``path`` holds together others below it."""
        self._workspaces.add(path.rpartition("/")[0])

    def note_call(self, path: str, source: str) -> None:
        """Take notice that the stack of the file at ``path`` calls the folder ``source`` as a module."""
        caller = path.rpartition("/")[0]
        called = posixpath.normpath(posixpath.join(caller, source))
        if called != caller and not called.startswith(("..", "/")):
            self._callers.setdefault("" if called == "." else called, set()).add(caller)

    def of(self, path: str) -> str:
        """Return the unit's folder relative to the root; ask only after all files were noted."""
        return self._unit(path.rpartition("/")[0], frozenset()) or "."

    def below(self, top: str) -> set[str]:
        """Return the folders of the units in a first folder of the tree, that folder itself included."""
        own = self._folders | self._stacks | self._packed
        return {folder for folder in own if folder == top or folder.startswith(f"{top}/")}

    def is_loose(self, path: str) -> bool:
        """Say whether a path belongs to nothing but the root, which has no manifest to hold it together."""
        return self.of(path) == "." and not self._is_unit("")

    def _unit(self, folder: str, seen: frozenset[str]) -> str:
        while folder and not self._is_unit(folder):
            folder = folder.rpartition("/")[0]
        if folder in self._packed and folder not in self._folders:
            return self._packed_with(folder)
        if folder in self._folders or folder not in self._stacks or folder in seen:
            return folder
        units = {self._unit(caller, seen | {folder}) for caller in self._callers.get(folder, ())}
        return units.pop() if len(units) == 1 else folder

    def _is_unit(self, folder: str) -> bool:
        return folder in self._folders or folder in self._stacks or folder in self._packed

    def _packed_with(self, folder: str) -> str:
        """Return the unit that a folder of packing files packs: the one around it, or itself."""
        outer = folder
        is_packing = False
        while outer:
            outer, _, name = outer.rpartition("/")
            is_packing = is_packing or name.lower() in self._packing_folders
            if outer in self._folders:
                return outer if is_packing and outer not in self._workspaces else folder
        return folder


def _any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        "|".join(translate(name) for name in names if "*" in name or name.startswith("/")) or r"(?!)"
    )
