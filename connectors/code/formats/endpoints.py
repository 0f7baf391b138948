"""Read the addresses of AI providers in code and configuration: their own hosts, wherever they stand.

Any other host that an AI client is told to call is read by :mod:`connectors.code.formats.client_bases`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from connectors.catalogue.tables import Catalogue
from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats import rust_tests, stand_ins
from connectors.code.formats.lines import PAGES, is_comment, line_around, parents
from connectors.code.formats.talk import Talk
from connectors.model import Grade, Json
from connectors.patterns import host_pattern

_TEMPLATE = re.compile(r"\$?\{+[^{}]*\}+|<[^<>]*>|\$\w+|[${}<>]+|__\w+__")
# What a format of C or Ruby leaves of itself behind its "%": s-host, <region>s-host.
_FORMAT = re.compile(r"(?:<\w+>)?[sd]")
_EXPRESSION = re.compile(r"\{[^{}\n]{0,100}\}")
# What another address is compared with, or looked for in a text, calls nobody by itself.
_COMPARED = re.compile(
    r"""(?:[!=]==?|\b(?:includes|contains|(?:starts|ends)_?with|indexOf|equals\w*)\("""
    r"""|^\s*(?:case|when)\s+(?:["'][\w.-]+["']\s*,\s*)*|\b(?:Has(?:Prefix|Suffix)|Contains|EqualFold)\([^()"]{1,60},)\s*["'`](?:\w{1,8}://)?$""",
    re.I,
)
# Every address of its own machine: what a server listens on, in the variable that is also its clients'.
_BINDS = re.compile(r"""\bOLLAMA_HOST["']?(?:\s{0,9}[=:,]|\s)\s{0,9}["']?(?:http://)?$""")
# A port that a container's is bound to: 127.0.0.1:11434:11434.
_MAPPED = re.compile(r"(?::\d{2,5})(?:/tcp)?[\"'\s]")
_ITEM = re.compile(r"""\s*["'`][\w*-]+(?:\.[\w-]+)+["'`],?\s*\\?\s*;?\s*(?:do)?\s*""")
# Several bare hosts in one text: whom a firewall lets through, a proxy knows or a page may load from.
_HOST = r"[\w*-]+(?:\.[\w*-]+)+(?::\d{1,5})?"
_HOSTS = re.compile(rf"(?<![\w/@.-]){_HOST}(?:\s*[,;|]\s*{_HOST}){{2,}}")
_HOSTS_AROUND = 300
# Where a page may load from and send to, says its server: each page asks for more than it uses.
# Whom a token is made out to, what a claim in it is called, or where figures are taken from, is an address
# to which nothing is sent.
_CITED = re.compile(
    r"(?i)(?:^|[^a-z])(?:\w*(?:audiences?|claims?(?:_?(?:path|key|name|url|uri))?|namespaces?)|aud|source|references?|docs?"
    r"|documentation|homepage|website|citation|odata\.context)(?:_?ur[il])?"
    r"[\"']?\s*(?:[:=]|=>)\s*\[?\s*[\"'`]?(?:https?://)?$"
)
# A service of a cloud that is switched on, by its name.
_ENABLED = re.compile(
    r"\bservices\s+enable\b.*$|\b(?:activate|enable)d?_?(?:apis|services)\b.*$|\bservice\s*=\s*\"$"
)
_ENABLED_BELOW = re.compile(
    rb"[\"']services[\"']\s{0,40},\s{0,40}[\"']enable[\"']\s{0,40},\s{0,40}[\"'][\w.-]*\Z"
)
# gcloud services enable run.googleapis.com \\
_ENABLED_ABOVE = re.compile(rb"\bservices\s+enable\b(?:[^\n]*\\[ \t]*\r?\n){1,30}[ \t]*[\w.-]*\Z")
_ENABLED_WITHIN = 1_500
_LETS = re.compile(
    r"(?i)(?:white|allow|black|block|deny)_?(?:ed_?)?(?:list|domains|hosts|urls|origins)\w*[\"']?[^=:]{0,30}[:=]+\s*[\[({]"
)
_LETS_INLINE = re.compile(_LETS.pattern + r"[^\])}]*$")
_POLICY = re.compile(r"(?i)\b(?:connect|default|script|img|frame|form|media|font|style|worker)-src\b.*$")
_LISTED = 3
"""So many bare hosts, each on a line of its own, are a list of what is known."""
_IN_TEXT = re.compile(r"""[\w./:-]*["'`]\s+(?:(?:not\s+)?in\s+\w|[!=]==?\s*[A-Za-z_$]|->\s)""")
# What a page shows between its tags is read by people: <code>http://localhost:11434/v1</code>.
# A page that people are sent to: where one gets a key.
_LINKED = re.compile(
    r"(?i)(?:\bhref\s*[=:]\s*\{?|\bwindow\.open\(|\bopen_?(?:external|url|new_tab|browser)\()\s*[\"'`](?:\w{1,8}://)?$"
)
# Where people, and not programs, go to.
_PAGES = ("www", "console", "status")
_BETWEEN_TAGS = re.compile(r">\s*(?:\w{1,8}://)?$")

# With a name still to be filled in, neither what is given as an example calls anybody.
_TOLD = re.compile(
    r"(?i)\b\w*examples?[\"']?\s*(?:[:=]|=>)\s*\{?[\"'`][^\"'`]*$"
    r"|[\"'`(\s](?:e\.\s?g\.|for example\b|such as\b)[^\"`]*$"
)
# A container asks itself whether it is well.
_CHECK = re.compile(r"(?i)\bhealth_?check\b|\btest:\s*\[?\s*[\"']?CMD|(?:liveness|readiness|startup)_?probe")
MCP_PATHS = ("/mcp", "/sse")
"""What the address of an MCP server ends with: it serves tools, no models."""
_GATEWAY = ".gateway."
"""In hosts of a cloud's own gateways for agents, which have no other address."""
# Where a provider tells what was used and by whom, or people go to: no model answers there.
_BOOKS = re.compile(
    r"/(?:v1/)?(?:organizations?|dashboard/billing|usage)(?:/|$)"
    r"|/(?:playground|settings|sign-?(?:in|up)|log-?in|api-?keys|pricing|docs)(?:/|$)"
)
_PATH = re.compile(r"(?::\d{1,5})?((?:/[\w.~%-]+)+)/?(?![\w/?{$])")
_OWN = ("localhost:", "127.0.0.1:", "0.0.0.0:")
_REGION = re.compile(
    r"[a-z]{2}-[a-z]{2,9}(?:-\d)?|(?:east|west|north|south|central|us|uk|uae|japan|korea|france|germany|switzerland"
    r"|norway|sweden|brazil|canada|australia|india)[a-z]*\d?"
)
# What an empty field of a form shows.
_HINT = re.compile(r"(?i)\b(?:placeholder|helper_?text|hint(?:_?text)?|tooltip)[\"']?\s*(?:[:=,]|=>)")
_HINT_WITHIN = 300
_ARM = re.compile(r"\s*[?:]\s*[\"'`]")
_EXAMPLES = re.compile(r"(?i)[\"']?\bexamples?[\"']?\s*:\s*\[?\s*$")
# What people are told to type: print("export OPENAI_BASE_URL=http://0.0.0.0:4000")
_TYPED = re.compile(
    r"(?i)\b(?:print\w*|puts|echo|console\.\w+|log\w*\.\w+)\s*\(?\s*[frb]?[\"'`]\s*(?:\$\s*)?(?:export|setx?)\s[^\"'`]*$"
)
_EXAMPLES_ABOVE = re.compile(r"(?i)[\"']?\b\w*(?:\bexamples?|placeholders?)[\"']?\s*[:=]\s*[\[{]\s*$")
# What is put into a text of the interface: get_string('endpointexample', 'acme', 'https://...')
_SHOWN_ABOVE = re.compile(r"\b(?:n?gettext|get_string|translate|i18n\.t|\$t|__|_e)\(\s*$")
_EXAMPLE_ITEM = re.compile(r"\s*(?:-\s+)?[\"']?https?://[^\s\"']{1,200}[\"']?,?\s*$")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a provider's host stands: its line, the column, and what it is there.

    ``known``: the catalogue's host; ``length``: characters of what stands there for it.
    """

    hit: Hit
    text: str
    start: int
    length: int
    known: str
    labels: list[str]
    address: str


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each provider host that stands in the file as a whole name, with its first line."""
    known = hosts(source.catalogue)
    seen: set[str] = set()
    talk = Talk(source)
    line, last = 1, 0
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        provider, host = known[hit.row]
        place = _place(source, hit, host)
        if place is None or _is_no_call(source, place) or place.address in seen:
            continue
        if talk.holds(hit.start) or talk.is_in_sentence(hit.start):
            continue
        seen.add(place.address)
        is_tenant = host.startswith("*.") and not _REGION.fullmatch(place.labels[0])
        fact = endpoint_fact(source, provider, place.address, line, form="tenant" if is_tenant else "")
        yield in_rust_test(source, hit, fact)


def _place(source: Source, hit: Hit, host: str) -> _Place | None:
    """Return the place of a host that stands as a whole name in a line that is no comment."""
    text, _ = line_around(source.data, hit.start)
    found = None if is_comment(text) else host_pattern(host).search(text)
    if found is None:
        return None
    told = str(found.group("host"))
    labels = _EXPRESSION.sub("{}", told).split(".")
    start = text.find(told, found.start())
    if text[:start].endswith("%"):
        labels[0] = _FORMAT.sub("*", labels[0], count=1)
    address = ".".join(_plain_label(source.catalogue, label) for label in labels)
    return _Place(hit, text, start, len(told), host, labels, address)


def _is_no_call(source: Source, place: _Place) -> bool:
    """Say whether an address is shown, compared, listed or bound, or belongs to a page and not to an API."""
    text, start, address = place.text, place.start, place.address
    front, end = text[:start], start + place.length
    is_code, is_own = source.syntax == "source", address.startswith(_OWN)
    is_resource = place.known.startswith("*.")
    path = _PATH.match(text, end)
    return bool(
        address.lstrip("*").startswith("privatelink")  # a private DNS zone: nothing answers there
        or (_is_stand_in(address) and _TOLD.search(front))
        or is_hint(source, place.hit.start, text, start)
        or (is_code and _is_compared(text, start, place.length))
        or _is_item(source, place.hit.start)
        or _is_only_told(source, place.hit.start, text, start)
        or (is_own and _is_check(source, place.hit.start, front))
        or (is_own and _MAPPED.match(text, end))
        or (is_resource and place.labels[0].lower() in _PAGES)
        or (is_resource and is_code and _is_example(source, place.labels[0]))
        or (address.startswith("0.0.0.0") and _BINDS.search(front))
        or (path is not None and path[1].endswith(MCP_PATHS) and _GATEWAY not in place.known)
        or (path is not None and _BOOKS.match(path[1]))
    )


def endpoint_fact(source: Source, provider: str, host: str, line: int, *, form: str) -> Fact:
    """Return the fact of an address: its host, with a port or a path where those belong to it.

    ``form`` says where it stands when that is no proof in a test: with a client, or as a customer's own
    resource (``tenant``); empty for a provider's host.
    """
    attributes: dict[str, Json] = {"host": host}
    return Fact(
        kind="provider_endpoint",
        provider=provider,
        identifier=host,
        name=host,
        grade=Grade.CONFIGURED if source.syntax == "config" else Grade.CALLED,
        line=line,
        attributes=attributes | ({"form": form} if form else {}),
    )


def in_rust_test(source: Source, hit: Hit, fact: Fact) -> Fact:
    """Return the fact, which does not stand where it lies in a test beside the code."""
    is_made_up = rust_tests.is_inside(source.data, hit.start, source.name)
    return replace(fact, standing=False) if is_made_up else fact


def is_hint(source: Source, place: int, text: str, start: int) -> bool:
    """Say whether an address is what a page or an empty field shows, on its line or as an arm below."""
    front = text[max(0, start - _HINT_WITHIN) : start]
    if source.name.endswith(PAGES) and _BETWEEN_TAGS.search(front) and "</" in text[start:]:
        return True
    if _LINKED.search(front):
        return True
    if any(map(_SHOWN_ABOVE.search, parents(source.data, place, levels=1))):
        return True
    if _ARM.match(text) or _EXAMPLE_ITEM.match(text):
        shown = _HINT if _ARM.match(text) else _EXAMPLES
        return any(map(shown.search, parents(source.data, place, levels=1)))
    if _TYPED.search(front):
        return True
    if any(map(_EXAMPLES_ABOVE.search, parents(source.data, place, levels=2))):
        return True
    found = _HINT.search(front)
    return found is not None and front.count(",", found.end()) == 0


def _is_example(source: Source, label: str) -> bool:
    """Say whether a resource's name in code is only an example of one, and none that is put in there."""
    return not _TEMPLATE.search(label) and stand_ins.is_label(source.catalogue, label)


def _is_check(source: Source, place: int, before: str) -> bool:
    return any(map(_CHECK.search, (before, *parents(source.data, place, levels=2))))


def _is_item(source: Source, place: int) -> bool:
    """Say whether the line at a place is one of several with a bare host each: to know or to allow."""
    if _ITEM.fullmatch(line_around(source.data, place)[0]) is None:
        return False
    start = max(0, source.data.rfind(b"\n", 0, place) + 1)
    around = source.data[max(0, start - _HOSTS_AROUND) : start + _HOSTS_AROUND].decode("latin-1")
    return sum(bool(_ITEM.fullmatch(line)) for line in around.split("\n")) >= _LISTED


def _is_only_told(source: Source, place: int, text: str, start: int) -> bool:
    """Say whether a host stands in a list of hosts or a content security policy, is cited or enabled."""
    if any(known.search(text[:start]) for known in (_POLICY, _CITED, _ENABLED, _LETS_INLINE)):
        return True
    if _ENABLED_BELOW.search(source.data, max(0, place - _HOSTS_AROUND), place):
        return True
    if _ENABLED_ABOVE.search(source.data, max(0, place - _ENABLED_WITHIN), place):
        return True
    window = max(0, start - _HOSTS_AROUND)
    lists = _HOSTS.finditer(text[window : start + _HOSTS_AROUND])
    return any(found.start() <= start - window < found.end() for found in lists) or _is_allowed(source, place)


def _is_allowed(source: Source, place: int) -> bool:
    """Say whether the line at a place is one of a list of what is let through or kept out, pictures too."""
    above = parents(source.data, place, levels=3)
    return any(map(_LETS.search, above[:1])) or any("remotePatterns" in line for line in above)


def _is_compared(text: str, start: int, length: int) -> bool:
    """Say whether a host is only what another one is compared with, or looked for in a text."""
    return bool(_COMPARED.search(text[:start]) or _IN_TEXT.match(text, start + length))


def _is_stand_in(address: str) -> bool:
    return address.startswith("*.")


def _plain_label(catalogue: Catalogue, label: str) -> str:
    """Return a host's label with ``*`` for what is filled in later: a template, "your-name", or REGION."""
    plain = _TEMPLATE.sub("*", label)
    is_shouted = len(label) > 2 and label.isupper() and label[0].isalpha()
    return "*" if is_shouted or stand_ins.is_label(catalogue, plain) else plain


def hosts(catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return provider and host in the order in which the byte search numbers them."""
    return [(provider.name, host) for provider in catalogue.provider for host in provider.hosts]
