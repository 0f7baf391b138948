"""Tell where a quoted model id is only spoken of in code: a table's key, a comparison, the name of a kind.

What a model costs, takes in or is tokenized with is knowledge of it, and what a name is compared with is
neither called nor offered. A bare family name (``gemma``, ``qwen2``) is mostly that of an architecture, of a
chat template or of a provider: it is a model where the text says so.
"""

from __future__ import annotations

import re
from functools import lru_cache

from connectors.catalogue.tables import Catalogue, Family
from connectors.code.formats.model_ids import family_of
from connectors.code.formats.model_records import KEY_FRONT, MAP_KEY, RECORDS, braced

_SIZES = (
    r"cost|pric(?:e|ing)|context_?(?:size|window|length|limit|len)|window_?size|max_?(?:input_|output_)?tokens?"
    r"|token_?(?:limit|max|cost|size|count)|cut_?off|dimension|_dims?\b|rate_?limit"
)

# Another id that is compared with this one, or looked for beside it in a list.
_COMPARED_BEFORE = re.compile(
    r"(?i)(?:[=!]==?|\[\[?\s+[\"']?\$\{?\w{1,60}\}?[\"']?\s*=|\b(?:has_?prefix|has_?suffix|starts_?with|ends_?with|str_starts_with|str_contains|contains|includes|replace(?:_?all)?"
    r"|\w{0,40}prefix\w{0,20}|equals|equals_?ignore_?case|eql\?|strings\.contains|index_?of)\s*\(\s*(?:[\w.$>\[\]-]+(?:\(\))?\s*,\s*)?"
    r"|^\s*(?:case|when)\s+(?:[\"'][\w.:/-]+[\"']\s*(?:,|\|)\s*)*"
    r"|(?:\bif\b|\band\b|\bor\b|\bnot\b|\breturn\b)[^\"':]*\bin\s*[\[({]\s*(?:[\"'][\w.:/-]+[\"']\s*,\s*)*"
    r"|^\s*[\w.]+\s+(?:not\s+)?in\s*[\[({]\s*(?:[\"'][\w.:/-]+[\"']\s*,\s*)*"
    r"|prefix(?:es)?\s*(?::=|=|:|\bin\b)\s*(?:\[\]string\s*)?[\[({]?\s*(?:[\"'][\w.:/-]+[\"']\s*,\s*)*)\s*$"
)
_COMPARED_BEHIND = re.compile(
    r"[\"'`]\s*(?:(?:not\s+)?\bin(?:\s+[A-Za-z_]|\s*\()|[=!]==?\s*[A-Za-z_.$]|\.\s*[eE]quals\w*\s*\("
    r"|(?:\s*,\s*[\"'`][\w.:/-]+[\"'`]){0,20}\s*,?\s*[\])]\s*\.\s*(?:includes|contains|indexOf|has|Contains|include\?|some|find|every|any)\s*\()"
)
_LOOKED_AT = re.compile(rf"(?i)[\"'`]\s*\]\s*\??\.?\s*[\"'\[]*\w{{0,20}}(?:{_SIZES})")
_LIST_COMPARED = re.compile(r"(?:(?:^|[^\w])(?:not\s+)?in|prefixes\s*=)\s*[\[({]\s*$")
# What a name is looked for by, to show a sign or a family for it: keywords: ["gpt", "bge-m3"]
_WORDS = re.compile(
    r"(?i)\b(?:key_?words?|patterns?|match(?:es|ers?)?|needles?|prefixes|substrings?)[\"']?\s*(?::|=>?)\s*\[[^\[\]]*$"
)
_LOOP = re.compile(r"\bfor\b")

# The front of an arm of a choice, by the ending of the file's name.
_ARMS = {".rs": "=>", ".cs": "=>", ".kt": "->", ".kts": "->", ".ex": "->", ".exs": "->", ".fs": "->"}
_ARM = r"[\"]\s*\)?\s*(?:\|\s*[\w(]*\"[^\"\n]*\"\)?\s*){{0,20}}(?:\|\s*\n|{0})"

