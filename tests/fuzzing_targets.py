"""The targets of the fuzzing: the formats of the code connector, and the other readers of foreign bytes."""

from __future__ import annotations

import base64
import contextlib
import gzip
import importlib
import io
import json
import re
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from connectors.catalogue import load_catalogue
from connectors.code.facts import MAX_FACTS, Fact, Hit, Source, UnreadableError
from connectors.code.ignore import IgnoreRules
from connectors.code.owners import CodeOwners
from connectors.code.registry import UNREAD, Formats, Parser, formats_for
from connectors.code.trees import Limits
from connectors.errors import BadResponse
from connectors.images.archive import ImageArchive
from connectors.images.binaries import read_program
from connectors.images.contents import ContentReader
from connectors.images.installed import golang, reader_of
from connectors.images.jars import coordinates
from connectors.images.knowledge import load_knowledge
from connectors.images.layers import LayerFacts, read_layer
from connectors.images.manifests import load, read_config, read_manifest
from connectors.images.streams import CHUNK, Hashed, LayerError, StreamLimits, unpacked
from tests.fuzzing import CANARY, FOLDER, PLAIN_CANARY, Seed, Target
from tests.image_samples import dist_info, gguf, go_program, image, index, layer, layout_files, rpm_database

_LIMITS = StreamLimits(unpacked_bytes=50_000_000, members=20_000)
_MIXED_PATHS = ("src/app.py", "docs/a b/c.md", "ünïcode/" + "x/" * 30 + "y.py")


@cache
def all_targets() -> tuple[Target, ...]:
    """Return every target; raises ``KeyError`` for a format that has no seed."""
    return (*_code_targets(), *_installed_targets(), *_binary_targets(), *_text_targets())


def found_seeds() -> list[tuple[str, Seed]]:
    """Return the inputs that once broke a target, with its name."""
    return [(name, seed) for name, several in _seeds("found.toml").items() for seed in several]


@cache
def _seeds(file: str) -> dict[str, tuple[Seed, ...]]:
    content: dict[str, list[dict[str, Any]]] = tomllib.loads((FOLDER / file).read_text(encoding="utf-8"))
    found: dict[str, tuple[Seed, ...]] = {}
    for row in content["seed"]:
        data = base64.b64decode(row["base64"]) if "base64" in row else row["text"].encode()
        data = data.replace(b"@CANARY@", CANARY.encode()).replace(b"@PLAIN@", PLAIN_CANARY.encode())
        data = row.get("before", "").encode() + data * row.get("times", 1) + row.get("after", "").encode()
        found[row["format"]] = (*found.get(row["format"], ()), Seed(row["path"], data))
    return found


def _code_targets() -> Iterator[Target]:
    formats = formats_for(load_catalogue())
    seeds = _seeds("formats.toml")
    for row in formats.catalogue.format:
        yield Target(
            name=row.name,
            seeds=seeds[row.name],
            read=_format_reader(formats, row.name),
            words=_words_of(formats, row.name, seeds[row.name]),
            kinds=row.kinds,
        )


def _format_reader(formats: Formats, name: str) -> Callable[[Seed], Sequence[Fact]]:
    """Return what the registry does for one format, but with its exceptions."""
    row = formats.rows[name]
    module, _, function = row.parser.partition(":")
    parser: Parser = getattr(importlib.import_module(module), function)

    def read(seed: Seed) -> Sequence[Fact]:
        plan = formats.plan(seed.path)
        data = seed.data[: row.head] if row.head else seed.data
        hits: tuple[Hit, ...] = ()
        if row.hits:
            found = formats.prefilter.search(data) if plan.syntax not in UNREAD else []
            hits = tuple(hit for hit in found if hit.hit_class in row.hits)
            if not hits:
                return ()
        source = Source(
            data=data,
            name=seed.path.rpartition("/")[2],
            syntax=plan.syntax,
            catalogue=formats.catalogue,
            hits=hits,
            label=plan.label,
        )
        try:
            return list(islice(parser(source), MAX_FACTS + 1))
        except UnreadableError:
            return ()

    return read


