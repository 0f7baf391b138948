"""Read MCP client configurations and ``server.json``: which servers, started how, reached where.

Values of environment variables, headers and arguments may be secrets: only names leave this module, and of
a URL only its host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from connectors.catalogue.tables import Runner, canonical
from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, entries, load_json, load_toml, load_yaml, purl
from connectors.model import Grade, Json

_NAMED = re.compile(r"((?:@[\w.-]+/)?[\w./-]+?)(?:@[\w.^~*-]+|==.*|\[.*)?")


_WHOLE = re.compile(r"[^\s/:@]\Z")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the servers of an MCP configuration; nothing when the file is another tool's."""
    if not any(key.encode() in source.data for key in (*source.catalogue.server_keys, "command", "server")):
        return
    content = _content(source)
    if not isinstance(content, dict):
        return
    lines = Lines(source.data)
    if _is_registry_entry(content):
        yield from _registry_entry(source, content, lines)
        return
    if _is_bundle(content):
        yield _bundle(source, content, lines)
        return
    for key, name, server in _servers(source, content):
        yield server_fact(source, name, server, lines.of(*filter(None, (key, name))))


def _content(source: Source) -> Any:
    if source.name.endswith(".toml"):
        return load_toml(source)
    if source.name.endswith((".yaml", ".yml")):
        documents = load_yaml(source)
        return documents[0] if documents else None
    return load_json(source)


def _servers(source: Source, content: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if source.name == ".mcp.json" and not content.keys() & set(source.catalogue.server_keys):
        content = {"": content}  # a plug-in's file may hold the servers without a key around them
    # A marketplace of plugins holds the servers of each beside its other words.
    plugins = _list(content.get("plugins")) if source.name == "marketplace.json" else []
    for holder in (content, *(plugin for plugin in plugins if isinstance(plugin, dict))):
        for key in ("", *source.catalogue.server_keys):
            table = holder.get(key)
            if key == "mcp" and isinstance(table, dict) and isinstance(table.get("servers"), dict):
                table = table["servers"]
            for name, told in _named(table):
                server = _started(told) if isinstance(told, dict) else {}
                if _is_server(server):
                    yield key, name, server


def _started(server: dict[str, Any]) -> dict[str, Any]:
    """Return a server with its command: mcpd says runner and package in one (``uvx::mcp-server-time@1``)."""
    runner, between, package = str(server.get("package", "")).partition("::")
    if not between or "command" in server:
        return server
    return {**server, "command": runner, "args": [package]}


def _named(table: Any) -> Iterator[tuple[str, Any]]:
    """Yield servers by name, from a mapping or from a list of tables that each say their name."""
    for item in table if isinstance(table, list) else []:
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            yield item["name"], item
    yield from entries(table)


def _is_server(server: dict[str, Any]) -> bool:
    command = server.get("command", server.get("cmd"))
    if isinstance(command, list):
        command = command[0] if command else None
    if isinstance(command, dict):  # Zed
        command = command.get("path")
    return isinstance(command, str) or any(isinstance(server.get(key), str) for key in _URLS)


_URLS = ("url", "serverUrl", "httpUrl", "uri")
_TRANSPORTS = {
    "stdio": "stdio",
    "local": "stdio",
    "sse": "sse",
    "http": "http",
    "streamable-http": "http",
    "streamable_http": "http",
    "streamablehttp": "http",
    "remote": "http",
    "websocket": "websocket",
    "ws": "websocket",
}


def _transport(server: dict[str, Any], url: str, *, is_command: bool) -> str:
    """Return how the server is reached: as the file says, else by what it gives."""
    said = server.get("type", server.get("transport", server.get("transportType")))
    known = _TRANSPORTS.get(said.lower()) if isinstance(said, str) else None
    if known and (known == "stdio") == is_command:
        return known
    if is_command:
        return "stdio"
    return "sse" if url.partition("?")[0].rstrip("/").endswith("/sse") else "http"


def server_fact(source: Source, name: str, server: dict[str, Any], line: int) -> Fact:
    """Return a server of a client's configuration: how it is started or reached, without secret values."""
    command = _command(server)
    ecosystem, package = package_of(source, command)
    url = next((server[key] for key in _URLS if isinstance(server.get(key), str)), "")
    attributes: dict[str, Json] = {
        "transport": _transport(server, url, is_command=bool(command)),
        "program": command[0].replace("\\", "/").rpartition("/")[2] if command else None,
        "package": purl(ecosystem, package) if package and ecosystem else None,
        "package_name": (package if ecosystem else None) or None,
        "host": _host(url or _bridged(package, command)),
        "environment": _names(server, "env", "environment", "envs"),
        "headers": _names(server, "headers"),
        "disabled": True if server.get("disabled") is True or server.get("enabled") is False else None,
    }
    return Fact(
        kind="mcp_server",
        provider=_vendor(source, ecosystem, package),
        identifier=name,
        name=name,
        grade=Grade.CONFIGURED,
        line=line,
        attributes={key: value for key, value in attributes.items() if value not in (None, "", [])},
    )


def _bridged(package: str, command: Sequence[str]) -> str:
    """Return the address that a bridge to a remote server is told; of other programs no argument is read."""
    if package not in BRIDGES:
        return ""
    return next((word for word in command if word.startswith(("https://", "http://"))), "")


BRIDGES = ("mcp-remote", "supergateway", "mcp-proxy", "@modelcontextprotocol/inspector")


def _command(server: dict[str, Any]) -> list[str]:
    command = server.get("command", server.get("cmd"))
    if isinstance(command, dict):  # Zed
        command = [command.get("path"), *(command.get("args") or [])]
    words = command if isinstance(command, list) else [command, *_list(server.get("args"))]
    return [word for word in words if isinstance(word, str) and word] if words[:1] != [None] else []


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _names(server: dict[str, Any], *keys: str) -> list[Json]:
    found = {name for key in keys for name, _ in entries(server.get(key))}
    return list[Json](sorted(name for name in found if re.fullmatch(r"[\w.-]{1,80}", name)))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def package_of(source: Source, command: Sequence[str]) -> tuple[str, str]:
    """Return the ecosystem and name of the package that a command line fetches and runs; empty when none.

    Without an ecosystem the name is that of an installed program.
    """
    words = list(command)
    if words and words[0].replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe") in (
        "cmd",
        "bash",
        "sh",
    ):
        words = words[2:] if len(words) > 2 and words[1].lower() in ("/c", "-c") else words
        words = words[0].split() + words[1:] if words else words
    program = words[0].replace("\\", "/").rpartition("/")[2].lower().removesuffix(".cmd") if words else ""
    if program == "uv" and words[1:3] == ["tool", "run"]:
        program, words = "uvx", words[2:]
    for runner in source.catalogue.runner:
        if runner.program == program:
            package = _package_argument(runner, words[1:])
            is_installed = words[1:2] != [] and words[1] in runner.installed
            return "" if is_installed else runner.ecosystem, package if _WHOLE.search(package) else ""
    return "", ""