# What a model costs or takes in, as a table says it: numbers or a date, with nothing else between them.
_NUMBER = r"[-+]?[\d.][\d_.]*(?:e[-+]?\d+)?[fFdDmMkKlL]?(?:\s*[*/]\s*[\d_.e-]+)?"
_NAMED_NUMBER = rf"(?:[\"']?[A-Za-z_][\w ]*[\"']?\s*[:=]\s*|[\"'][\w ]+[\"']\s*=>\s*)?{_NUMBER}"
_SIZED = re.compile(
    rf"[\"'`]\s*(?::|=>|->|\bto\b)\s*(?:{_NUMBER}\s*(?:[,;}})\]]|//|\#|\n|\Z)"
    r"|[\"'`]\d{4}-\d\d(?:-\d\d)?[\"'`]"
    rf"|(?:[A-Za-z_.]*\s*)[{{\[(]\s*{_NAMED_NUMBER}\s*(?:,\s*{_NAMED_NUMBER}\s*){{0,9}},?\s*[}}\])])"
)
# What it takes in as the arguments of a record, or how hard it may be told to think.
_DESCRIBED = re.compile(
    r"[\"'`]\s*(?::|=>)\s*(?:\w+\(\s*(?:max_?\w*_?tokens?|context_?\w*)\s*[=:]"
    r"|\[\s*(?:[\"'](?:none|minimal|low|medium|high|xhigh|max)[\"']\s*,?\s*){1,8}\])"
)
# What an environment says of a model, by its name: {"gpt-4o": process.env.GPT_4O_CONTEXT}
_OVERRIDDEN = re.compile(r"[\"'`]\s*:\s*(?:process\.env\.|os\.(?:getenv\(|environ)|env\()")
_SIZE_PUT = re.compile(r"\.(?:put|set|insert|add|entry)\(\s*$")
_SIZE_BEHIND = re.compile(rf"[\"'`]\s*,\s*{_NUMBER}\s*\)")
# How people read ids: MODEL_DISPLAY_NAMES = {"claude-v1": "Claude v1"}
_OF_TITLES = re.compile(
    r"(?i)(?:display|pretty|readable|friendly|human|short)_?(?:model_?)?names?\w*[\"']?\s*(?:[:=][^=].{0,80})?[{\[(]\s*$"
)
# Which name a library that counts tokens knows another by: TO_TIKTOKEN = {"gpt-35-turbo": "gpt-3.5-turbo"}
_TO_TOKENS = re.compile(r"(?i)\w*(?:tiktoken|tokeni[sz]er)\w*[\"']?\s*(?::[^=\n]{1,80})?[:=]\s*[{\[(]\s*$")
_KEY_BEHIND = re.compile(r"[\"'`]\s*(?::|=>)")
_OF_SIZES = re.compile(rf"(?i)(?:{_SIZES})\w*[\"']?\s*(?:[:=][^=].{{0,80}})?[{{\[(]\s*$")
_LOOKED_UP = re.compile(rf"(?i)(?:{_SIZES})\w*\s*\[\s*$")
# What follows is shown, or says how text is split, and is not asked.
_SHOWN = re.compile(
    r"(?i)\be\.g\.|(?:\bexamples?|\btokenizer(?:_(?:name|hub|id|path|config|name_or_path|model))?)[\"']?\s*[:=]\s*"
    r"\[?\s*(?:[\"'`][^\"'`]{1,80}[\"'`]\s*,\s*){0,20}[\"']?\s*$"
)

# What a test expects is neither asked nor offered.
_EXPECTED = re.compile(
    r"(?:\b(?:assert\w*|should\w*|require\.\w+)(?:\.\w+)*\s*[( ]|\bEqual\w*\("
    r"|\)\.(?:not\.|resolves\.|rejects\.)?(?:not_)?to(?:[A-Z]\w*)?\b)[^;\n]*$"
)