def _words_of(formats: Formats, name: str, seeds: Sequence[Seed]) -> tuple[bytes, ...]:
    """Return the literals that lead to a format, and the words of its seeds, the longest first."""
    row = formats.rows[name]
    words: dict[bytes, None] = {}
    for seed in seeds if row.hits else ():
        for hit in formats.prefilter.search(seed.data):
            if hit.hit_class in row.hits:
                words[seed.data[hit.start : hit.end]] = None
    for seed in seeds:
        found = re.findall(rb"[\w@/.${}<\[\"-]{3,40}[=:({\[ ]{0,3}", seed.data)
        words |= dict.fromkeys(sorted(found, key=len, reverse=True)[:12])
    return tuple(words)[:16]


_INSTALLED: dict[str, tuple[str, str | bytes]] = {
    "rpm-installed": (
        "var/lib/rpm/rpmdb.sqlite",
        rpm_database(("ollama", "0.12.3", "1.fc43"), ("bash", "5.2", "1"), page_size=512),
    ),
    "python-installed": ("x.dist-info/METADATA", dist_info("openai")[1]),
    "npm-installed": ("node_modules/openai/package.json", '{"name": "openai", "version": "4.0.0"}'),
    "gem-installed": (
        "specifications/a.gemspec",
        'Gem::Specification.new do |s|\n  s.name = "ruby-openai".freeze\n  s.version = "7.1.0"\nend\n',
    ),
    "composer-installed": (
        "vendor/composer/installed.json",
        '{"packages": [{"name": "openai-php/client", "version": "1.0", "dist": {"type": "zip"}}]}',
    ),
    "nuget-installed": ("a.deps.json", '{"libraries": {"OpenAI/2.0.0": {"type": "package"}}}'),
    "cran-installed": ("library/ellmer/DESCRIPTION", "Package: ellmer\nVersion: 0.1.0\n"),
    "dpkg-installed": (
        "var/lib/dpkg/status",
        "Package: libtorch2.6\nStatus: install ok installed\nVersion: 2.6.0-1\n\nPackage: bash\n",
    ),
    "apk-installed": ("lib/apk/db/installed", "C:Q1abc=\nP:ollama\nV:0.12.3-r0\n\nP:busybox\nV:1.37.0\n"),
}


def _installed_targets() -> Iterator[Target]:
    for row in load_knowledge().installed:
        path, content = _INSTALLED[row.name]
        data = content if isinstance(content, bytes) else content.encode()
        yield _target(row.name, _told(reader_of(row.reader)), path, data)


def _told(reader: Callable[[Source], Iterator[Fact]]) -> Callable[[Seed], Sequence[Fact]]:
    def read(seed: Seed) -> Sequence[Fact]:
        with contextlib.suppress(UnreadableError):
            return list(islice(reader(_source(seed.data)), MAX_FACTS + 1))
        return ()

    return read


def _source(data: bytes) -> Source:
    return Source(data=data, name="x", syntax="config", catalogue=load_catalogue())


def _target(name: str, read: Callable[[Seed], Sequence[Fact]], path: str, *several: bytes) -> Target:
    words = tuple(dict.fromkeys(re.findall(rb"[\w@/.\"-]{3,40}[=: ]{0,2}", several[0])))[:12]
    return Target(name=name, seeds=tuple(Seed(path, data) for data in several), read=read, words=words)


def _binary_targets() -> Iterator[Target]:
    built = image(
        dict([dist_info("openai")]),
        {"app/main.py": "import openai\n", "models/a.gguf": gguf(), "app/x.jar": _jar()},
    )
    tar = layer({**dict([dist_info("openai")]), "app/requirements.txt": "openai\n", "app/x.jar": _jar()})
    yield _target("image-layer", _read_layer, "layer.tar", tar, gzip.compress(tar, mtime=0))
    yield _target("image-archive", _read_archive, "image.tar", layer(layout_files(built)))
    yield _target("image-manifest", _read_manifest, "m.json", built.manifest, index({"linux/amd64": built}))
    yield _target("image-config", _read_config, "config.json", built.config)
    program = go_program(("github.com/openai/openai-go", "v1.2.3"))
    yield _target("program", _read_program, "app", program)
    yield _target("jar", _read_jar, "a.jar", _jar(), _jar(stored=True))


