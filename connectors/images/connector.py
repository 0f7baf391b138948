"""Read container images: one scope an image, with a part for itself and one for each group of formats.

An image is read where it is kept, as streams of its layers; nothing is run, pulled into an engine or
unpacked to disk. What its final file system holds counts; what a later layer took away is only named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import ClassVar

from connectors.catalogue import load_catalogue
from connectors.code.connector import CodeConnector
from connectors.code.registry import Formats, formats_for
from connectors.code.trees import Limits
from connectors.contract import ConnectorInfo, Context, PartHandle
from connectors.errors import ConfigError, NoteAndGoOn
from connectors.hygiene import clean
from connectors.images.archive import ImageArchive
from connectors.images.contents import CONTENTS, ContentReader
from connectors.images.findings import IMAGE, ImageFacts, View, is_model
from connectors.images.options import ImagesOptions
from connectors.images.reading import ImageReader, ReadImage
from connectors.images.registry_client import OPERATIONS, RegistryClient
from connectors.images.registry_source import RegistrySource
from connectors.images.sources import ImageSource, LayoutFolder
from connectors.images.streams import StreamLimits
from connectors.images.targets import (
    ImageTarget,
    distinct,
    from_locator,
    is_path,
    local_targets,
    named_by,
    open_local,
    registry_targets,
)
from connectors.kinds import KINDS
from connectors.model import Finding, Part, Scope, Unchanged

_OWN_KINDS = ("container_image", "model", "model_file", "model_server", "package")


class ImagesConnector:
    """Find AI in container images: archives, OCI layouts, registries."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="images",
        title="Container images: archives, layouts and registries",
        # Whatever code can show, an image's application files can show too.
        kinds=tuple(dict.fromkeys((*_OWN_KINDS, *CodeConnector.info.kinds))),
        operations=OPERATIONS,
        docs=(
            "https://github.com/opencontainers/image-spec (1.1)",
            "https://github.com/opencontainers/distribution-spec (1.1)",
            "https://distribution.github.io/distribution/spec/auth/token",
        ),
        config_model=ImagesOptions,
    )

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """List one scope for each image that the targets stand for.

        Raises ``ConfigError`` for a target that is none, and what a registry's answer means.
        """
        options: ImagesOptions = ctx.config
        if not options.targets:
            raise ConfigError(
                "no image is named",
                hint="Name one after the command, or set the option targets of [connectors.images.main].",
            )
        parts = _parts(_formats(options))
        found: list[ImageTarget] = []
        with _clients(ctx) as clients:
            for text in options.targets:
                if is_path(text):
                    found += local_targets(text, _stream_limits(options))
                else:
                    found += registry_targets(text, clients.of, options.max_images, ctx.incomplete)
        for ids, target in distinct(found):
            yield Scope(
                connector=self.info.name,
                instance=ctx.instance,
                ids=ids,
                parts=parts,
                label=target.label,
                locator=target.locator,
                account=target.name,
            )

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Read one image and yield what it is and holds, part by part."""
        options: ImagesOptions = ctx.config
        facts: ImageFacts | None = None
        gaps: list[tuple[str, str]] = []
        errors: list[NoteAndGoOn] = []
        with ctx.part(IMAGE) as part:
            try:
                view = _read(ctx, options)
            except NoteAndGoOn as noted:
                errors.append(noted)
                raise
            facts, gaps = ImageFacts(view), view.read.gaps
            _note_artifacts(part, view)
            _note(part, facts, IMAGE, gaps)
            yield from _told_apart(facts.image(), ctx.previous(IMAGE))
        for name in [part.name for part in _parts(_formats(options)) if part.name != IMAGE]:
            with ctx.part(name) as part:
                if facts is None:  # what kept the image from being read kept all of it
                    raise errors[0]
                _note(part, facts, name, gaps)
                yield from _told_apart(facts.inside(name), ctx.previous(name))


class _Clients:
    """The registries' clients of one run, one for each host."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._made: dict[str, RegistryClient] = {}

    def of(self, host: str) -> RegistryClient:
        """Return the client of a registry."""
        if host not in self._made:
            self._made[host] = RegistryClient(host, self._ctx.config, self._ctx.network)
        return self._made[host]

    def close(self) -> None:
        """Drop their connections."""
        for client in self._made.values():
            client.close()


@contextmanager
def _clients(ctx: Context) -> Iterator[_Clients]:
    with closing(_Clients(ctx)) as clients:
        yield clients


def _read(ctx: Context, options: ImagesOptions) -> View:
    target = from_locator(ctx.scope.locator)
    formats = _formats(options)
    limits = Limits(text_bytes=options.max_text_bytes, format_bytes=options.max_format_bytes)
    contents = ContentReader(formats, limits)
    reader = ImageReader(contents, ctx.cache, _stream_limits(options))
    with _source(ctx, target, options) as source:
        if isinstance(source, ImageArchive | LayoutFolder):
            target = named_by(source, target)
        read = reader.read(source, target.version, options.platforms)
    return View(target=target, read=read, formats=formats, contents=contents, observed_at=ctx.now())


@contextmanager
def _source(ctx: Context, target: ImageTarget, options: ImagesOptions) -> Iterator[ImageSource]:
    if target.path is not None:
        with nullcontext(open_local(target.path, _stream_limits(options))) as source:
            yield source
        return
    assert target.reference is not None  # one of the two is always there
    with _clients(ctx) as clients:
        yield RegistrySource(clients.of(target.reference.host), target.reference)


def _note(part: PartHandle, facts: ImageFacts, name: str, gaps: list[tuple[str, str]]) -> None:
    """List what could not be read; where a whole layer is missing the part is not complete."""
    for path, reason in facts.exceptions[name]:
        part.exception(path, reason)
    for digest, reason in gaps:
        part.incomplete(f"the layer {digest[:19]} was not read: {reason}")


def _note_artifacts(part: PartHandle, view: View) -> None:
    read: ReadImage = view.read
    for image, kind in read.not_images:
        if not is_model(kind, view):
            part.exception(image.digest, f"an artifact of the type {kind[:100]}, which is no image")


def _parts(formats: Formats) -> tuple[Part, ...]:
    groups = [Part(name=name, kinds=kinds) for name, kinds in formats.parts.items()]
    everything = {*_OWN_KINDS, *(kind for part in groups for kind in part.kinds)}
    return (
        Part(name=IMAGE, kinds=tuple(kind for kind in KINDS if kind in everything)),
        Part(name=CONTENTS, kinds=("package", "model", "model_file")),
        *groups,
    )


def _told_apart(
    found: Iterable[Finding], previous: Mapping[tuple[str, str], str]
) -> Iterator[Finding | Unchanged]:
    """Say of each finding that stands as last recorded only that it does."""
    for finding in found:
        key = finding.natural_key
        cleaned = clean(finding)
        if previous.get((key.namespace, key.key)) == cleaned.fingerprint:
            yield Unchanged(natural_key=key, fingerprint=cleaned.fingerprint)
        else:
            yield cleaned


def _formats(options: ImagesOptions) -> Formats:
    own = Path(options.catalogue).expanduser() if options.catalogue else None
    return formats_for(load_catalogue(own))


def _stream_limits(options: ImagesOptions) -> StreamLimits:
    return StreamLimits(unpacked_bytes=options.max_layer_bytes, members=options.max_members)