# The family that a model is of is told beside its id, and an example of a schema is shown to readers.
_FAMILY_KEY = re.compile(r"(?i)(?:^|[^a-z])(?:model_?)?famil(?:y|ies)[\"']?\s*(?:[:=]|=>)\s*[\[(]?\s*$")
_EXAMPLE_ABOVE = re.compile(r"(?i)\bexamples?[\"']?\s*[:=]\s*[\[{(]+\s*$|schema_extra\b")

# A name for whatever fits a pattern: "fast": ["openai/gpt-5*mini*", "gpt-5-nano"].
_PATTERN_BEHIND = re.compile(r"\\?[\"'`]\s*(?::|=>|=)\s*\[?\s*\\?[\"'`][\w./:-]*\*")
_PATTERN_BEFORE = re.compile(r"\[\s*[^\[\]]{0,300}[\w/-]\*[^\[\]]{0,300}$")

_PATTERN = re.compile(r"[\w.-]/[\w.-]*\*[\w.*-]*\\?[\"']")
_TABLE_OF_PATTERNS = 4

# A chat template is called after the models that it was made for: "llama-3-chat".
_TEMPLATE_NAME = (
    r"(?:prompt|chat|instruct\w*|conv(?:ersation)?)[-_]?(?:template|format)(?:[-_]?(?:type|name|id|kind))?"
)
_TEMPLATE_BEFORE = re.compile(
    rf"(?i)(?:(?:^|[^a-z]){_TEMPLATE_NAME}s?[\"']?(?:\s*(?::=|[:=(])\s*|\s+)"
    rf"|\b\w*{_TEMPLATE_NAME}s?(?:::|\.)\w+\s*=>?[^\"']*"
    rf"|\b\w*{_TEMPLATE_NAME}s?\s*(?:[!=]==?|:\s*\w+\s*=)\s*)[\[(]?[\"'`]?$"
)
_TEMPLATE_BEHIND = re.compile(rf"(?i)[\"'`]\s*(?:=>|->|:)\s*(?:\w+\()?\w*{_TEMPLATE_NAME}s?(?:::|\.)\w")
_TEMPLATES_ABOVE = re.compile(rf"(?i)\b(?:enum|class)\s+\w*{_TEMPLATE_NAME}s?\b")

# What is left out or refused is not used: EXCLUDED_MODELS = ["claude-v1"], blocked_models: [...]
_REFUSES = (
    r"\b\w{0,40}(?:exclu[ds]|unsupported|not_?supported|deny_?list|denied|disallow|block(?:ed|_?list)|black_?list"
    r"|banned|forbidden|ignored?_|skipped|skip_|deprecated|retired|obsolete)\w{0,40}[\"']?\s*"
    r"(?::[^=:{}()\"']{1,40}=|:=|=>|[:=])\s*(?:new\s+)?(?:\[\])?"
)
_EXCLUDED_BEFORE = re.compile(
    rf"(?i){_REFUSES}(?:[\w.<>]{{0,40}}[\[({{]{{1,2}}\s*)(?:[\"'`]?[\w.:/@-]{{1,100}}[\"'`]?\s*,\s*){{0,30}}$"
)
_EXCLUDED_ABOVE = re.compile(rf"(?i){_REFUSES}(?:[\w.<>]{{0,40}}[\[({{]{{1,2}})?\s*$")

_COMPOSE = re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml")
_ALIAS = re.compile(r"\s*(?:-\s+)?[\"']?$")
_ALIASES = re.compile(r"\s*models\s*:\s*$")
_ALIASES_INLINE = re.compile(r"\s*models\s*:\s*[\[{]")

_FAMILY_ONLY = re.compile(r"(?i)[a-z]+(?:[-_]?\d+(?:\.\d+)?)?(?:[-_]?(?:moe|vl|next))?")
_KIND = re.compile(r"(?i)model_?(?:config_?)?types?\b|archite|\barch\b|_arch|famil|tokenizer|template|gguf")
_PROVIDER = re.compile(r"(?i)provider|supplier|vendor|brand|publisher|developer|company|protocol")
_OPEN_CALL = re.compile(r"[\w.]*\s?\([^()]{0,200}$")
# A library of machine code that is called after what it runs: System.loadLibrary("smollm_v8").
_LOADED = re.compile(
    r"(?i)\b(?:load_?library(?:ex)?\w?|dlopen|add_library|find_library|target_link_libraries)\s*\(\s*$"
)
_BEFORE_VALUE = " \t=:!<>|?&[({+~\"'`"
_SEPARATOR = re.compile(r"[,;{}()]")


