"""Say for each path of a tree which role it plays and which unit it belongs to."""

from __future__ import annotations

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
    """Find the unit of a path: the nearest folder that holds a manifest, or the root (``.``)."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._exact = frozenset(name for name in catalogue.unit_markers if "*" not in name)
        globs = [translate(name) for name in catalogue.unit_markers if "*" in name]
        self._globs = re.compile("|".join(globs) or r"(?!)")
        self._folders: set[str] = set()

    def note(self, path: str) -> None:
        """Take notice of a file of the tree."""
        folder, _, name = path.rpartition("/")
        if name in self._exact or self._globs.match(name):
            self._folders.add(folder)

    def of(self, path: str) -> str:
        """Return the unit's folder relative to the root; ask only after all files were noted."""
        folder = path.rpartition("/")[0]
        while folder and folder not in self._folders:
            folder = folder.rpartition("/")[0]
        return folder or "."
