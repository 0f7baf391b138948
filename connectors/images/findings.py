"""Make findings of what was read of an image: the image itself, and what is in it.

An image has one unit: it is built and started as a whole. Everything in it is graded ``configured``: it
lies ready, but that the image runs anywhere is for a cluster or a cloud to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from connectors.catalogue.tables import Catalogue
from connectors.clients.git_folder import normalise_url
from connectors.code import tree_joins
from connectors.code.assemble import Frame, findings, source_of
from connectors.code.facts import Fact
from connectors.code.reading import Seen, TreeFacts
from connectors.code.registry import Formats
from connectors.code.roles import Roles, Units
from connectors.code.targets import Target
from connectors.images import running
from connectors.images.contents import ANY, CONTENTS, ContentReader
from connectors.images.manifests import ImageConfig
from connectors.images.reading import ReadImage
from connectors.images.targets import ImageTarget
from connectors.kinds import KINDS
from connectors.model import (
    Evidence,
    Finding,
    Grade,
    Json,
    Link,
    NaturalKey,
    OwnerHint,
    Ref,
    RelationKind,
    Role,
)

IMAGE = "image"
"""The part for the image itself and what its configuration says."""
PROVIDER = "oci"
_MAX_LINKS = 50
_MAX_HIDDEN = 50
_LABEL = "org.opencontainers.image."
_SOURCES = (f"{_LABEL}source", "org.label-schema.vcs-url", "io.openshift.build.source-location")
_REVISIONS = (f"{_LABEL}revision", "org.label-schema.vcs-ref", "io.openshift.build.commit.id")
_OWNERS = ((f"{_LABEL}authors", 0.4), ("maintainer", 0.4), (f"{_LABEL}vendor", 0.2))
_KEPT_LABELS = {"title": f"{_LABEL}title", "version": f"{_LABEL}version", "vendor": f"{_LABEL}vendor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What all findings of one image have in common."""

    target: ImageTarget
    read: ReadImage
    formats: Formats
    contents: ContentReader
    observed_at: datetime


