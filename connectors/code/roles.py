"""Say for each path of a tree which role it plays and which unit it belongs to."""

from __future__ import annotations

import posixpath
import re
from fnmatch import translate

from connectors.catalogue.tables import Catalogue
from connectors.model import Role


class Roles:
    """The role rules of a catalogue; the order of its lines decides between them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._folders = {folder: rule.role for rule in reversed(catalogue.role) for folder in rule.folders}
        self._order = {rule.role: index for index, rule in enumerate(catalogue.role)}
        self._files = [
            (rule.role, re.compile("|".join(translate(glob) for glob in rule.files)))
            for rule in catalogue.role
            if rule.files
        ]
        self._known: dict[str, Role | None] = {}

    def of(self, path: str) -> Role:
        """Return the role of a file by the folders above it and by its own name."""
        folder, _, name = path.rpartition("/")
        if folder not in self._known:
            found = [
                self._folders[part.lower()] for part in folder.split("/") if part.lower() in self._folders
            ]
            self._known[folder] = min(found, key=self._order.__getitem__, default=None)
        by_folder = self._known[folder]
        if by_folder is not None:
            return by_folder
        for role, pattern in self._files:
            if pattern.match(name):
                return role
        return Role.APPLICATION


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
    return re.compile("|".join(translate(name) for name in names if "*" in name) or r"(?!)")
