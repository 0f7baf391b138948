"""Lay the layers of an image over each other: what its file system holds in the end, and what it hides."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.code.facts import FileFacts
from connectors.images.layers import LayerFacts
from connectors.images.manifests import Layer


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file of the final file system that says something, and the digest of the layer it comes from."""

    path: str
    facts: FileFacts
    layer: str


@dataclass(slots=True)
class FileSystem:
    """What an image holds: files with facts by path; ``hidden`` ones only a lower layer still has."""

    files: dict[str, HeldFile] = field(default_factory=dict)
    hidden: list[HeldFile] = field(default_factory=list)
    problems: list[tuple[str, str, str]] = field(default_factory=list)


def lay_over(layers: list[tuple[Layer, LayerFacts]]) -> FileSystem:
    """Return the file system of layers, lowest first."""
    system = FileSystem()
    for layer, facts in layers:
        for path in [path for path in system.files if facts.hides(path)]:
            system.hidden.append(system.files.pop(path))
        system.problems = [one for one in system.problems if not facts.hides(one[0])]
        for path, said in facts.files.items():
            system.files[path] = HeldFile(path, said, layer.digest)
        for path, target in facts.links.items():
            source = system.files.get(facts.links.get(target, target))
            if source is not None:  # a target that says nothing says nothing under this name either
                system.files[path] = HeldFile(path, source.facts, layer.digest)
        system.problems += facts.problems
    return system
