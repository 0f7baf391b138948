"""Read XML of build files: elements with their lines, nothing else that XML can do.

A document type is refused, and with it every entity that could grow, be fetched or be read from a disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from connectors.code.facts import Source, UnreadableError

MAX_ELEMENTS = 100_000
MAX_DEPTH = 60
_MAX_TEXT = 2_000
_RETURN = re.compile(rb"\r(?!\n)")


@dataclass(slots=True)
class Element:
    """An element: its name without a prefix, its attributes, its own text, its children and its line."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, *path: str) -> Iterator[Element]:
        """Yield the elements at a path of names below this one."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.tag == path[0]:
                yield from child.all(*path[1:])

    def first(self, *path: str) -> Element | None:
        """Return the first element at a path of names below this one."""
        return next(self.all(*path), None)

    def value(self, *path: str) -> str:
        """Return the text of the first element at a path, without space around it; empty when none."""
        found = self.first(*path)
        return found.text.strip() if found else ""

    def named(self, name: str) -> str:
        """Return an attribute, or else a child element's text, whatever the case of their names."""
        for key, value in self.attributes.items():
            if key.lower() == name:
                return value.strip()
        return next((child.text.strip() for child in self.children if child.tag.lower() == name), "")

    def walk(self) -> Iterator[Element]:
        """Yield this element and all below it, in the order of the document."""
        stack = [self]
        while stack:
            element = stack.pop()
            yield element
            stack += reversed(element.children)


def load_xml(source: Source) -> Element:
    """Return the root element; raises :class:`UnreadableError` for what is no plain, modest XML."""
    builder = _Builder()
    try:
        # XML counts a carriage return alone as the end of a line, git and editors do not.
        builder.parser.Parse(_RETURN.sub(b" ", source.data).lstrip(), True)
    except expat.ExpatError as error:
        raise UnreadableError(f"not XML at line {error.lineno}") from error
    except (LookupError, ValueError) as error:  # an encoding that nobody knows
        raise UnreadableError("XML in an unknown encoding") from error
    return builder.root.children[0]


class _Builder:
    """Take the parser's events; too many or too deep elements and document types are refused."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.root = Element("", {}, 0)
        self._stack = [self.root]
        self._count = 0

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise UnreadableError(f"more than {MAX_ELEMENTS} XML elements")
        if len(self._stack) > MAX_DEPTH:
            raise UnreadableError("nested too deep")
        element = Element(tag.rpartition(":")[2], attributes, self.parser.CurrentLineNumber)
        self._stack[-1].children.append(element)
        self._stack.append(element)

    def _end(self, tag: str) -> None:
        self._stack.pop()

    def _text(self, text: str) -> None:
        element = self._stack[-1]
        if len(element.text) < _MAX_TEXT:
            element.text += text

    def _refuse(self, *_: object) -> None:
        raise UnreadableError("XML with a document type")
