"""Read the locks of npm (versions 1 to 3), Yarn (classic and berry), pnpm (5 to 9) and Bun (text).

The line-based ones are read line by line: a YAML parser would take seconds for one large lock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import Lines, entries, load_json_object, package_fact, refuse_conflicts
from connectors.code.formats.lines import text_lines

_YARN_VERSION = re.compile(r'\s+version:? "?([^"\s]+)"?')
_YARN_NAME = re.compile(r'"?((?:@[^@/"\s]+/)?[^@/"\s,]+)@(?:npm:)?((?:@[^/"]+/)?[^@"\s,:]*)')
# pnpm 5: /name/1.0.0, 6 to 8: /name@1.0.0, 9: name@1.0.0; peers follow in brackets or after "_".
_PNPM = re.compile(r"""  ['"]?/?((?:@[^/@'"\s]+/)?[^/@'"\s]+)[@/](\d[^(_'":\s]*+)[^:]*+:""")


def parse_npm(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of package-lock.json or npm-shrinkwrap.json, any version."""
    refuse_conflicts(source)
    content = load_json_object(source)
    lines = Lines(source.data)
    packages = content.get("packages")
    if isinstance(packages, dict):
        root = packages.get("")
        direct = {
            name
            for section in _DIRECT
            for name, _ in entries(root.get(section) if isinstance(root, dict) else None)
        }
        for place, value in entries(packages):
            if "node_modules/" not in place or not isinstance(value, dict) or value.get("link"):
                continue
            name = str(value.get("name") or place.rpartition("node_modules/")[2])
            is_direct = place.count("node_modules/") == 1 and name in direct
            yield from _npm_fact(source, partial(lines.of, place), name, value, is_direct)
        return
    yield from _npm_tree(source, lines, content, 0)


_DIRECT = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")


def _npm_tree(source: Source, lines: Lines, node: dict[str, object], depth: int) -> Iterator[Fact]:
    if depth > 100:
        raise UnreadableError("nested too deep")
    for name, value in entries(node.get("dependencies")):
        if isinstance(value, dict):
            yield from _npm_fact(source, partial(lines.of, name), name, value, None)
            yield from _npm_tree(source, lines, value, depth + 1)


def _npm_fact(
    source: Source, line: Callable[[], int], name: str, value: dict[str, object], direct: bool | None
) -> Iterator[Fact]:
    version = value.get("version")
    yield from package_fact(
        source,
        "npm",
        name,
        line=line,
        locked=version if isinstance(version, str) and "://" not in version else None,
        scope="dev" if value.get("dev") else "optional" if value.get("optional") else "runtime",
        direct=direct if direct is not None else False,
    )


def parse_yarn(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a yarn.lock, classic or berry."""
    refuse_conflicts(source)
    name, started = "", 0
    is_lock = False
    for number, line in enumerate(text_lines(source.text()), 1):
        if line.startswith(("# yarn lockfile", "__metadata:")):
            is_lock = True
        if line and line[0] not in " #":
            found = _YARN_NAME.match(line)
            is_local = "@workspace:" in line or "@file:" in line or "@link:" in line
            name, started = (found.group(1), number) if found and not is_local else ("", 0)
        elif name and (found := _YARN_VERSION.fullmatch(line)):
            yield from package_fact(source, "npm", name, line=started, locked=found.group(1), direct=False)
            name = ""
    if not is_lock and source.data.strip():
        raise UnreadableError("not a yarn.lock: its first lines do not say so")


def parse_pnpm(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a pnpm-lock.yaml, format 5 to 9."""
    refuse_conflicts(source)
    text = source.text()
    if text.strip() and not re.search(r"^lockfileVersion:", text, re.M):
        raise UnreadableError("not a pnpm lock: it has no lockfileVersion")
    section = ""
    for number, line in enumerate(text_lines(text), 1):
        if line and line[0] not in " #":
            section = line.rstrip().rstrip(":")
        elif section == "packages" and line.startswith("  ") and line[2:3] not in (" ", ""):
            found = _PNPM.match(line)
            if found:
                yield from package_fact(
                    source, "npm", found.group(1), line=number, locked=found.group(2), direct=False
                )


def parse_bun(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a bun.lock (the text form)."""
    refuse_conflicts(source)
    content = load_json_object(source)
    lines = Lines(source.data)
    for place, value in entries(content.get("packages")):
        spec = value[0] if isinstance(value, list) and value else ""
        name, _, version = spec.rpartition("@") if isinstance(spec, str) else ("", "", "")
        if not name or version.startswith(("workspace:", "file:", "link:")):
            continue
        line = partial(lines.of, place)
        yield from package_fact(source, "npm", name, line=line, locked=version, direct=False)