def is_mention(front: str, behind: str, above: list[str], name: str) -> bool:
    """Say whether an id is only a key, a record or one side of a comparison.

    ``front`` is its line up to the opening quote, ``behind`` begins with the closing one, ``above`` are the
    lines that its line is indented under, ``name`` is the file's name.
    """
    if name.endswith(RECORDS) or _COMPARED_BEFORE.search(front) or _COMPARED_BEHIND.match(behind):
        return True
    if (
        _LOOKED_AT.match(behind)
        or _SIZED.match(behind)
        or _DESCRIBED.match(behind)
        or (_OVERRIDDEN.match(behind) and KEY_FRONT.search(front))
        or _LOOKED_UP.search(front)
        or _LOADED.search(front)
        or _SHOWN.search(front)
        or _is_arm(name, behind)
    ):
        return True
    if _WORDS.search(front) or any(map(_WORDS.search, above[:1])):
        return True
    if _PATTERN_BEHIND.match(behind) or _PATTERN_BEFORE.search(front):
        return True
    if len(_PATTERN.findall(front)) + len(_PATTERN.findall(behind)) >= _TABLE_OF_PATTERNS:
        return True
    if _FAMILY_KEY.search(front) or any(map(_EXAMPLE_ABOVE.search, above)):
        return True
    if _EXPECTED.search(front) or any(_SHOWN.search(line) or _is_expectation(line) for line in above[:1]):
        return True
    if is_template(front) or _TEMPLATE_BEHIND.match(behind) or any(map(_TEMPLATES_ABOVE.search, above)):
        return True
    if any(_LIST_COMPARED.search(line) and not _LOOP.search(line) for line in above[:1]):
        return True
    if any(map(_TO_TOKENS.search, above[:1])):
        return True
    if _SIZE_PUT.search(front) and _SIZE_BEHIND.match(behind):
        return True
    is_key = _KEY_BEHIND.match(behind) is not None
    return is_key and any(_OF_SIZES.search(line) or _OF_TITLES.search(line) for line in above[:2])


def _is_expectation(line: str) -> bool:
    return line.rstrip().endswith(("(", "[", "{")) and _EXPECTED.search(line) is not None


def is_excluded(front: str, above: list[str]) -> bool:
    """Say whether an id stands in a list of what is left out: ``front`` as above, ``above`` nearest first."""
    return bool(_EXCLUDED_BEFORE.search(front)) or any(map(_EXCLUDED_ABOVE.search, above[:1]))


def is_alias(name: str, before: str, above: list[str]) -> bool:
    """Say whether a word is only what a compose file calls a model that it names elsewhere."""
    if _COMPOSE.fullmatch(name) is None:
        return False
    is_below = bool(above) and _ALIASES.match(above[0]) is not None
    return (is_below and _ALIAS.match(before) is not None) or _ALIASES_INLINE.match(before) is not None


_TITLE = re.compile(r"(?i)\b(?:display_?)?(?:name|label|title)[\"']?\s*[:=]\s*[\"'`]?$")
_ID = re.compile(r"(?i)\b(?:id|slug|model|value)[\"']?\s*[:=]\s*[\"'`]([\w.:/@-]{1,150})[\"'`]")
_PUNCTUATION = re.compile(r"[\W_]+")


def is_title(model: str, front: str, around: str) -> bool:
    """Say whether an id is only how people read another that stands beside it: ``id: glm-5, name: GLM-5``."""
    if _TITLE.search(front) is None:
        return False
    plain = _PUNCTUATION.sub("", model).lower()
    ids = [found for found in _ID.findall(around) if found != model]
    return any(_PUNCTUATION.sub("", found).lower().endswith(plain) for found in ids)


