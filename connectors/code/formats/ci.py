"""Read build pipelines: steps that run an AI action, call an AI program, or call a provider.

Read line by line: a pipeline of any system is YAML (or Groovy) whose scripts are text, and only the lines
that name something of the catalogue are looked at again. A secret's name beside a step is no step, but what
an action asks for by name tells what it is (:mod:`connectors.code.formats.ci_inputs`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from connectors.catalogue.tables import Catalogue
from connectors.code.facts import CutShortError, Fact, Source
from connectors.code.formats.ci_inputs import LOOKS_LIKE_ONE, USES, action_of
from connectors.code.formats.lines import is_comment, parents
from connectors.code.formats.talk import Talk
from connectors.model import Grade
from connectors.patterns import compile_pattern, host_pattern

MAX_LINE = 2_000
MAX_LOOKS = 2_000
"""Lines of one pipeline looked at closely; people's own have a few dozen."""
_ORB = re.compile(r"""\s+[\w-]+\s*:\s*["']?([a-z0-9_-]+/[a-z0-9_-]+)@[\w.-]+["']?\s*(?:#|$)""")
_OWN = ("localhost", "127.0.0.1", "0.0.0.0")
# Asked whether it is there, a server answers with no model.
_IS_WELL = re.compile(
    r"/(?:api/(?:tags|version|ps)|v1/models|health\w*|ready\w*|livez)\b|://[\w.:-]+/?[\"']?(?:\s|;|$)"
)
_KEYED = re.compile(r"""\s*(?:-\s+)*["']?([A-Za-z_][\w-]*)["']?\s*:(?:\s+|$)(.*)""")
_GROOVY = re.compile(r"""\s*(?:sh|bat|powershell|pwsh)\s*(?:\(\s*)?(?:script:\s*)?["']{1,3}(.*)""")
_PARTS = re.compile(r"&&|\|\||[;|`(]|\$\(")
_FRONT = re.compile(
    r"(?:(?:sudo|env|time|exec|if|then|else|do|while|!|npx|bunx|uvx|-y|--yes|-q|command|nohup|xargs)\s+"
    r"|(?:uv|poetry|pdm|rye|hatch|pipenv|pixi)\s+run\s+|(?:uv\s+tool|pnpm|yarn|npm)\s+(?:run|dlx|exec)\s+(?:--\s+)?"
    r"|timeout\s+\S+\s+|python3?\s+-m\s+(?=vllm|promptfoo|deepeval|lm_eval)|[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|\S*)\s+"
    r"|[\"'>|-]+\s*)"
)
_EXPRESSION = re.compile(r"\$\{\{[^}]*\}\}")
_CALLS = re.compile(r"\b(?:curl|wget|http|httpie|Invoke-RestMethod|Invoke-WebRequest|xh)\b|https?://")
# What is printed, or only kept in a variable, calls nobody; what a pipe or a second command follows may.
_TEXT = r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'|;&]+)"
_NO_CALL = re.compile(
    rf"(?:(?:echo|printf|Write-Output|Write-Host|Add-Content)\b(?:[^|;&\"']|\"[^\"]*\"|'[^']*')*+"
    rf"|(?:(?:export|set|setx|declare|readonly|local)\s+(?:-\w+\s+)?)?(?:\$env:)?[A-Za-z_]\w*\s?=\s?{_TEXT}?)\s*"
)


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each action, program or provider that a pipeline's steps use, at its first line."""
    seen: set[str] = set()
    words = _first_words(source.catalogue)
    place = looks = 0
    talk = Talk(source)
    lines = source.data.split(b"\n")
    for number, raw in enumerate(lines, 1):
        start, place = place, place + len(raw) + 1
        if len(raw) > MAX_LINE or not raw.strip():
            continue
        line = raw.decode("utf-8", "replace").rstrip()
        is_input = LOOKS_LIKE_ONE.match(line) is not None
        if is_comment(line) or not (
            is_input or words.search(line) or _CALLS.search(line) or USES.match(line) or _ORB.match(line)
        ):
            continue
        looks += 1
        if looks > MAX_LOOKS:
            raise CutShortError(f"more than {MAX_LOOKS} lines that may be steps; the rest is left out")
        given = action_of(source.catalogue, lines, number - 1) if is_input else None
        found = [(*row, number) for row in _steps(source, line, start)]
        for name, provider, form, at in [(*given[:2], "action", given[2])] if given else found:
            if form != "action" and talk.holds(start + len(raw) - len(raw.lstrip())):
                continue  # a page that the step writes for readers
            if name.lower() not in seen:
                seen.add(name.lower())
                yield _fact(name, provider, form, at)


