"""Read the clients of AI services that Python opens by name: ``boto3.client("bedrock-runtime")``.

In other languages each service has a package of its own, and its import says the same.

Source: boto3's ``Session.client`` and ``Session.resource`` (the name is the first argument, or
``service_name``), aioboto3 and aiobotocore alike; read in public files on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.lines import LineCounter, is_comment, line_around
from connectors.code.formats.talk import Talk
from connectors.model import Grade

_CALL = re.compile(
    r"\.(?:client|resource|create_client)\(\s{0,100}(?:(?:[^()]{0,200},\s{0,100})?service_name\s{0,5}=\s{0,5})?\\?[\"']$"
)
_BEFORE = 400
_LIBRARIES = (b"boto3", b"botocore")
_ENDINGS = (".py", ".pyi", ".ipynb")


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each AI service that a file opens a client of, at the first place."""
    if not source.name.endswith(_ENDINGS) or not any(library in source.data for library in _LIBRARIES):
        return
    grants = {row.name: row for row in source.catalogue.grant}
    services = list(source.catalogue.cloud_client.items())
    talk = Talk(source)
    lines = LineCounter(source.data)
    seen: set[str] = set()
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        service, name = services[hit.row]
        if service in seen or not _is_opened(source, hit) or talk.holds(hit.start):
            continue
        seen.add(service)
        row = grants[name]
        yield Fact(
            kind=row.kind,
            provider=row.provider,
            identifier=f"grant/{row.name}",
            name=row.title,
            grade=Grade.CALLED,
            line=lines.at(hit.start),
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
