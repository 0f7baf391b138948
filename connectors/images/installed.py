"""Read what is installed in an image from the files that package managers leave behind.

Each function takes one file and yields its catalogued packages with the installed version; what only
declares a dependency is read by the code formats instead.

**Source:** PEP 376 and PEP 627 (dist-info), npm's package.json, RubyGems' specifications folder, Composer's
``installed.json``, .NET's ``*.deps.json``, R's DESCRIPTION, dpkg's status file and Alpine's installed
database; general knowledge of each.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache

from packageurl import PackageURL

from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import entries, load_json_object, package_fact, short
from connectors.images.knowledge import load_knowledge
from connectors.model import Grade

Reader = Callable[[Source], Iterator[Fact]]

_GEM_NAME = re.compile(r"^[ \t]*\w+\.name = \"([A-Za-z0-9._-]{1,100})\"", re.M)
_GEM_VERSION = re.compile(r"^[ \t]*\w+\.version = \"([A-Za-z0-9.]{1,40})\"", re.M)
_MAJOR = re.compile(r"/v[1-9]\d*$|\.v\d+$")


@cache
def reader_of(place: str) -> Reader:
    """Return the function of a row of the catalogue (``module:function``)."""
    module, _, function = place.partition(":")
    if not module.startswith("connectors.images."):
        raise ValueError(f"not a reader of this connector: {place!r}")
    reader: Reader = getattr(importlib.import_module(module), function)
    return reader


def python(source: Source) -> Iterator[Fact]:
    """Yield the Python package of a METADATA or PKG-INFO file."""
    fields = _headers(source.data)
    yield from package(source, "pypi", fields.get("name", ""), fields.get("version", ""))


def npm(source: Source) -> Iterator[Fact]:
    """Yield the package of a package.json in ``node_modules``."""
    content = load_json_object(source)
    yield from package(source, "npm", content.get("name"), content.get("version"))


def gem(source: Source) -> Iterator[Fact]:
    """Yield the gem of an installed specification, by its literals; nothing of it is run."""
    text = source.lenient_text()
    name, version = _GEM_NAME.search(text), _GEM_VERSION.search(text)
    if name is None:
        raise UnreadableError("a specification without a literal name")
    yield from package(source, "gem", name.group(1), version.group(1) if version else "")


def composer(source: Source) -> Iterator[Fact]:
    """Yield the packages of Composer's list of what it installed."""
    for item in _objects(load_json_object(source).get("packages")):
        version = item.get("version")
        yield from package(
            source, "composer", item.get("name"), version.lstrip("v") if isinstance(version, str) else ""
        )


def nuget(source: Source) -> Iterator[Fact]:
    """Yield the packages that a .NET application was published with."""
    for key, item in entries(load_json_object(source).get("libraries")):
        if isinstance(item, dict) and item.get("type") == "package":
            name, _, version = key.partition("/")
            yield from package(source, "nuget", name, version)


def cran(source: Source) -> Iterator[Fact]:
    """Yield the R package of an installed DESCRIPTION."""
    fields = _headers(source.data)
    if fields.get("package"):
        yield from package(source, "cran", fields["package"], fields.get("version", ""))


def dpkg(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that dpkg has installed."""
    for stanza in source.data.split(b"\n\n"):
        fields = _headers(stanza)
        status = fields.get("status", "install ok installed")  # status.d has no such line
        if "package" in fields and status.endswith(" installed"):
            yield from os_package("deb", fields["package"], fields.get("version", ""))


def apk(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that Alpine's apk has installed."""
    for stanza in source.data.split(b"\n\n"):
        fields = dict(
            line.split(":", 1) for line in stanza.decode("utf-8", "replace").splitlines() if line[1:2] == ":"
        )
        if "P" in fields:
            yield from os_package("apk", fields["P"], fields.get("V", ""))


def golang(source: Source, modules: dict[str, str]) -> Iterator[Fact]:
    """Yield the catalogued ones of a program's modules (path -> version)."""
    known = source.catalogue.packages["golang"]
    for path, version in modules.items():
        base = _MAJOR.sub("", path)
        yield from package(source, "golang", path if path in known else base, version)


def package(source: Source, ecosystem: str, name: object, version: object) -> Iterator[Fact]:
    """Yield the fact of an installed package when it is catalogued."""
    if isinstance(name, str) and name:
        locked = short(version, 60) if isinstance(version, str) else ""
        yield from package_fact(source, ecosystem, name, grade=Grade.CONFIGURED, locked=locked)


def os_package(manager: str, name: str, version: str) -> Iterator[Fact]:
    """Yield the fact of an installed package of an operating system when it is catalogued."""
    for row in load_knowledge().os_package:
        if row.manager == manager and fnmatchcase(name, row.name):
            yield Fact(
                kind="package",
                provider=row.vendor,
                identifier=PackageURL(type=manager, name=name).to_string(),
                name=name,
                grade=Grade.CONFIGURED,
                attributes={"ecosystem": manager, "category": row.category, "locked": short(version, 60)},
            )
            return


def _headers(data: bytes) -> dict[str, str]:
    """Return the first value of each ``Name: value`` line up to an empty one; names in lower case."""
    found: dict[str, str] = {}
    for line in data.split(b"\n\n", 1)[0].split(b"\n", 2_000)[:2_000]:
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if colon and name[:1] not in (" ", "\t", ""):
            found.setdefault(name.strip().lower(), value.strip()[:200])
    return found


def _objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
