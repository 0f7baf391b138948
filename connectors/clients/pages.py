"""Read a listing to its end, whatever way the vendor cuts it into pages.

Each style is a small description; :func:`walk` is the only loop. A listing that cannot be read to its end
raises ``Incomplete`` after yielding what was read: a token that comes again, a page that comes again,
more pages than the cap, "there is more" without a way to get it. An empty page that names a next one is
followed, for some vendors filter after they cut.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import orjson

from connectors.errors import BadResponse, Incomplete

Param: TypeAlias = str | int | float | bool | Sequence[str]
Item: TypeAlias = dict[str, Any]

MAX_PAGES = 10_000
MAX_EMPTY_PAGES = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer: parsed JSON, and headers by lower-case name."""

    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Step:
    """Where the next page is: parameters to set, or a whole ``url``; ``token`` must never come twice."""

    token: str
    params: Mapping[str, Param] = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """How much of a listing has been read."""

    pages: int
    items: int


class Pages(Protocol):
    """A way of cutting a listing into pages; ``items`` is the dotted path of the list (empty: the body)."""

    @property
    def items(self) -> str:
        """Return the dotted path of the list in the body."""

    def first(self) -> Mapping[str, Param]:
        """Return the parameters of the first page, always with an explicit limit where one exists."""

    def after(self, answer: Answer, items: list[Item], at: Position) -> Step | None:
        """Return where the page after this one is, ``None`` at the end.

        Raises ``Incomplete`` when there is more but no way to it.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """``after=<last_id>`` while ``has_more``; without ``last_id`` the last item's own id is used."""

    items: str = "data"
    limit: int = 100
    limit_param: str = "limit"
    cursor_param: str = "after"
    cursor_field: str = "last_id"
    id_field: str = "id"
    more_field: str = "has_more"

    def first(self) -> Mapping[str, Param]:
        """Ask for the first page."""
        return _limit(self.limit_param, self.limit)

    def after(self, answer: Answer, items: list[Item], at: Position) -> Step | None:
        """Follow the cursor while the vendor says that there is more."""
        if not _more(answer, self.more_field):
            return None
        cursor = _text(answer, self.cursor_field) or (
            str(items[-1].get(self.id_field) or "") if items else ""
        )
        if not cursor:
            raise Incomplete(f"{self.more_field} is true but there is no {self.cursor_field}")
        return Step(cursor, {self.cursor_param: cursor})


@dataclass(frozen=True, slots=True, kw_only=True)
class NextToken:
    """``page=<next_page>`` until the body names no further token; where one of the two is known, as
    ``more_field`` (there is more) or ``last_field`` (there is none) says.
    """

    items: str = "data"
    limit: int = 100
    limit_param: str = "limit"
    token_param: str = "page"
    token_field: str = "next_page"
    more_field: str = ""
    last_field: str = ""

    def first(self) -> Mapping[str, Param]:
        """Ask for the first page."""
        return _limit(self.limit_param, self.limit)

    def after(self, answer: Answer, items: list[Item], at: Position) -> Step | None:
        """Follow the token; what says that there is more must agree with it."""
        token = _text(answer, self.token_field)
        if self.more_field and not _more(answer, self.more_field):
            return None
        if self.last_field and _more(answer, self.last_field):
            return None
        if (self.more_field or self.last_field) and not token:
            raise Incomplete(f"the answer says that there is more but has no {self.token_field}")
        return Step(token, {self.token_param: token}) if token else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHeader:
    """``Link: <url>; rel="next"`` as in RFC 8288; the URL must stay the same operation on the same host."""

    items: str = ""
    limit: int = 100
    limit_param: str = "per_page"

    def first(self) -> Mapping[str, Param]:
        """Ask for the first page."""
        return _limit(self.limit_param, self.limit)

    def after(self, answer: Answer, items: list[Item], at: Position) -> Step | None:
        """Follow the link with ``rel="next"``."""
        from requests.utils import parse_header_links

        for link in parse_header_links(answer.headers.get("link", "")):
            if "next" in link.get("rel", "").lower().split():
                return Step(link["url"], url=link["url"])
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenHeader:
    """``continuationToken=<x-ms-continuationtoken>`` until the answer's headers name no further token."""

    items: str = "value"
    limit: int = 100
    limit_param: str = "$top"
    token_param: str = "continuationToken"
    header: str = "x-ms-continuationtoken"

    def first(self) -> Mapping[str, Param]:
        """Ask for the first page."""
        return _limit(self.limit_param, self.limit)

    def after(self, answer: Answer, items: list[Item], at: Position) -> Step | None:
        """Follow the token."""
        token = answer.headers.get(self.header, "")
        return Step(token, {self.token_param: token}) if token else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextUrl:
    """A whole URL in the body (``@odata.nextLink``, ``next``); it must stay the same operation and host."""

    items: str = "value"
    url_field: str = "next"
    limit: int = 100
    limit_param: str = "limit"

    def first(self) -> Mapping[str, Param]:
        """Ask for the first page."""
        return _limit(self.limit_param, self.limit)

    def after(self, answer: Answer, items: list[Item], at: Position) -> Step | None:
        """Follow the URL."""
        url = _text(answer, self.url_field)
        return Step(url, url=url) if url else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """``offset=<items so far>``; ends at ``total_field`` where the vendor gives one, else at an empty page.

    A short page is no end: some vendors clamp the limit in silence.
    """

    items: str = "items"
    limit: int = 100
    limit_param: str = "limit"
    offset_param: str = "offset"
    total_field: str = ""

    def first(self) -> Mapping[str, Param]:
        """Ask for the first page."""
        return {**_limit(self.limit_param, self.limit), self.offset_param: 0}

    def after(self, answer: Answer, items: list[Item], at: Position) -> Step | None:
        """Go on behind what was seen."""
        if self.total_field:
            total = _number(answer, self.total_field)
            if not items and at.items < total:
                raise Incomplete(f"an empty page after {at.items} of {total} items")
            return Step(str(at.items), {self.offset_param: at.items}) if at.items < total else None
        return Step(str(at.items), {self.offset_param: at.items}) if items else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber:
    """``page=1, 2, ...``; ends at ``pages_field`` where the vendor gives one, else at an empty page."""

    items: str = "items"
    limit: int = 100
    limit_param: str = "per_page"
    page_param: str = "page"
    pages_field: str = ""
    first_page: int = 1

    def first(self) -> Mapping[str, Param]:
        """Ask for the first page."""
        return {**_limit(self.limit_param, self.limit), self.page_param: self.first_page}

    def after(self, answer: Answer, items: list[Item], at: Position) -> Step | None:
        """Count on."""
        number = self.first_page + at.pages
        if self.pages_field:
            last = _number(answer, self.pages_field) + self.first_page - 1
            return Step(str(number), {self.page_param: number}) if number <= last else None
        return Step(str(number), {self.page_param: number}) if items else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnePage:
    """The whole list in one answer: the vendor knows no pages here."""

    items: str = "data"

    def first(self) -> Mapping[str, Param]:
        """Ask for all."""
        return {}

    def after(self, answer: Answer, items: list[Item], at: Position) -> Step | None:
        """End; raises ``Incomplete`` when the answer says that there is more after all."""
        if isinstance(answer.data, dict) and answer.data.get("has_more") is True:
            raise Incomplete("the answer says has_more, but this listing is documented without pages")
        return None


