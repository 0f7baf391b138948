"""Help tests of the connector for images: make layers, archives, layouts and manifests byte by byte."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
import struct
import tarfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.clients.network import NetworkSettings
from connectors.context import NoCache, forget_clients
from connectors.contract import Cache
from connectors.images.options import ImagesOptions
from connectors.model import Finding, Scope, Unchanged
from connectors.outcome import PartBatch, PartResult
from connectors.runner import ScopeJob, list_scopes, run_scope

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
METADATA = "usr/lib/python3/site-packages/{0}-{1}.dist-info/METADATA"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def dist_info(name: str, version: str = "1.2.3") -> tuple[str, str]:
    """Return path and content of an installed Python package's metadata."""
    return METADATA.format(
        name, version
    ), f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText.\n"


@dataclass(frozen=True, slots=True)
class Odd:
    """A member that is no plain file: ``hard``, ``link``, ``device``, ``pipe`` or ``folder``."""

    kind: str
    target: str = ""


_TYPES = {
    "hard": tarfile.LNKTYPE,
    "link": tarfile.SYMTYPE,
    "device": tarfile.CHRTYPE,
    "pipe": tarfile.FIFOTYPE,
    "folder": tarfile.DIRTYPE,
}


def layer(
    files: Mapping[str, str | bytes | Odd], *, mode: int = 0o644, form: int = tarfile.PAX_FORMAT
) -> bytes:
    """Return an unpacked layer with these members, in this order."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.mode = mode
            if isinstance(content, Odd):
                member.type, member.linkname = _TYPES[content.kind], content.target
                tar.addfile(member)
            else:
                data = content.encode() if isinstance(content, str) else content
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return target.getvalue()


@dataclass(slots=True, kw_only=True)
class Built:
    """An image as bytes: its layers as stored, its configuration and manifest, and all blobs by digest."""

    layers: list[bytes]
    config: bytes
    manifest: bytes
    blobs: dict[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return digest(self.manifest)


def image(
    *layers: Mapping[str, str | bytes | Odd] | bytes,
    packed: bool = True,
    platform: str = "linux/amd64",
    config: Mapping[str, Any] | None = None,
    **manifest: Any,
) -> Built:
    """Build an image from layers (members, or the bytes of a tar), lowest first."""
    plain = [one if isinstance(one, bytes) else layer(one) for one in layers]
    stored = [gzip.compress(one, mtime=0) if packed else one for one in plain]
    system, _, machine = platform.partition("/")
    configuration = json.dumps(
        {
            "os": system,
            "architecture": machine,
            "created": "2026-11-01T00:00:00Z",
            "config": dict(config or {}),
            "rootfs": {"type": "layers", "diff_ids": [digest(one) for one in plain]},
        }
    ).encode()
    content = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest(configuration), "size": len(configuration)},
        "layers": [{"mediaType": LAYER, "digest": digest(one), "size": len(one)} for one in stored],
        **manifest,
    }
    written = json.dumps(content).encode()
    blobs = {digest(one): one for one in (*stored, configuration, written)}
    return Built(layers=stored, config=configuration, manifest=written, blobs=blobs)


def index(images: Mapping[str, Built], **annotations: str) -> bytes:
    """Return an index of images by platform."""
    entries = []
    for platform, built in images.items():
        system, _, machine = platform.partition("/")
        entries.append(
            {
                "mediaType": MANIFEST,
                "digest": built.digest,
                "size": len(built.manifest),
                "platform": {"os": system, "architecture": machine},
                **({"annotations": annotations} if annotations else {}),
            }
        )
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()


def layout_files(built: Built, **annotations: str) -> dict[str, bytes]:
    """Return the files of an OCI layout with one image."""
    entry: dict[str, Any] = {"mediaType": MANIFEST, "digest": built.digest, "size": len(built.manifest)}
    if annotations:
        entry["annotations"] = annotations
    return {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode(),
        **{f"blobs/sha256/{name.partition(':')[2]}": data for name, data in built.blobs.items()},
    }


def layout(folder: Path, built: Built, **annotations: str) -> Path:
    """Write an OCI layout folder."""
    for name, data in layout_files(built, **annotations).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def archive(path: Path, files: Mapping[str, str | bytes | Odd]) -> Path:
    """Write an archive; a name that ends in ``gz`` is packed."""
    data = layer(files)
    path.write_bytes(gzip.compress(data, mtime=0) if path.name.endswith("gz") else data)
    return path


def saved(path: Path, built: Built, *names: str) -> Path:
    """Write an archive in the form of older engines: ``manifest.json`` behind folders with ``layer.tar``."""
    files: dict[str, str | bytes | Odd] = {}
    places = []
    for number, stored in enumerate(built.layers):
        places.append(f"{number}abc/layer.tar")
        files[places[-1]] = stored
    files["c0ffee.json"] = built.config
    entry = {"Config": "c0ffee.json", "RepoTags": list(names), "Layers": places}
    files["manifest.json"] = json.dumps([entry])
    return archive(path, files)


def go_program(*modules: tuple[str, str], before: bytes = b"") -> bytes:
    """Return what begins like a program and holds Go's build information, at a place that is due to it."""
    lines = "path\texample.org/shop\nmod\texample.org/shop\t(devel)\t\n"
    lines += "".join(f"dep\t{name}\t{version}\th1:abc=\n" for name, version in modules)
    info = b"\x30" * 16 + lines.encode() + b"\xf9" * 16
    head = b"\x7fELF\x02\x01\x01" + b"\0" * 57 + before
    head += b"\0" * (-len(head) % 16)
    block = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
    return head + block + _counted(b"go1.24.1") + _counted(info) + b"\0" * 64


