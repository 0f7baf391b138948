"""Tell where a model id stands in a record: an answer, a trace, a list of prices, figures of an evaluation.

A record names what was used elsewhere, or all that there is; neither is use where the record is kept.
"""

from __future__ import annotations

import re

RECORDS = (
    ".jsonl",
    ".ndjson",
    ".traj",
    ".har",
    ".log",
    ".snap",
    ".ambr",
    "_snapshot.json",
    ".d.ts",
    ".manifest",
)
"""Endings of files that record what once happened, or what types there are: a model is used elsewhere."""


# What is kept under a key: the body of ``"gpt-4o" = { model = { name = "gpt-4.1" } }``.
MAP_KEY = re.compile(r"[\"'`]?\s*(?::|=>|=)(?:\s*(?P<brace>\{))?")
KEY_FRONT = re.compile(r"(?:^|[{,])[\s-]*[\"'`]?$")


def braced(text: str) -> str:
    """Return what stands before the bracket that closes the one before the text."""
    depth = 1
    for found in re.finditer(r"[{}]", text):
        depth += 1 if found.group() == "{" else -1
        if depth == 0:
            return text[: found.start()]
    return text


# What a model costs, in the body of a table's key: a price list names all that there are.
_COSTS = re.compile(r"(?i)[\w\"']*(?:cost|price|pricing|score|energy)\w*[\"']?\s*[:=]\s*[\"'{\[$]?[\d.{\[]?")


# What is also described is there to be chosen.
_OFFERED = re.compile(r"(?i)\b(?:description|label|title|display_?name)[\"']?\s*[:=]")


def is_priced(front: str, behind: str) -> bool:
    """Say whether an id is the key of a table of prices."""
    opening = MAP_KEY.match(behind)
    if opening is None or not opening["brace"] or KEY_FRONT.search(front) is None:
        return False
    body = braced(behind[opening.end() :])
    return _COSTS.search(body) is not None and _OFFERED.search(body) is None


# One number a model, with a fraction: what it costs, needs or scores. A whole one may be what is ordered.
_MEASURED = re.compile(r"[\"']?\s*:\s*[\"']?\d+\.\d+[\"']?\s*(?:[,}#]|\n|\Z)")


# LiteLLM's list of prices and capabilities, whatever language it is written out in.
_PRICED_BELOW = re.compile(r"(?:input|output)_cost_per_\w+[\"']?\s*(?:[:=]|=>)")
_USED_THERE = re.compile(r"(?i)litellm_?params|model_?info|api_?(?:base|key)\b|\bparams\s*:")


def is_in_price_list(front: str, around: str, behind: str) -> bool:
    """Say whether an id begins an entry of a list of prices: LiteLLM's, but not the settings of its proxy."""
    if not _PRICED_BELOW.search(behind) or _USED_THERE.search(around) or _USED_THERE.search(behind):
        return False
    return _KEY_OF_ID.search(front) is not None


_KEY_OF_ID = re.compile(r"(?i)[\"']?\b(?:id|model|name|model_?(?:name|id))[\"']?\s*(?:[:=]|=>)\s*[\"'`]?$")


def is_measured(front: str, behind: str) -> bool:
    """Say whether an id is the key of a number that says something of the model."""
    return KEY_FRONT.search(front) is not None and _MEASURED.match(behind) is not None


# What an evaluation measured, kept as data: a table of results names all that were ever tried.
_RESULT = re.compile(
    r"(?im)^\s*(?:-\s+)?[\"']?(?:pass_?(?:rate|at)?[@_]?\w{0,8}|accuracy|win_?rate|elo|humaneval\w*|mmlu\w*|percent_\w{1,40}"
    r"|bleu|f1(?:_score)?|\w{0,30}_score)[\"']?\s*:\s*[\"']?\d+\.\d"
)


def is_result(around: str) -> bool:
    """Say whether an id of a file of data stands among the figures that an evaluation measured."""
    return _RESULT.search(around) is not None


# The answer of an API that was recorded, or made up for a test.
_ANSWER = re.compile(
    r"\bobject\\?[\"']?\s*[:=]\s*\\?[\"'](?:chat\.completion|text_completion|response)(?:\.chunk)?\\?[\"']"
    r"|\bid\\?[\"']?\s*:\s*\\?[\"'](?:chatcmpl-|(?:msg|resp)_[0-9A-Za-z])"
    r"|\"usage\\?\"\s*:\s*\{\s*\\?\"(?:prompt|input|total|completion)_tokens"
    r"|(?<![\w.])(?:stop|finish)_?[rR]eason\\?[\"']?\s*:\s*(?:\\?[\"'`]\w|null\b|None\b)"
    r"|\"created_at\\?\"\s*:\s*\\?\"\d{4}-[^\n]{0,300}\"done\\?\"\s*:"
    r"|\bmodel\\?[\"']?\s*:\s*\\?[\"'`][^\"'`\n]{1,80}[\"'`]\s*,\s*\\?[\"']?role\\?[\"']?\s*:\s*\\?[\"'`]assistant"
)


# In data: an entry of the list that an API gives of its models (OpenAI's, Google's), and what a trace tells.
_LISTED_OR_TRACED = re.compile(
    r"\\?[\"']object\\?[\"']\s*:\s*\\?[\"']model\\?[\"']|[\"'](?:supportedGenerationMethods|inputTokenLimit)[\"']\s*:"
    r"|[\"']gen_ai\.(?:request|response|system|usage|operation)[\w.]*[\"']\s*:"
)


def is_answered(around: str, syntax: str) -> bool:
    """Say whether an id stands in an answer of a model's API: what was asked for is told elsewhere.

    In code, an entry of the list of models is one that the program itself offers.
    """
    return _ANSWER.search(around) is not None or (
        syntax == "config" and _LISTED_OR_TRACED.search(around) is not None
    )