def _fact(name: str, provider: str, form: str, line: int) -> Fact:
    return Fact(
        kind="ci_step",
        provider=provider,
        identifier=name.lower(),
        name=name,
        grade=Grade.CONFIGURED,
        line=line,
        attributes={"form": form},
    )


def _first_words(catalogue: Catalogue) -> re.Pattern[str]:
    """Return what says quickly that a line may hold a catalogued command."""
    return _any_of(tuple(word for row in catalogue.ci_command for word in row.words))


@cache
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words)))


def _steps(source: Source, line: str, start: int) -> Iterator[tuple[str, str, str]]:
    uses = USES.match(line)
    if uses:
        yield from _action(source.catalogue, uses.group(1))
        return
    orb = _ORB.match(line)
    if orb:
        yield from _orb(source.catalogue, orb.group(1))
        return
    script = _script(source, line, start)
    if not script:
        return
    for part in _PARTS.split(_EXPRESSION.sub("x", script)):
        yield from _command(source.catalogue, _bare(part))
    if _CALLS.search(script) and not _is_no_call(script):
        yield from _hosts(source.catalogue, script)


def runs_ai(catalogue: Catalogue, script: str) -> bool:
    """Say whether a line of a script calls a catalogued program."""
    parts = _PARTS.split(_EXPRESSION.sub("x", script))
    return any(any(_command(catalogue, _bare(part))) for part in parts[:50])


def _is_no_call(script: str) -> bool:
    """Say whether a line of a script only prints something or keeps it in a variable."""
    return "$(" not in script and "`" not in script and _NO_CALL.fullmatch(script.strip()) is not None


def _action(catalogue: Catalogue, reference: str) -> Iterator[tuple[str, str, str]]:
    lowered = reference.lower()
    for row in catalogue.ci_action:
        known = row.name.lower()
        if lowered == known or lowered.startswith(f"{known}/"):
            yield reference, row.provider, "action"
            return


def _orb(catalogue: Catalogue, reference: str) -> Iterator[tuple[str, str, str]]:
    for row in catalogue.ci_orb:
        if row.name == reference:
            yield row.name, row.provider, "orb"


def _script(source: Source, line: str, start: int) -> str:
    """Return a line's shell text, told by its own key or the key it stands under; empty when it is none."""
    if not source.name.endswith((".yml", ".yaml")):
        groovy = _GROOVY.match(line)
        return groovy.group(1) if groovy else line.strip()
    keys = source.catalogue.ci_script_keys
    keyed = _KEYED.match(line)
    if keyed and keyed.group(1) in keys:
        return keyed.group(2)
    for parent in parents(source.data, start, levels=8):
        above = _KEYED.match(parent)
        if above:
            is_script = above.group(1) in keys and not (above.group(1) == "steps" and keyed)
            return line.strip().removeprefix("- ") if is_script else ""
    return ""


def _bare(command: str) -> str:
    """Take off what may stand before the program: wrappers, runners, variables."""
    text = command.strip()[:500]
    for _ in range(8):
        front = _FRONT.match(text)
        if not front:
            return text
        text = text[front.end() :].lstrip()
    return text


def _command(catalogue: Catalogue, text: str) -> Iterator[tuple[str, str, str]]:
    for row in catalogue.ci_command:
        if text and compile_pattern(row.pattern).match(text):
            yield row.name, row.provider, "command"
            return


def _hosts(catalogue: Catalogue, text: str) -> Iterator[tuple[str, str, str]]:
    for provider in catalogue.provider:
        for host in provider.hosts:
            if host in catalogue.ci_store_hosts:
                continue
            if max(host.split("*"), key=len) in text and host_pattern(host).search(text):
                if host.startswith(_OWN) and _IS_WELL.search(text):
                    return  # the server's own step waits for it
                yield f"call to {host}", provider.name, "call"
                return