def _counted(data: bytes) -> bytes:
    size, out = len(data), bytearray()
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes(out) + bytes([size]) + data


def gguf(name: str = "tiny") -> bytes:
    """Return the beginning of a GGUF file."""
    pairs = {"general.architecture": "llama", "general.name": name}
    body = b""
    for key, value in pairs.items():
        body += struct.pack("<Q", len(key)) + key.encode() + struct.pack("<I", 8)
        body += struct.pack("<Q", len(value)) + value.encode()
    return b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs)) + body + b"\0" * 2000


@dataclass(slots=True)
class Scanned:
    """What scanning images showed."""

    scopes: list[Scope]
    findings: list[Finding] = field(default_factory=list)
    unchanged: list[Unchanged] = field(default_factory=list)
    parts: dict[str, PartResult] = field(default_factory=dict)
    listing: PartResult | None = None
    error: str = ""

    def names(self, kind: str) -> set[str]:
        """Return the names of the findings of a kind."""
        return {one.name for one in self.findings if one.kind == kind}

    def one(self, kind: str) -> Finding:
        """Return the one finding of a kind."""
        (found,) = [finding for finding in self.findings if finding.kind == kind]
        return found


def scan(
    *targets: Path | str, cache: Cache | None = None, network: NetworkSettings | None = None, **options: Any
) -> Scanned:
    """Scan images through the real runner."""
    chosen = ImagesOptions(targets=tuple(map(str, targets)), **options)
    network = network or NetworkSettings(max_attempts=3)
    blank = Scope(connector="images", instance="main", ids=("-",), parts=())
    scopes, listing = list_scopes(
        ScopeJob(connector="images", instance="main", scope=blank, options=chosen, network=network)
    )
    result = Scanned(scopes or [], listing=listing, error=listing.reason)

    def emit(batch: PartBatch) -> None:
        result.findings += batch.findings
        result.unchanged += batch.unchanged

    for scope in result.scopes:
        job = ScopeJob(
            connector="images",
            instance="main",
            scope=scope,
            options=chosen,
            network=network,
            cache=cache or NoCache(),
        )
        outcome = run_scope(job, emit)
        result.parts |= outcome.parts
        result.error = result.error or outcome.error
    forget_clients()
    return result


def rpm_database(*packages: tuple[str, str, str], page_size: int = 4096) -> bytes:
    """Return RPM's database of installed packages (name, version, release) as rpm 4.16 writes it."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"PRAGMA page_size = {page_size}")
        database.execute(
            "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"
        )
        for package in packages:
            database.execute("INSERT INTO Packages (blob) VALUES (?)", (_rpm_header(package),))
        database.commit()
        data = bytes(database.serialize())
    return data[:18] + b"\x02\x02" + data[20:]  # as written with a log beside it


def _rpm_header(texts: tuple[str, ...]) -> bytes:
    entries, data = b"", b""
    for number, text in enumerate(texts):
        entries += struct.pack(">IIII", 1000 + number, 6, len(data), 1)
        data += text.encode() + b"\0"
    return struct.pack(">II", len(texts), len(data)) + entries + data