def walk(
    fetch: Callable[[Mapping[str, Param], str], Answer],
    pages: Pages,
    *,
    max_pages: int = MAX_PAGES,
    max_empty_pages: int = MAX_EMPTY_PAGES,
) -> Iterator[Item]:
    """Yield every item of a listing, in the vendor's order.

    ``fetch(params, url)`` gets one page: by parameters, or by ``url`` when that is not empty. Raises
    ``Incomplete`` when the listing cannot be read to its end and ``BadResponse`` when a page is no list
    of objects; what was read before has been yielded.
    """
    trail = _Trail(max_pages=max_pages, max_empty_pages=max_empty_pages)
    params, url = pages.first(), ""
    while True:
        answer = fetch(params, url)
        items = _items(answer, pages.items)
        trail.page(items)
        yield from items
        step = pages.after(answer, items, Position(trail.pages, trail.seen))
        if step is None:
            return
        trail.step(step)
        params, url = {**pages.first(), **step.params}, step.url


@dataclass(slots=True, kw_only=True)
class _Trail:
    """Remember the way through a listing, and notice when it leads nowhere."""

    max_pages: int
    max_empty_pages: int
    pages: int = 0
    seen: int = 0
    _empty_in_a_row: int = 0
    _tokens: set[bytes] = field(default_factory=set)
    _last_page: bytes = b""

    def page(self, items: list[Item]) -> None:
        """Note a page before its items are yielded; raises ``Incomplete`` for the same page again."""
        digest = _digest(orjson.dumps(items)) if items else b""
        if items and digest == self._last_page:
            raise Incomplete(
                f"page {self.pages + 1} is the same as the page before; {self.seen} items were read"
            )
        self._last_page = digest
        self.pages += 1
        self.seen += len(items)
        self._empty_in_a_row = 0 if items else self._empty_in_a_row + 1

    def step(self, step: Step) -> None:
        """Check the way on; raises ``Incomplete`` on a repeated token or a cap."""
        token = _digest(step.token.encode("utf-8", "surrogatepass"))
        read = f"{self.seen} items on {self.pages} pages were read"
        if token in self._tokens:
            raise Incomplete(f"the vendor repeated a page token; {read}")
        if self.pages >= self.max_pages:
            raise Incomplete(f"the cap of {self.max_pages} pages was reached and there is more; {read}")
        if self._empty_in_a_row >= self.max_empty_pages:
            raise Incomplete(f"{self._empty_in_a_row} empty pages in a row and still no end; {read}")
        self._tokens.add(token)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()


def _limit(param: str, limit: int) -> dict[str, Param]:
    return {param: limit} if param else {}


def _at(answer: Answer, path: str) -> Any:
    """Follow a dotted path; a key that itself holds dots (``@odata.nextLink``) is found first."""
    value = answer.data
    if isinstance(value, dict) and path in value:
        return value[path]
    for name in path.split(".") if path else ():
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _items(answer: Answer, path: str) -> list[Item]:
    value = _at(answer, path)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadResponse(f"the answer has no list of objects at {path or 'its top'!r}")
    return value


def _text(answer: Answer, path: str) -> str:
    value = _at(answer, path)
    if value is None:
        return ""
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise BadResponse(f"{path} of the answer should be a text, it is {type(value).__name__}")
    return str(value)


def _more(answer: Answer, path: str) -> bool:
    value = _at(answer, path)
    if not isinstance(value, bool):
        raise BadResponse(f"{path} of the answer should be true or false, it is {type(value).__name__}")
    return value


def _number(answer: Answer, path: str) -> int:
    value = _at(answer, path)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadResponse(f"{path} of the answer should be a number, it is {value!r:.40}")
    return value
