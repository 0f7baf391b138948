"""Read which address an AI client is told to call: a gateway, or a model server of one's own.

It stands in a call (``base_url`` of an OpenAI client), in a variable (``OLLAMA_BASE_URL``), under a key of a
configuration, or in front of the path of a known API (``/chat/completions``). The hosts of providers are
read by :mod:`connectors.code.formats.endpoints`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from connectors.catalogue.code_rows import ClientBase
from connectors.catalogue.tables import Catalogue
from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats import stand_ins
from connectors.code.formats.endpoints import MCP_PATHS, endpoint_fact, hosts, in_rust_test, is_hint
from connectors.code.formats.lines import is_comment, line_around, parents
from connectors.code.formats.talk import Talk
from connectors.patterns import compile_pattern, host_pattern

_WINDOW = 500
_URL = r"(?P<url>(?:https?|wss?|grpcs?)://[^\"'`\s,)<>}|\\]+)"
# Given on the same line, perhaps through a call that looks the variable up, or as the value of a pair below.
_VALUE = re.compile(rf"[\"'`]?(?P<between>[^\n]{{0,80}}?){_URL}")
_BELOW = re.compile(
    rf"[\"'`]?\s{{0,4}},?[ \t]*\r?\n\s{{0,80}}"
    rf"(?:[\"']?(?:value|default(?:_?value)?)[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"'`]?|[\"'`]){_URL}",
    re.I,
)
# What stands between sets something else: `-e VLLM_URL -e APP_URL=https://…`.
_OTHER = re.compile(r"(?i)\b(?!(?:default(?:_?value)?|value|fallback)\b)[a-z_]\w{2,}\s?=(?![=>])")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_EXAMPLES = ("example.com", "example.org", "example.net", ".example", ".invalid", ".test")
# Whose API is none of models, whatever the variable is called: api_base = "https://api.github.com"
_OTHERS = frozenset(
    {
        *("api.github.com", "github.com", "raw.githubusercontent.com", "gitlab.com", "api.bitbucket.org"),
        *("graph.microsoft.com", "login.microsoftonline.com", "www.googleapis.com", "oauth2.googleapis.com"),
        *("slack.com", "hooks.slack.com", "discord.com", "api.telegram.org", "graph.facebook.com"),
        *("api.twitter.com", "api.stripe.com", "api.notion.com", "api.twilio.com", "api.atlassian.com"),
        *("en.wikipedia.org", "export.arxiv.org"),
    }
)
# A page about a site that models may read, not a model: llms.txt.
_PAGES = re.compile(r"llms?[-_.]?(?:full)?[-_.]?txt")
_BRACKET = re.compile(r"[()]")


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each host, of no known provider, that an AI client is told to call."""
    seen: set[str] = set()
    talk = Talk(source)
    line, last = 1, 0
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        text, column = line_around(source.data, hit.start)
        if is_comment(text) or talk.holds(hit.start) or is_hint(source, hit.start, text, column):
            continue
        read = _in_variable if hit.hit_class == "base-variable" else _at_place
        url, provider, form, below = read(source, hit, text, column)
        host = _host(source.catalogue, url)
        if not host or host in seen:
            continue
        seen.add(host)
        if not _is_known(source.catalogue, host):
            yield in_rust_test(source, hit, endpoint_fact(source, provider, host, line + below, form=form))


_Told = tuple[str, str, str, int]
"""The address (empty: none), whose it is, the form it stands in, and how many lines below the hit."""
_NOTHING: _Told = ("", "", "", 0)


def _in_variable(source: Source, hit: Hit, text: str, column: int) -> _Told:
    """Return the address that a variable is given, on its line or below."""
    name, row = source.data[hit.start : hit.end].decode(), source.catalogue.base_variable[hit.row]
    behind = source.data[hit.end : hit.end + _WINDOW].decode("utf-8", "replace")
    if text[:column][-1:].isalnum() or behind[:1].isalnum() or behind[:1] == "_":
        return _NOTHING
    found = _VALUE.match(behind)
    if found is None or _OTHER.search(found["between"]):
        found = _BELOW.match(behind)
    if found is None or (row.unless and row.unless in found["url"]):
        return _NOTHING
    return found["url"], row.provider, name, behind.count("\n", 0, found.end())


def _at_place(source: Source, hit: Hit, text: str, column: int) -> _Told:
    """Return the address that a client, a key or a path of an API is told."""
    row = source.catalogue.client_base[hit.row]
    if row.needs and not any(need.encode() in source.data for need in row.needs):
        return _NOTHING
    if row.under and not _is_under(source, hit, row):
        return _NOTHING
    pattern = compile_pattern(row.pattern)
    if row.before:
        front = pattern.search(text[:column])
        url = str(front.group("url")) if front else ""
        # "http://x/v1/chat/completions" is made up by who writes it.
        is_told = re.search(r"[.:]", url.partition("://")[2]) is not None
        return url if is_told else "", row.provider, row.name, 0
    window = source.data[hit.start : hit.start + _WINDOW].decode("utf-8", "replace")
    if row.literal.endswith("("):
        window = _call(window)
    found = pattern.match(window)
    if found is None or (row.unless and row.unless in found.group()):
        return _NOTHING
    return str(found.group("url")), row.provider, row.name, window.count("\n", 0, found.end())


def _is_under(source: Source, hit: Hit, row: ClientBase) -> bool:
    above = [_PAGES.sub("", line.lower()) for line in parents(source.data, hit.start, levels=4)]
    return any(word in line for line in above for word in row.under)


def _call(window: str) -> str:
    """Return a call as far as the bracket that closes it."""
    depth = 0
    for found in _BRACKET.finditer(window):
        depth += 1 if found.group() == "(" else -1
        if depth == 0:
            return window[: found.end()]
    return window


def _host(catalogue: Catalogue, url: str) -> str:
    """Return host and port; empty where there is none, a placeholder, or a name kept for examples."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.path.rstrip("/").endswith(MCP_PATHS):
        return ""
    if not _NAME.fullmatch(name) or name.endswith(_EXAMPLES) or name in _OTHERS:
        return ""
    if any(stand_ins.is_label(catalogue, label) for label in name.split(".")):
        return ""
    return f"{name}:{port}" if port else name


def _is_known(catalogue: Catalogue, host: str) -> bool:
    quoted = f'"https://{host}/"'
    for _, known in hosts(catalogue):
        name = known.partition("/")[0]
        # Most are told apart by their plain part, without a pattern for each.
        if max(name.split("*"), key=len).lower() in quoted and host_pattern(name).search(quoted):
            return True
    return False