def is_example(before: str) -> bool:
    """Say whether a value stands under a key that only shows one: ``example: gpt-4o`` of a schema."""
    return _SHOWN.search(before) is not None


_BODY_MODEL = re.compile(
    r"(?:^|[\s{,])[\"']?(?:\w*model(?:_?(?:name|id))?|name)[\"']?\s*[:=]\s*[\"']?(?P<id>[\w.:/@-]{2,150})",
    re.I,
)


def is_named_inside(catalogue: Catalogue, model: str, front: str, behind: str) -> bool:
    """Say whether an id is the key of a table whose body names another model: the body says which it is."""
    opening = MAP_KEY.match(behind)
    if opening is None or KEY_FRONT.search(front) is None:
        return False
    if opening["brace"]:
        body = braced(behind[opening.end() :])
    else:
        body = _indented(behind[opening.end() :], len(front) - len(front.lstrip()))
    own = _PUNCTUATION.sub("", model).lower()
    for found in _BODY_MODEL.finditer(body):
        other = _PUNCTUATION.sub("", found["id"].rpartition("/")[2]).lower()
        is_same = other.startswith(own) or own.endswith(other)
        if not is_same and family_of(catalogue, found["id"]) is not None:
            return True
    return False


# What other names are turned into models by: the left side is what others ask for.
_MAPPING = re.compile(r"(?i)\b\w*(?:mapping|alias(?:es)?|_map|(?-i:Map))\b.{0,80}[{(\[]\s*$")


def is_mapped(front: str, behind: str, above: list[str]) -> bool:
    """Say whether an id is the left side of a table that turns names into models."""
    is_key = KEY_FRONT.search(front) is not None and _KEY_BEHIND.match(behind) is not None
    return is_key and any(map(_MAPPING.search, above[:1]))


_OPENS_LIST = (
    r"(?::[^=\n]{1,60})?:?=\s*(?:new\s+Set\s*(?:<\w+>)?\(\s*|frozenset\(\s*|set\(\s*|\[\]string)?[\[({]"
)
_CAPABLE = re.compile(
    r"(?i)\b(?P<name>\w*(?:reason|think|vision|multi_?modal|tool|function|json|stream|temperature|system|cache|effort"
    r"|schema|structured|image_?input|attachment|prefill|legacy|deprecat|obsolete|ignor|exclu|unsupported)\w*(?:models?|arr(?:ay)?|list|set)\w*"
    r"|\w*models?_?(?:with|without|that)_?\w*|\w*(?:search|match)_?(?:strings?|words?|terms?))"
    rf"\s*{_OPENS_LIST}"
)
# A list of any name that its function only looks a name up in.
_LOCAL = re.compile(rf"^\s+(?:(?:const|let|var|val|final)\s+)?(?P<name>\w{{2,60}})\s*{_OPENS_LIST}")
# One that only its own file knows; what may be chosen is listed so as well, to refuse all others.
_PRIVATE = re.compile(
    rf"^(?:(?:(?:const|let|var)\s+)(?P<script>[A-Za-z_$]\w{{2,60}})|(?P<python>_[A-Za-z]\w{{2,60}}))\s*{_OPENS_LIST}"
)
_CHOICES = re.compile(r"(?i)allow|valid|support|avail|known|choice|option|default|list_?models|offer")
_MEMBERS = rb"some|find|includes|has|any|every|contains|indexOf|include\?"
# Names of which each is so: a table that is only asked whether a name is in it.
_FLAGS = re.compile(r"\bmap\[string\](?:bool|struct\s?\{\})\s*\{\s*$")