class ImageFacts:
    """The facts of an image, joined as those of a tree are, and told as findings."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._layers: dict[str, str] = {}
        self._facts = _blank(view.formats, view.contents)
        self._gather()
        tree_joins.run(self._facts)
        # What the joins leave out or mark is listed beside the image itself.
        self._facts.exceptions[IMAGE] += self._facts.places

    @property
    def exceptions(self) -> Mapping[str, list[tuple[str, str]]]:
        """Return what could not be read, by part."""
        return self._facts.exceptions

    def image(self) -> Iterator[Finding]:
        """Yield the image and what its configuration says; nothing of an image without AI."""
        inside = list(self.inside(IMAGE))
        artifacts = list(self._artifacts())
        standing = [
            *inside,
            *(one for part in self._facts.by_part if part != IMAGE for one in self.inside(part)),
        ]
        if standing:
            yield self._image(standing)
        yield from inside
        yield from artifacts

    def inside(self, part: str) -> Iterator[Finding]:
        """Yield what a part shows of the image's inside."""
        frame = Frame(
            target=Target(written=self._view.target.locator, folder=None, repository=self._view.target.name),
            ref=Ref(name=""),
            observed_at=self._view.observed_at,
            code_owners=None,
        )
        for finding in findings(self._facts, part, frame):
            yield self._told(finding)

    def _told(self, finding: Finding) -> Finding:
        """Return a finding of the image's only unit under the image's own identity."""
        name = self._view.target.name
        return replace(
            finding,
            natural_key=self._key(finding.natural_key.key),
            aliases=tuple(
                NaturalKey(namespace=f"image/{other}", key=_own(finding.natural_key.key))
                for other in self._view.target.aliases
            ),
            links=tuple(replace(link, target=self._key(link.target.key)) for link in finding.links),
            evidence=tuple(self._evidence(one) for one in finding.evidence),
            grade=max(finding.grade, Grade.CONFIGURED, key=lambda grade: grade.rank),
            ref=None,
            account=name,
            application=self._view.target.repository,
        )

    def _evidence(self, one: Evidence) -> Evidence:
        layer = self._layers.get(source_of(one.locator), "")
        detail = " ".join(piece for piece in (one.detail[:110], f"layer {layer}" if layer else "") if piece)
        return replace(one, detail=detail[:200])

    def _key(self, key: str) -> NaturalKey:
        return NaturalKey(namespace=f"image/{self._view.target.name}", key=_own(key))

    def _gather(self) -> None:
        view, seen = self._view, set()
        parts = {name: row.part for name, row in view.formats.rows.items()}
        for system in view.read.systems:
            for held in system.files.values():
                self._layers.setdefault(held.path, held.layer)
                for name, fact in held.facts:
                    locked = str(fact.attributes.get("locked"))
                    mark = (held.path, name, fact.kind, fact.identifier, fact.line, locked)
                    if mark not in seen:
                        seen.add(mark)
                        self._add(parts.get(name, CONTENTS), held.path, name, fact)
            for path, reader, reason in system.problems:
                self._except(path, reader, reason)
        for number, image in enumerate(view.read.images):
            names = (view.target.name, *view.target.aliases) if number == 0 else ()
            named = tuple(name for name in names if not name.startswith("local/"))
            for name, fact in running.facts(image.config, named, view.formats):
                self._facts.by_part[IMAGE].append(Seen(running.PLACE, fact, name))

    def _add(self, part: str, path: str, name: str, fact: Fact) -> None:
        if fact.kind in KINDS:
            self._facts.by_part[part].append(Seen(path, fact, name))
        else:
            self._facts.notes.setdefault(fact.kind, []).append(Seen(path, fact, name))
        if not path.endswith("__init__.py"):  # of a package only the image knows whether it is installed
            self._facts.local_modules.note(path)

    def _except(self, path: str, reader: str, reason: str) -> None:
        """List what could not be read under each part that might have shown something of it."""
        formats = self._view.formats
        if reader in formats.rows:
            self._facts.exceptions[formats.rows[reader].part].append((path, f"{reader}: {reason}"))
        elif reader == ANY:
            for part in formats.parts_of(formats.plan(path)):
                self._facts.exceptions[part].append((path, reason))
        else:
            self._facts.exceptions[CONTENTS].append((path, reason))

    def _image(self, inside: list[Finding]) -> Finding:
        view = self._view
        configs = [image.config for image in view.read.images]
        labels: dict[str, str] = {}
        for config in configs:
            labels = {**config.labels, **labels}
        models = list(
            dict.fromkeys(
                one.natural_key for one in inside if one.kind == "model" and one.role is Role.APPLICATION
            )
        )
        where = view.target.path.as_posix() if view.target.path else str(view.target.reference)
        return Finding(
            kind="container_image",
            provider=PROVIDER,
            natural_key=NaturalKey(namespace=f"image/{view.target.name}", key=view.target.repository),
            name=view.target.repository,
            evidence=(
                Evidence(
                    source=IMAGE,
                    locator=where,
                    observed_at=view.observed_at,
                    detail=f"digest {view.read.digest}"[:200],
                ),
            ),
            grade=Grade.CONFIGURED,
            aliases=tuple(
                NaturalKey(namespace=f"image/{other}", key=other.partition("/")[2])
                for other in view.target.aliases
            ),
            account=view.target.name,
            application=view.target.repository,
            attributes=_image_attributes(view, configs, labels),
            tags=_origin(labels),
            owner_hints=_owners(labels),
            links=tuple(
                Link(relation=RelationKind.USES_MODEL, target=key) for key in list(models)[:_MAX_LINKS]
            ),
        )

    def _artifacts(self) -> Iterator[Finding]:
        """Yield a model that is kept in a registry in the form of an image."""
        view = self._view
        for image, kind in view.read.not_images:
            if not is_model(kind, view):
                continue
            name = (
                f"{view.target.repository}:{view.target.tag}" if view.target.tag else view.target.repository
            )
            yield Finding(
                kind="model",
                provider="self-hosted",
                natural_key=NaturalKey(
                    namespace=f"image/{view.target.name}", key=f"model|{view.target.repository}"
                ),
                name=name,
                evidence=(
                    Evidence(
                        source=IMAGE,
                        locator=str(view.target.reference or view.target.path),
                        observed_at=view.observed_at,
                        detail=f"artifact of type {kind}"[:200],
                    ),
                ),
                grade=Grade.CONFIGURED,
                account=view.target.name,
                application=view.target.repository,
                model=name,
                attributes={"artifact_type": kind, "digest": image.digest},
            )
            return


