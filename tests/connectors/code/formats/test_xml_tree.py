"""XML of build files is read plainly: nothing grows, nothing is fetched, nothing hangs."""

from __future__ import annotations

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.facts import Source, UnreadableError
from connectors.code.formats.xml_tree import MAX_ELEMENTS, load_xml


def _source(text: str | bytes) -> Source:
    data = text.encode() if isinstance(text, str) else text
    return Source(data=data, name="pom.xml", syntax="config", catalogue=load_catalogue())


def test_elements_have_text_lines_and_no_prefix() -> None:
    root = load_xml(_source('<m:a xmlns:m="urn:x">\n <m:b>one</m:b>\n <m:b k="2"> two </m:b>\n</m:a>'))

    assert root.tag == "a"
    assert [(item.text.strip(), item.line) for item in root.all("b")] == [("one", 2), ("two", 3)]
    assert root.value("b") == "one"


def test_only_a_line_feed_ends_a_line() -> None:
    root = load_xml(_source("<a>\r\r\r\n <b/>\r\n <b/></a>"))

    assert [item.line for item in root.all("b")] == [2, 3]


def test_a_value_may_be_an_attribute_or_a_child_of_any_case() -> None:
    root = load_xml(_source('<r><p VERSION="1"/><p><Version>2</Version></p><p/></r>'))

    assert [item.named("version") for item in root.all("p")] == ["1", "2", ""]


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\n\n"])
def test_a_byte_order_mark_or_blank_lines_in_front_do_no_harm(mark: bytes) -> None:
    assert load_xml(_source(mark + b"<a/>")).tag == "a"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        ("<a>&unknown;</a>", "not XML at line 1"),
        ("<a><b></a>", "not XML at line 1"),
        ("", "not XML"),
        ("<a>", "not XML"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "XML"),
        ("<a>" * 500 + "</a>" * 500, "nested too deep"),
        ("<a>" + "<b/>" * (MAX_ELEMENTS + 1) + "</a>", "elements"),
    ],
)
def test_what_is_no_plain_modest_xml_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        load_xml(_source(text))
