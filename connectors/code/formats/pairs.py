"""Read the name that a value is given to where the two stand on lines of their own.

A container's variables (``- name: MODEL_ID`` over ``value: …``) and a template's parameters
(``DefaultModelId:`` over ``Default: …``) say so; the line of the value alone does not.
"""

from __future__ import annotations

import re

_VALUE = re.compile(r"(?P<front>\s*(?:-\s+)?)[\"']?(?:value|default|defaultValue)[\"']?\s*:\s*$", re.I)
_NAME = re.compile(r"[\"']?name[\"']?\s*:\s*[\"']?(?P<name>[\w.-]{1,100})[\"']?\s*,?\s*$", re.I)
_KEY = re.compile(r"[\"']?(?P<name>[\w.-]{1,100})[\"']?\s*:\s*$")
_FRONT = re.compile(r"\s*(?:-\s+)?")
_REACH = 1_500
_LINES = 12


def name_of(data: bytes, place: int, before: str) -> str:
    """Return what the value at ``place`` is given to; empty when ``before``, its line's front, holds more."""
    found = _VALUE.match(before)
    if found is None:
        return ""
    width = len(found["front"])
    start = data.rfind(b"\n", 0, place) + 1
    if "-" not in found["front"]:
        return _above(_lines(data[max(0, start - _REACH) : start])[::-1], width)
    end = data.find(b"\n", place)
    return _below(_lines(data[end + 1 : end + 1 + _REACH]), width) if end >= 0 else ""


def _lines(data: bytes) -> list[str]:
    return [line for line in data.decode("utf-8", "replace").split("\n") if line.strip()]


def _above(lines: list[str], width: int) -> str:
    """Return the name beside a value, or the key that it stands under."""
    for line in lines[:_LINES]:
        front = _FRONT.match(line)
        assert front is not None
        if front.end() < width:
            key = _KEY.match(line, front.end())
            return key["name"] if key else ""
        if front.end() > width:
            continue
        if name := _NAME.match(line, front.end()):
            return name["name"]
        if "-" in front.group():
            break  # the item begins here
    return ""


def _below(lines: list[str], width: int) -> str:
    for line in lines[:_LINES]:
        front = _FRONT.match(line)
        assert front is not None
        if front.end() < width or (front.end() == width and "-" in front.group()):
            break
        if front.end() == width and (name := _NAME.match(line, width)):
            return name["name"]
    return ""
