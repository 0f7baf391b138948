"""Read container images and server commands in Dockerfiles, compose, Kubernetes, Helm, CI and scripts.

An image counts where it stands whole and in the place of an image: behind ``FROM``, as the value of a key
about images, behind ``docker run`` and its like, in a call that takes an image. Lines are read, not trees:
templates are no YAML until they are filled.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase

from connectors.catalogue.infra_rows import Image, ServerCommand, plain_command
from connectors.catalogue.tables import Catalogue
from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import short
from connectors.code.formats.lines import PAGES, is_comment, line_around, line_before, parents
from connectors.code.formats.talk import Talk
from connectors.model import Grade, Json
from connectors.patterns import compile_pattern

_BETWEEN_TAGS = re.compile(r">[^<>{}]*$")
_NAME_WORDS = re.compile(r"[-_.]+")
_VARIABLE = re.compile(r"(?:\$\{[^{}]*\}|\{\{[^{}]*\}\}|\$\w+)$")
_LEFT = re.compile(r"[A-Za-z0-9._:/@-]*$")
_RIGHT = re.compile(r"[A-Za-z0-9._:/@${}-]*")
_REFERENCE = re.compile(
    r"(?P<name>[a-z0-9.-]+(?::\d+(?=/))?(?:/[a-z0-9._-]+)+)(?::(?P<tag>[^@/]+))?(?:@\S+)?"
)
_FROM = re.compile(r"(?i)^\s*(?:FROM\s+(?:--platform=\S+\s+)?|COPY\s+--from=)[\"']?$")
_IMAGE_KEY = re.compile(
    r"(?i)(?:^|[\s\"'{,(;-])[\w.-]*(?:image|container)(?:[_-]?(?:name|uri|url|ref|repository|repo))?[\"']?"
    r"\s*(?::=|\?=|=>|[:=])\s*[\"'({\[]*$"
)
_EXPECTED = re.compile(r"(?i)\b(?:expect\w*|want\w*|assert\w*)\s*(?:\(|:?=)")
_DEFAULT = re.compile(r"(?i)image[\w.-]*[\"']?\s*[:=].*(?:\$\{[^}]*:-|default\s*\(?\s*)[\"']?$")
_RUNNERS = re.compile(
    r"(?i)\b(?:docker|podman|nerdctl|ctr|crane|skopeo|apptainer|singularity|kubectl|finch|enroot)\b.*?"
    r"\b(?:run|pull|create|exec|import|copy|build|tag|save|scout)\b"
)
_CALL = re.compile(
    r"(?:Container\w*|DockerImageName\.parse|DockerImageName|from_?[Rr]egistry|FromRegistry|AddContainer|add_container)\s*"
    r"(?:<[^<>]*>)?\s*\([^()]*[\"']$|docker://$"
)
_SHELL_VARIABLE = re.compile(r"\s*(?:export\s+|readonly\s+|local\s+)?([A-Za-z_]\w*)=[\"']?$")
_ASKS = re.compile(rb"\b(?:manifest|imagetools|skopeo|crane)\s+(?:inspect|manifest|digest|ls)\b")
_ECHO = re.compile(rb"\s*(?:-\s+)?(?:echo|printf)\b")
_LIST_ITEM = re.compile(r"^\s*-\s*[\"']?$")
_LISTS = re.compile(r"(?i)^\s*-?\s*[\"']?[\w.-]*(?:images|services)[\"']?\s*:\s*$")
_REPOSITORY_KEY = re.compile(r"(?i)^\s*(?:-\s+)?[\"']?(?:repository|repo|newName)[\"']?\s*:\s*[\"']?$")
_SIBLING = re.compile(r"(?im)^[ \t]*[\"']?(?:tag|newTag|pullPolicy|digest|registry)[\"']?[ \t]*:")
_NAME_ITEM = re.compile(r"^\s*-?\s*name\s*:\s*[\"']?$")
_GPU = re.compile(r"nvidia\.com/gpu|amd\.com/gpu|capabilities:\s*\[\s*[\"']?gpu|--gpus\b|gpu\.intel\.com")
_REPOSITORY_HOSTS = ("github.com", "gitlab.com", "huggingface.co", "hf.co", "bitbucket.org")
_NOT_IMAGES = ("package.json", "composer.json", "package-lock.json", "renovate.json")
_TALK = re.compile(r"(?i)\b(?:echo|printf|print|println|log|info|warn|error|help|description)\b[^|;&]*$")
# A program that is looked for, ended, moved or taken away is not started there.
_HANDLED = re.compile(r"(?:^|[\s;&|(`])(?:p?grep|pkill|killall|rm|mv|chmod|chown)\s[^|;&\n]*$")
_TITLE = re.compile(r"""(?i)\s*(?:-\s+)*["']?(?:display_?)?(?:name|title|label|summary)["']?\s*:\s""")
_DATA = (".yml", ".yaml", ".json", ".toml")
_MAX_PLACES = 500
"""Places of one image or command that are looked at in one file; the evidence of a finding lists 50."""
# Layers that a build takes from an earlier image, or leaves for a later one: nothing of it is run.
_CACHED = re.compile(r"(?i)\bcache[-_](?:from|to)\b")
_COMMAND_START = re.compile(r"(?:^|[\s;&|(/=\"'\[`])$")


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each catalogued image and its lines."""
    if source.name in _NOT_IMAGES:
        return
    line, last = 1, 0
    seen: set[tuple[str, int]] = set()
    places: Counter[int] = Counter()
    talk = Talk(source)
    # Of several rows that know one image, the longest name wins.
    for hit in sorted(source.hits, key=lambda hit: (hit.start, hit.start - hit.end)):
        places[hit.row] += 1
        if places[hit.row] > _MAX_PLACES:
            continue
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        row = source.catalogue.image[hit.row]
        found = None if _is_shown(source, hit) else _image(source, hit, row)
        if found is not None and (found[0], line) not in seen and not talk.holds(hit.start):
            seen.add((found[0], line))
            yield _fact(source, row, *found, line=line, hit=hit)


# A text that only speaks of an image: text = "Docker image: acme/claims"
_LABELLED = re.compile(r"[\"'`][A-Z][a-z]*(?: [A-Za-z]+){1,5}:\s+[\w./-]*$")


def _is_shown(source: Source, hit: Hit) -> bool:
    """Say whether a page shows the place to its readers: ``<Snippet>docker pull ollama/ollama</Snippet>``."""
    text, column = line_around(source.data, hit.start)
    if source.syntax == "source" and _LABELLED.search(text[:column]):
        return True
    if not source.name.endswith(PAGES):
        return False
    return _BETWEEN_TAGS.search(text[:column]) is not None and "</" in text[column:]


def is_catalogued(catalogue: Catalogue, name: str) -> bool:
    """Say whether a repository with its registry is that of a catalogued image."""
    return any(_is_named(row.name, name) for row in catalogue.image if not row.is_rebuilt)


def parse_commands(source: Source) -> Iterator[Fact]:
    """Yield a fact for each line of a configuration or script that starts a catalogued server."""
    if source.syntax != "config":
        return
    line, last = 1, 0
    seen: set[tuple[str, int]] = set()
    places: Counter[int] = Counter()
    talk = Talk(source)
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        places[hit.row] += 1
        if places[hit.row] > _MAX_PLACES:
            continue
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        row = source.catalogue.server_command[hit.row]
        if (row.title, line) in seen or talk.holds(hit.start):
            continue
        if _is_started(source, hit, row):
            seen.add((row.title, line))
            yield Fact(
                kind=row.kind,
                provider=row.provider,
                identifier=f"command/{row.title}",
                name=row.title,
                grade=Grade.CONFIGURED,
                line=line,
                attributes={"command": row.literal.strip(' ",')},
            )


def _image(source: Source, hit: Hit, row: Image) -> tuple[str, str] | None:
    """Return the reference's registry path and tag when the hit is this row's image in an image's place."""
    text, column = line_around(source.data, hit.start)
    if is_comment(text):
        return None
    column += len(hit_text := source.data[hit.start : hit.end].decode()) - len(_trailing(hit_text))
    left, right = _LEFT.search(text[:column]), _RIGHT.match(text, column)
    assert left is not None
    assert right is not None
    token = left.group() + right.group()
    before, after = text[: left.start()], text[right.end() :]
    if source.syntax == "source" and _EXPECTED.search(before):
        return None
    if token.startswith("/"):  # the registry is a variable
        before = _VARIABLE.sub("", before)
    bare = _bare(token.lstrip("/"))
    reference = _REFERENCE.fullmatch(bare)  # else the path of a file: packages/vllm/Dockerfile
    if reference is None or not _is_row(source.catalogue, row, reference.group("name")):
        return None
    if not _is_whole(before, after) or not _is_place(source, hit, before, token):
        return None
    if before.count("`") % 2 and source.name.endswith(_DATA):
        return None  # a text with Markdown in it
    if _CACHED.search(before) or _is_only_asked_for(source, before):
        return None
    tag = reference.group("tag") or ""
    if any(fnmatchcase(tag, other) for other in row.not_tags):
        return None
    return reference.group("name"), "" if "$" in tag or "{" in tag else tag


def _is_only_asked_for(source: Source, before: str) -> bool:
    """Say whether an image is kept in a variable of a shell that is only used to ask a registry for it."""
    variable = _SHELL_VARIABLE.match(before) if source.syntax == "config" else None
    if variable is None:
        return False
    name = re.escape(variable.group(1).encode())
    uses = re.findall(rb"(?m)^.{0,500}?\$(?:" + name + rb"\b|\{" + name + rb"[}:%#]).{0,200}", source.data)
    return bool(uses) and all(_ASKS.search(use) or _ECHO.match(use) for use in uses)


def _trailing(text: str) -> str:
    """Return the end of a literal that belongs to the image: behind the key, quote or word it begins with."""
    return re.split(r"[\s\"'(]", text)[-1]


def _bare(token: str) -> str:
    """Return a reference without a scheme in front and template marks behind."""
    bare = re.sub(r"^(?:docker|docker-daemon|oci):/*", "", token)
    return re.sub(r"[:@]?(?:\$\{?|\{\{).*$", "", bare).rstrip(".:")


def _is_row(catalogue: Catalogue, row: Image, name: str) -> bool:
    if not row.is_rebuilt:
        return _is_named(row.name, name)
    if name.partition("/")[0] in _REPOSITORY_HOSTS:
        return False
    built = compile_pattern(catalogue.build_word)
    own = _NAME_WORDS.split(row.name)
    # A word may be the server's own: the "serving" of tensorflow-serving.
    words = _NAME_WORDS.split(name.rpartition("/")[2])
    if [word for word in words if word in own or not built.fullmatch(word)] != own:
        return False
    return not any(_is_named(other.name, name) for other in catalogue.image if not other.is_rebuilt)


def _is_named(pattern: str, name: str) -> bool:
    """Say whether a repository is the row's: with its registry, or at the end of any mirror's path."""
    host = name.partition("/")[0]
    if host in _REPOSITORY_HOSTS:
        return False
    if "*" in pattern:
        return fnmatchcase(name, pattern) or fnmatchcase(name, f"docker.io/{pattern}")
    return name == pattern or name.endswith(f"/{pattern}")


def _is_whole(before: str, after: str) -> bool:
    last, following = before[-1:], after[:1]
    return not (last and last not in "\"'`= \t([{,>:-|") and (
        not following or following in "\"'`, \t)]};\\|&#\r<" or after.startswith("{{")
    )


def _is_place(source: Source, hit: Hit, before: str, token: str) -> bool:
    if _FROM.search(before) or _IMAGE_KEY.search(before) or _CALL.search(before) or _DEFAULT.search(before):
        return True
    if token.startswith("docker://"):
        return True
    if _RUNNERS.search(before) or _is_continued(source, hit):
        return not before.lstrip().startswith(("uses:", "- uses:"))
    if source.syntax != "config":
        return False
    if _REPOSITORY_KEY.match(before):
        return _has_sibling(source, hit)
    above = parents(source.data, hit.start, levels=2)
    if _LIST_ITEM.match(before):
        return ":" in token and any(_LISTS.match(line) for line in above)
    if _NAME_ITEM.match(before):
        is_service = any(_LISTS.match(line) or line.strip() == "container:" for line in above)
        return is_service or source.name.startswith("kustomization")
    return False


def _is_continued(source: Source, hit: Hit) -> bool:
    """Say whether the line continues a command of an image runner that began above."""
    place = hit.start
    for _ in range(12):
        line = line_before(source.data, place)
        if not line.rstrip().endswith(("\\", "`", "^")):
            return False
        if _RUNNERS.search(line):
            return True
        place = source.data.rfind(line.strip().encode("utf-8", "replace"), 0, place)
        if place < 0:
            return False
    return False


def _has_sibling(source: Source, hit: Hit) -> bool:
    """Say whether a ``repository:`` has a tag or pull policy beside it: then it is an image's."""
    around = source.data[max(0, hit.start - 300) : hit.end + 300].decode("utf-8", "replace")
    return bool(_SIBLING.search(around)) or any(
        "image" in line.lower() for line in parents(source.data, hit.start, levels=1)
    )


def _fact(source: Source, row: Image, path: str, tag: str, *, line: int, hit: Hit) -> Fact:
    name = path if "*" in row.name or row.is_rebuilt else row.name
    attributes: dict[str, Json] = {"image": short(path), "product": row.title}
    if tag:
        attributes["tag"] = short(tag)
    if _wants_gpu(source, hit):
        attributes["gpu"] = True
    return Fact(
        kind=row.kind,
        provider=row.provider,
        identifier=f"image/{name}",
        name=name,
        grade=Grade.CONFIGURED,
        line=line,
        attributes=attributes,
    )


def _wants_gpu(source: Source, hit: Hit) -> bool:
    """Say whether the lines after an image, up to the next one, ask for a GPU."""
    after = source.data[hit.end : hit.end + 1200].decode("utf-8", "replace")
    return bool(_GPU.search(re.split(r"(?m)^[ \t]*-?[ \t]*image[ \t]*:|^---|^FROM ", after)[0]))


def _is_started(source: Source, hit: Hit, row: ServerCommand) -> bool:
    text, column = line_around(source.data, hit.start)
    before = text[:column]
    if is_comment(text) or _TALK.search(before) or _HANDLED.search(before) or _TITLE.match(before):
        return False
    found = compile_pattern(row.pattern).search(plain_command(text))
    return found is not None and bool(_COMMAND_START.search(before))
