"""Find the line of every key in a TOML text, so that a mistake can be shown where it was made.

``tomllib`` decides what is valid; this scanner only follows the shape: tables, dotted keys, arrays of
tables, inline tables, arrays and the four kinds of strings. It never raises: on a text it cannot follow
it stops and keeps what it has.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}\n#]*")
_SPACE = re.compile(r"[ \t\r]*")
_SPACE_AND_COMMENTS = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\"]|\\.|"(?!"")|"(?="""))*"""'
    r"|'''(?:[^']|'(?!'')|'(?='''))*'''"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


@dataclass(slots=True)
class Lines:
    """Where things are in a TOML text: ``at`` maps a key's path to its line, counted from 1.

    Elements of arrays are numbers in the path. ``repeated`` lists keys written twice, with both lines.
    """

    at: dict[Path, int] = field(default_factory=dict)
    repeated: list[tuple[Path, int, int]] = field(default_factory=list)

    def of(self, path: Path) -> int | None:
        """Return the line of ``path`` or of the nearest thing that contains it."""
        for length in range(len(path), 0, -1):
            line = self.at.get(path[:length])
            if line is not None:
                return line
        return None

    def known(self, path: Path) -> Path:
        """Return the longest beginning of ``path`` that is written in the text."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.at:
                return path[:length]
        return ()


def find_lines(text: str) -> Lines:
    """Return where every key of ``text`` is."""
    scanner = _Scanner(text)
    with contextlib.suppress(_Lost, RecursionError):
        scanner.document()
    return scanner.lines


class _Lost(Exception):
    """The text is not TOML from here on."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.lines = Lines()
        self._line = 1
        self._counted = 0
        self._tables: set[Path] = set()
        self._array_sizes: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self._skip(_SPACE_AND_COMMENTS)
        while self.position < len(self.text):
            if self._peek("["):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_SPACE_AND_COMMENTS)

    def _header(self) -> Path:
        line = self._here()
        is_array = self._peek("[[")
        self.position += 2 if is_array else 1
        parts = self._key()
        self._expect("]]" if is_array else "]")
        path: Path = ()
        for part in parts[:-1]:
            path = self._into_last((*path, part))
            self.lines.at.setdefault(path, line)
        path = (*path, parts[-1])
        if is_array:
            index = self._array_sizes.get(path, 0)
            self._array_sizes[path] = index + 1
            self.lines.at.setdefault(path, line)
            path = (*path, index)
        elif path in self._tables:
            self.lines.repeated.append((path, self.lines.at[path], line))
        else:
            self._tables.add(path)
        self.lines.at[path] = line
        return path

    def _into_last(self, path: Path) -> Path:
        size = self._array_sizes.get(path)
        return (*path, size - 1) if size else path

    def _pair(self, table: Path) -> None:
        line = self._here()
        parts = self._key()
        path = table
        for part in parts[:-1]:
            path = (*path, part)
            self.lines.at.setdefault(path, line)
        path = (*path, parts[-1])
        if path in self.lines.at:
            self.lines.repeated.append((path, self.lines.at[path], line))
        else:
            self.lines.at[path] = line
        self._expect("=")
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        parts = [self._key_part()]
        while self._take("."):
            parts.append(self._key_part())
        return parts

    def _key_part(self) -> str:
        self._skip(_SPACE)
        if match := _STRING.match(self.text, self.position):
            self.position = match.end()
            return _unquote(match.group())
        if match := _BARE_KEY.match(self.text, self.position):
            self.position = match.end()
            return match.group()
        raise _Lost

    def _value(self, path: Path) -> None:
        if self._peek("["):
            self._array(path)
        elif self._peek("{"):
            self._inline_table(path)
        elif self._peek('"') or self._peek("'"):
            self._skip(_STRING, needed=True)
        else:
            self._skip(_BARE_VALUE, needed=True)

    def _array(self, path: Path) -> None:
        self.position += 1
        index = 0
        while True:
            self._skip(_SPACE_AND_COMMENTS)
            if self._take("]"):
                return
            self.lines.at[(*path, index)] = self._here()
            self._value((*path, index))
            index += 1
            self._skip(_SPACE_AND_COMMENTS)
            if not self._take(",") and not self._peek("]"):
                raise _Lost

    def _inline_table(self, path: Path) -> None:
        self.position += 1
        while True:
            self._skip(_SPACE_AND_COMMENTS)
            if self._take("}"):
                return
            self._pair(path)
            self._skip(_SPACE_AND_COMMENTS)
            if not self._take(",") and not self._peek("}"):
                raise _Lost

    def _here(self) -> int:
        self._line += self.text.count("\n", self._counted, self.position)
        self._counted = self.position
        return self._line

    def _skip(self, pattern: re.Pattern[str], *, needed: bool = False) -> None:
        match = pattern.match(self.text, self.position)
        if match is None or (needed and match.end() == self.position):
            raise _Lost
        self.position = match.end()

    def _peek(self, token: str) -> bool:
        return self.text.startswith(token, self.position)

    def _take(self, token: str) -> bool:
        self._skip(_SPACE)
        if not self._peek(token):
            return False
        self.position += len(token)
        return True

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise _Lost


def _unquote(quoted: str) -> str:
    if quoted.startswith("'"):
        return quoted[1:-1]
    import tomllib

    try:
        return str(tomllib.loads(f"value = {quoted}")["value"])
    except tomllib.TOMLDecodeError:
        return quoted[1:-1]