def is_capability(data: bytes, above: list[str], before: str) -> bool:
    """Say whether an id stands in a list of what can do something, which others are only looked for in."""
    lines = (before, *above[:1])
    if any(map(_FLAGS.search, above[:1])):
        return True
    opened = next((found for line in lines if (found := _CAPABLE.search(line))), None)
    if opened is None:
        opened = next((found for line in lines if (found := _LOCAL.search(line))), None)
        if opened is not None:
            return _is_asked(data, opened["name"], is_answer=True)
        opened = next((found for line in lines if (found := _PRIVATE.search(line))), None)
        return opened is not None and _is_only_asked(data, opened["script"] or opened["python"])
    name = re.escape(opened["name"].encode())
    looked = rb"\brange\s+%b\s*\{[^{}]{0,80}\bstrings\.(?:Contains|HasPrefix)\(" % name
    return _is_asked(data, opened["name"]) or re.search(looked, data) is not None


@lru_cache(maxsize=2)
def _is_only_asked(data: bytes, name: str) -> bool:
    """Say whether a file only ever asks if something is in its list of that name."""
    if _CHOICES.search(name):
        return False
    asked = len(re.findall(b"|".join(_ways(name)), data))
    return 0 < asked == len(re.findall(rb"(?<![\w$])%b(?![\w$])" % re.escape(name.encode()), data)) - 1


def _ways(name: str) -> tuple[bytes, ...]:
    """Return the patterns of how code asks if something is in a list."""
    known = re.escape(name.encode())
    return (
        rb"\b%b\s*\.\s*(?:%b)\s*\(" % (known, _MEMBERS),
        rb"\bin\s+%b\b" % known,
        rb"(?:[Cc]ontains|in_array)\((?:[\w$.]{1,80}\s*,\s*)?\$?%b\b" % known,
    )


@lru_cache(maxsize=2)
def _is_asked(data: bytes, name: str, *, is_answer: bool = False) -> bool:
    """Say whether code asks if something is in a list of that name, or even answers with that."""
    front = rb"\breturn\s[^\n;]{0,80}?" if is_answer else b""
    return re.search(rb"%b(?:%b)" % (front, b"|".join(_ways(name))), data) is not None


def _indented(text: str, indent: int) -> str:
    """Return the lines below a key of YAML that belong to it; nothing where its own line goes on."""
    first, *lines = text.split("\n")
    if first.strip():
        return ""
    body: list[str] = []
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        body.append(line)
    return "\n".join(body)


def is_template(before: str) -> bool:
    """Say whether what follows names a chat template: ``prompt_template = "llama-3-chat"``."""
    return _TEMPLATE_BEFORE.search(before) is not None


def _is_arm(name: str, behind: str) -> bool:
    arrow = next((arrow for ending, arrow in _ARMS.items() if name.endswith(ending)), "")
    return bool(arrow) and re.match(_ARM.format(arrow), behind) is not None


def is_common_word(family: Family, model: str) -> bool:
    """Say whether an id is a bare family name (no owner, size, tag or variant), which means other things."""
    is_common = family.needs_context or model.isalpha()
    return is_common and not family.whole and _FAMILY_ONLY.fullmatch(model) is not None


def is_kind(front: str) -> bool:
    """Say whether the key in front of a value is that of a kind: ``"model_type": "phi3"``."""
    return _KIND.search(_SEPARATOR.split(front.rstrip(_BEFORE_VALUE))[-1]) is not None


def is_called_model(catalogue: Catalogue, model: str, front: str, above: list[str]) -> bool:
    """Say whether what a value is given to, or the line that opens its list, says that it is a model."""
    unless = _PROVIDER if model.isalpha() else None
    return any(_says_model(catalogue, line, unless) for line in (front, *above))


def _says_model(catalogue: Catalogue, text: str, unless: re.Pattern[str] | None) -> bool:
    text = text.rstrip()
    call = _OPEN_CALL.search(text)
    if text.endswith(",") and (start := text.rfind("[")) > text.rfind("]"):
        text = text[:start]  # a later item of a list on the same line
    given = _SEPARATOR.split(text.rstrip(_BEFORE_VALUE))[-1]
    said = [part.lower() for part in (given, call.group() if call else "")]
    if any(_KIND.search(part) or (unless is not None and unless.search(part)) for part in said):
        return False
    return any(word in part for part in said for word in catalogue.context_words)
