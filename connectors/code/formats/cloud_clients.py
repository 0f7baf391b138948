"""Read the clients of AI services that code opens by name, where one package holds all services.

``boto3.client("bedrock-runtime")`` in Python; in JavaScript a class of the AWS SDK of version 2. In other
languages each service has a package of its own, and its import says the same.

Source: boto3's ``Session.client`` and ``Session.resource`` (the name is the first argument, or
``service_name``), aioboto3 and aiobotocore alike; ``new AWS.Polly()``, ``const { Polly } =
require('aws-sdk')`` and ``aws-sdk/clients/polly``; read in public files on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from connectors.code.facts import Fact, Hit, Source, tell_cut
from connectors.code.formats.lines import LineCounter, is_comment, line_around
from connectors.code.formats.talk import Talk
from connectors.model import Grade

_CALL = re.compile(
    r"\.(?:client|resource|create_client)\(\s{0,100}(?:(?:[^()]{0,200},\s{0,100})?service_name\s{0,5}=\s{0,5})?\\?[\"']$"
)
_BEFORE = 400
_LIBRARIES = (b"boto3", b"botocore")
_ENDINGS = (".py", ".pyi", ".ipynb")
_SCRIPTS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte")
_SDK = r"""["']aws-sdk["']"""
_WHOLE = re.compile(
    rf"""\bimport\s+(?:\*\s+as\s+)?([A-Za-z_$][\w$]{{0,60}})\s+from\s+{_SDK}"""
    rf"""|\b([A-Za-z_$][\w$]{{0,60}})\s*=\s*(?:[\w.]{{1,60}}\(\s*)?require\(\s*{_SDK}"""
)
_PARTS = re.compile(rf"""\{{([\w\s,$:]{{1,600}})\}}\s*(?:=\s*require\(\s*|from\s*){_SDK}""")
_SERVICE = re.compile(r"""["']aws-sdk/clients/([a-z0-9]{2,60})(?:\.js)?["']""")
_NEW = re.compile(r"\bnew\s+(?:([A-Za-z_$][\w$]{0,60})\.)?([A-Z]\w{1,60})\s*\(")
_MAX_TEXT = 1_000_000


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each AI service that a file opens a client of, at the first place."""
    if source.name.endswith(_SCRIPTS):
        yield from _script(source)
    else:
        yield from _python(source)


def _script(source: Source) -> Iterator[Fact]:
    """Yield the services whose client is made by its class, or imported by a file of its own."""
    if b"aws-sdk" not in source.data:
        return
    tell_cut(len(source.data), _MAX_TEXT, "bytes")
    # One character a byte, so that places in the text are places in the bytes.
    text = source.data.decode("latin-1")
    classes = source.catalogue.cloud_client_class
    talk = Talk(source)
    lines = LineCounter(text)
    seen: set[str] = set()
    for place, name in sorted(_opened(text, classes)):
        line = line_around(source.data, place)[0]
        if name in seen or talk.holds(place) or talk.is_sample(place) or is_comment(line):
            continue
        seen.add(name)
        yield _fact(source, classes[name], name, lines.at(place))


def _opened(text: str, classes: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield the place and the class of each client; a class that is imported counts when it is made."""
    files = {name.lower(): name for name in classes}
    for found in _SERVICE.finditer(text):
        if found.group(1) in files:
            yield found.start(), files[found.group(1)]
    whole = {found.group(1) or found.group(2) for found in _WHOLE.finditer(text)}
    parts = {
        word: found.start(1) + place.start()
        for found in _PARTS.finditer(text)
        for place in re.finditer(r"\w+", found.group(1))
        if (word := place.group()) in classes
    }
    for found in _NEW.finditer(text):
        module, name = found.groups()
        if name not in classes:
            continue
        if module and module in whole:
            yield found.start(), name
        elif not module and name in parts:
            yield parts[name], name


def _python(source: Source) -> Iterator[Fact]:
    if not source.name.endswith(_ENDINGS) or not any(library in source.data for library in _LIBRARIES):
        return
    services = list(source.catalogue.cloud_client.items())
    talk = Talk(source)
    lines = LineCounter(source.data)
    seen: set[str] = set()
    opened = (hit for hit in source.hits if hit.hit_class == "cloud-client")
    for hit in sorted(opened, key=lambda hit: hit.start):
        service, name = services[hit.row]
        if service in seen or not _is_opened(source, hit) or talk.holds(hit.start):
            continue
        seen.add(service)
        yield _fact(source, name, service, lines.at(hit.start))


def _fact(source: Source, name: str, service: str, line: int) -> Fact:
    row = next(row for row in source.catalogue.grant if row.name == name)
    return Fact(
        kind=row.kind,
        provider=row.provider,
        identifier=f"grant/{row.name}",
        name=row.title,
        grade=Grade.CALLED,
        line=line,
        detail=f"client of {service}",
        attributes={"client": service},
    )


def _is_opened(source: Source, hit: Hit) -> bool:
    """Say whether a quoted name is the service of a client; the hit begins with the opening quote."""
    if is_comment(line_around(source.data, hit.start)[0]):
        return False
    before = source.data[max(0, hit.start - _BEFORE) : hit.start + 1].decode("utf-8", "replace")
    if source.name.endswith(".ipynb"):  # each line is a text of its own
        before = re.sub(r"\\n\",\s*\n\s*\"", "\n", before)
    return _CALL.search(before) is not None