def _package_argument(runner: Runner, arguments: list[str]) -> str:
    if runner.subcommands and arguments[:1] and arguments[0] not in runner.subcommands:
        return ""
    rest = iter(arguments[1:] if runner.subcommands else arguments)
    named = ""
    for word in rest:
        if word.startswith("-"):
            option, equals, value = word.partition("=")
            if not equals and option in runner.value_options:
                value = next(rest, "")
            if option == runner.package_option and not named:
                named = value
        else:
            named = named or word
            break
    if runner.ecosystem == "docker":
        return re.sub(r"(?<=[^/]):[\w.-]+$|@sha256:.*$", "", named)
    if "://" in named or named.startswith(("git+", ".", "/")):
        return ""
    if runner.ecosystem == "golang" and "/" not in named:
        return ""  # a file of its own
    found = _NAMED.fullmatch(named)
    return found.group(1) if found else ""


def _vendor(source: Source, ecosystem: str, package: str) -> str:
    row = source.catalogue.packages.get(ecosystem, {}).get(canonical(ecosystem, package)) if package else None
    return row.vendor if row else "mcp"


def _is_registry_entry(content: dict[str, Any]) -> bool:
    schema, name = content.get("$schema"), content.get("name")
    has_schema = isinstance(schema, str) and "modelcontextprotocol" in schema
    is_old = "version" in content and (_list(content.get("packages")) or _list(content.get("remotes")))
    return isinstance(name, str) and (has_schema or bool(re.fullmatch(_REVERSED, name) and is_old))


_REVERSED = r"(?:io|com|net|org|dev|ai|app|co)\.[\w.-]+/[\w.-]+"


def _is_bundle(content: dict[str, Any]) -> bool:
    """Say whether this is the manifest of an MCP bundle (MCPB, once DXT): a server and its start."""
    server = content.get("server")
    return (
        isinstance(server, dict)
        and isinstance(content.get("name"), str)
        and server.get("type") in ("node", "python", "binary", "uv")
        and ("mcp_config" in server or "entry_point" in server)
    )


def _bundle(source: Source, content: dict[str, Any], lines: Lines) -> Fact:
    name = content["name"]
    return Fact(
        kind="mcp_server",
        provider="mcp",
        identifier=name,
        name=name,
        grade=Grade.DECLARED,
        line=lines.of("name", name),
        attributes={"form": "bundle", "transport": "stdio", "runtime": content["server"]["type"]},
    )


def _registry_entry(source: Source, content: dict[str, Any], lines: Lines) -> Iterator[Fact]:
    packages = [item for item in _list(content.get("packages")) if isinstance(item, dict)]
    remotes = [item for item in _list(content.get("remotes")) if isinstance(item, dict)]
    named = [item.get("identifier") or item.get("name") for item in packages]
    hosts = [_host(item["url"]) for item in remotes if isinstance(item.get("url"), str)]
    attributes: dict[str, Json] = {
        "form": "registry entry",
        "package_name": next((name for name in named if isinstance(name, str)), None),
        "host": next((host for host in hosts if host), None),
    }
    yield Fact(
        kind="mcp_server",
        provider="mcp",
        identifier=content["name"],
        name=content["name"],
        grade=Grade.DECLARED,
        line=lines.of("name", content["name"]),
        attributes={key: value for key, value in attributes.items() if value is not None},
    )