def is_model(kind: str, view: View) -> bool:
    """Say whether an artifact of this type is a model."""
    return kind.startswith(view.contents.model_artifacts)


class _ImageRoles(Roles):
    """Roles of paths in an image: what package managers installed is what the image runs."""

    def __init__(self, catalogue: Catalogue, contents: ContentReader) -> None:
        super().__init__(catalogue)
        self._contents = contents

    def of(self, path: str) -> Role:
        """Return the role of a path."""
        return Role.APPLICATION if self._contents.is_installed(path) else super().of(path)


def _blank(formats: Formats, contents: ContentReader) -> TreeFacts:
    parts = (IMAGE, CONTENTS, *formats.parts)
    return TreeFacts(
        catalogue=formats.catalogue,
        units=Units(formats.catalogue),
        roles=_ImageRoles(formats.catalogue, contents),
        by_part={part: [] for part in parts},
        exceptions={part: [] for part in parts},
    )


def _own(key: str) -> str:
    """Return the key of a code finding without its unit, of which an image has one."""
    return key.partition("|")[2] or key


def _image_attributes(view: View, configs: list[ImageConfig], labels: Mapping[str, str]) -> dict[str, Json]:
    sizes = [layer.size for image in view.read.images for layer in image.layers if layer.size >= 0]
    names = list(dict.fromkeys(name for config in configs for name in running.variable_names(config)))
    hidden = sorted({held.path for system in view.read.systems for held in system.hidden})
    told: dict[str, Json] = {
        "repository": view.target.name,
        "tag": view.target.tag,
        "digest": view.read.digest,
        "platforms": list[Json](dict.fromkeys(config.platform for config in configs if config.platform)),
        "layers": max((len(image.layers) for image in view.read.images), default=0),
        "size_bytes": sum(sizes),
        "created": next((config.created for config in configs if config.created), ""),
        "env_names": list[Json](names[:100]),
        # In the image's bytes still, though a later layer took it away: a lesson for who thinks it gone.
        "only_in_lower_layers": list[Json](hidden[:_MAX_HIDDEN]),
        **{name: labels[label][:200] for name, label in _KEPT_LABELS.items() if labels.get(label)},
        **_origin(labels),
    }
    return {key: value for key, value in told.items() if value not in ("", 0, [])}


def _origin(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the repository and revision that labels name, the repository as the code connector spells it."""
    told: dict[str, str] = {}
    for label in _SOURCES:
        source = normalise_url(labels.get(label, "").removeprefix("git+"))
        if source:
            told["source_repository"] = source
            break
    for label in _REVISIONS:
        if labels.get(label, "").strip():
            told["revision"] = labels[label].strip()[:100]
            break
    return told


def _owners(labels: Mapping[str, str]) -> tuple[OwnerHint, ...]:
    return tuple(
        OwnerHint(
            candidate=labels[label].strip()[:200],
            source="image label",
            confidence=confidence,
            why=f"the image's label {label} names them",
        )
        for label, confidence in _OWNERS
        if labels.get(label, "").strip()
    )