def _jar(*, stored: bool = False) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as made:
        text = "groupId=dev.langchain4j\nartifactId=langchain4j\nversion=1.0\n"
        made.writestr("META-INF/maven/dev.langchain4j/langchain4j/pom.properties", text)
        made.writestr("a/A.class", b"x" * 500)
    return target.getvalue()


@cache
def _contents() -> ContentReader:
    return ContentReader(formats_for(load_catalogue()), Limits())


def _read_layer(seed: Seed) -> Sequence[Fact]:
    stream = unpacked(Hashed(io.BytesIO(seed.data), "sha256:"), _LIMITS)
    with contextlib.suppress(LayerError):
        found = read_layer(stream, _contents(), _LIMITS, is_base=False)
        wrong = [reason for _, _, reason in found.problems if "parser error" in reason]
        if wrong or LayerFacts.unpack(found.pack()) != found:
            raise AssertionError(wrong or "the layer comes back as another")
        return [fact for _, fact in found.facts()]
    return ()


def _read_archive(seed: Seed) -> Sequence[Fact]:
    with tempfile.NamedTemporaryFile(suffix=".tar") as file, contextlib.suppress(LayerError, BadResponse):
        file.write(seed.data)
        file.flush()
        archive = ImageArchive(Path(file.name), _LIMITS)
        for choice in archive.choices()[:5]:
            for one in archive.images(choice.digest, ())[1][:5]:
                for _, stream in archive.layers(one.layers):
                    while not isinstance(stream, LayerError) and stream.read(CHUNK):
                        pass
    return ()


def _read_manifest(seed: Seed) -> Sequence[Fact]:
    with contextlib.suppress(BadResponse):
        read_manifest(load(seed.data, "x"), "x")
    return ()


def _read_config(seed: Seed) -> Sequence[Fact]:
    with contextlib.suppress(BadResponse):
        read_config(load(seed.data, "x"))
    return ()


def _read_program(seed: Seed) -> Sequence[Fact]:
    modules, crates = read_program(seed.data[:64], io.BytesIO(seed.data[64:]), len(seed.data))
    json.dumps(crates)
    return list(islice(golang(_source(b""), modules), MAX_FACTS))


def _read_jar(seed: Seed) -> Sequence[Fact]:
    with contextlib.suppress(LayerError):
        json.dumps(coordinates(io.BytesIO(seed.data), "a.jar", load_catalogue(), inflated_bytes=10_000_000))
    return ()


def _text_targets() -> Iterator[Target]:
    owners = b"# all\n* @acme/platform ops@example.org\n/src/ @acme/app\n[Docs][2] @acme/docs\n*.md\n!x/y\n"
    groups = b'@@@team one@example.org @two\n* @@team\n"a b/*.md" @@@team @three\n'
    yield _target("code-owners", _read_owners, "CODEOWNERS", owners)
    yield _target("bitbucket-owners", _read_owners, ".bitbucket/CODEOWNERS", groups)
    yield _target(
        "ignore-file", _read_ignored, ".aicensusignore", b"# x\n*.md\n!docs/\n/a/**/b?[c-d]\nx\\ y\n"
    )


def _read_owners(seed: Seed) -> Sequence[Fact]:
    owners = CodeOwners(seed.data.decode("utf-8", "replace"), seed.path)
    assert len(owners.hints(_MIXED_PATHS)) <= 10
    return ()


def _read_ignored(seed: Seed) -> Sequence[Fact]:
    rules = IgnoreRules()
    rules.add(seed.path, seed.data)
    for path in _MIXED_PATHS:
        rules.hide(path)
    assert all(len(text) < 5_000 for note in rules.notes() for text in note)
    return ()
