"""Turn a configured target into the images it stands for, each with an identity that stays.

An image in a registry is its registry and repository, whatever its tag or digest: a new build is the same
thing. An archive or layout that names a registry is taken at its word; without a name it is this machine and
the path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from connectors.code.targets import local_id
from connectors.errors import ConfigError
from connectors.images.archive import NAMES, ImageArchive
from connectors.images.manifests import Choice
from connectors.images.reference import Reference, has_registry, parse_reference
from connectors.images.registry_client import RegistryClient
from connectors.images.sources import LayoutFolder
from connectors.images.streams import StreamLimits
from connectors.secrets import redact

_MARK = "#"
_PATH_ENDINGS = (".tar", ".tar.gz", ".tgz")
_REF_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTarget:
    """One image to read.

    ``name`` is registry and repository (or the local id), ``version`` what the place is asked for,
    ``aliases`` are further names of the same image. One of ``path`` and ``reference`` says where it is.
    """

    name: str
    version: str
    tag: str = ""
    aliases: tuple[str, ...] = ()
    path: Path | None = None
    reference: Reference | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Return what tells this image's scope from others."""
        return (self.name, self.tag) if self.tag else (self.name,)

    @property
    def repository(self) -> str:
        """Return the name without its registry."""
        return Path(self.name).name if self.name.startswith("local/") else self.name.partition("/")[2]

    @property
    def label(self) -> str:
        """Return a name for people."""
        shown = self.repository if self.name.startswith("local/") else self.name
        return f"{shown}:{self.tag}" if self.tag else shown

    @property
    def locator(self) -> str:
        """Return where to read it, as :func:`from_locator` understands it."""
        return f"{self.path}{_MARK}{self.version}" if self.path else str(self.reference)


def is_path(text: str) -> bool:
    """Say whether a target is meant as a file or folder rather than as the name of an image."""
    return (
        text.startswith(("/", "./", "../", "~"))
        or text.endswith(_PATH_ENDINGS)
        or text in (".", "..")
        or Path(text).exists()
    )


def open_local(path: Path, limits: StreamLimits) -> ImageArchive | LayoutFolder:
    """Return the reader of an archive or a layout folder; raises ``ConfigError`` when it is neither."""
    if path.is_file():
        return ImageArchive(path, limits)
    if (path / "index.json").is_file():
        return LayoutFolder(path)
    what = "is no OCI image layout (it has no index.json)" if path.is_dir() else "does not exist"
    raise ConfigError(
        f"the target {redact(str(path))!r} {what}",
        hint="Name an image archive, a layout folder, or an image like registry.example.org/team/app:tag.",
    )


def local_targets(text: str, limits: StreamLimits) -> list[ImageTarget]:
    """Return the images of an archive or layout folder."""
    path = Path(text).expanduser().resolve()
    return list(_targets_in(open_local(path, limits), path))


def named_by(source: ImageArchive | LayoutFolder, target: ImageTarget) -> ImageTarget:
    """Return a target with the names that its archive or layout gives it now."""
    assert target.path is not None
    found = _targets_in(source, target.path)
    return next((one for one in found if one.version == target.version), target)


def _targets_in(source: ImageArchive | LayoutFolder, path: Path) -> Iterator[ImageTarget]:
    choices = [choice for choice in source.choices() if not choice.platform.startswith("unknown")]
    for number, choice in enumerate(choices):
        names = [parse_reference(name) for name in _names(choice) if has_registry(name)]
        own = names[0].name if names else local_id(path)
        aliases = dict.fromkeys(one.name for one in names[1:] if one.name != own)
        yield ImageTarget(
            name=own,
            version=choice.digest,
            tag=names[0].tag if names else str(number) if len(choices) > 1 else "",
            aliases=tuple(aliases),
            path=path,
        )


def registry_targets(
    text: str, client_of: Callable[[str], RegistryClient], most: int, cut: Callable[[str], None]
) -> Iterator[ImageTarget]:
    """Yield the images that a name stands for; one with * or ? is looked up in the registry.

    ``cut`` is told when there are more than ``most``.
    """
    reference = parse_reference(text)
    if not reference.is_listing:
        yield _in_registry(reference)
        return
    client, count = client_of(reference.host), 0
    for repository in _repositories(client, reference.repository):
        for tag in _tags(client, repository, reference.tag):
            count += 1
            if count > most:
                cut(f"{text}: more than {most} images; the rest is left out")
                return
            yield _in_registry(Reference(host=reference.host, repository=repository, tag=tag))


def from_locator(locator: str) -> ImageTarget:
    """Return the target that a scope's locator names; a local one has its names from :func:`named_by`."""
    place, mark, version = locator.rpartition(_MARK)
    if not mark:
        return _in_registry(parse_reference(locator))
    return ImageTarget(name=local_id(Path(place)), version=version, path=Path(place))


def distinct(targets: list[ImageTarget]) -> list[tuple[tuple[str, ...], ImageTarget]]:
    """Return scope ids with their targets: a second place of one image gets that place's digest."""
    seen: set[tuple[str, ...]] = set()
    places: set[str] = set()
    found: list[tuple[tuple[str, ...], ImageTarget]] = []
    for target in targets:
        if target.locator in places:
            continue
        places.add(target.locator)
        ids = target.ids
        if ids in seen:
            place = hashlib.sha256(str(target.path or target.locator).encode()).hexdigest()[:12]
            ids = (*ids[:1], target.tag or "latest", f"at-{place}")
        if ids not in seen:
            seen.add(ids)
            found.append((ids, target))
    return found


def _in_registry(reference: Reference) -> ImageTarget:
    return ImageTarget(
        name=reference.name,
        version=reference.version,
        tag=reference.tag or reference.digest,
        reference=reference,
    )


def _repositories(client: RegistryClient, wanted: str) -> Iterator[str]:
    if not any(char in wanted for char in "*?"):
        yield wanted
        return
    for name in client.repositories():
        if fnmatchcase(name, wanted) and _is_name(name):
            yield name


def _tags(client: RegistryClient, repository: str, wanted: str) -> Iterator[str]:
    if not any(char in wanted for char in "*?"):
        yield wanted
        return
    for tag in client.tags(repository):
        if fnmatchcase(tag, wanted) and _is_name("x", tag):
            yield tag


def _is_name(repository: str, tag: str = "x") -> bool:
    """Say whether what a registry lists can be asked for; its answer is not trusted to be."""
    try:
        parsed = parse_reference(f"registry.example.org/{repository}:{tag}")
    except ConfigError:
        return False
    return not parsed.is_listing and parsed.repository == repository and parsed.tag == tag


def _names(choice: Choice) -> list[str]:
    """Return the names that an archive or layout gives an image, the full ones first."""
    names = choice.annotations.get(NAMES, "").split()
    names += [choice.annotations[key] for key in _REF_NAMES if key in choice.annotations]
    good = []
    for name in names:
        try:
            parsed = parse_reference(name)
        except ConfigError:
            continue
        if not parsed.is_listing:
            good.append(name)
    return good
