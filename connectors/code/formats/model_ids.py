"""Say of a word which model it names: its family, who makes it, and when it was retired."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from connectors.catalogue.tables import Catalogue, Family
from connectors.patterns import compile_pattern

_FILE = re.compile(
    r"\.(?:md|mdx|py|ipynb|json|ya?ml|toml|txt|gguf|bin|pt|onnx|safetensors|png|jpe?g|svg|webp|gif|tsx?|jsx?"
    r"|mjs|html?|css|sh|go|java|cs|csv|zip|gz|pdf|svelte|vue|rb|rs|php|qmd|rmd|rst|adoc|jinja2?|j2|tmpl|tpl|hbs|ejs"
    r"|log|cfg|conf|ini|xml|sql|lua|scala|kts?|swift|dart|exs?|hpp|cpp|cuh?|proto|parquet|jsonl|tsv|xlsx|mp[34]|wav"
    r"|ico|avif|patch|tar|tgz|whl|jar|dll|tf|hcl|bat|ps1|snap|mdc|prompty?)$"
)
# Fireworks' "accounts/" belongs to the id.
_ARN = re.compile(r"(?!accounts/).*(?:foundation-model|inference-profile|custom-model|models|deployments)/")
# By what a library of clients is told to ask a server of its own machine.
_LOCAL = re.compile(r"^(?:ollama|ollama_chat)/")
# A variable that this is the default of: ${MODEL:-id} of a shell, ${OPENAI_MODEL:id} of Spring.
_DEFAULT = re.compile(r"^(?:[A-Za-z_]\w*:-|[A-Z][A-Z0-9_]{2,}:(?!//))")
_DOTTED = re.compile(r"(?<=\d)-(?=\d)")
_VERSION = re.compile(r"-v-(?=\d)(\d*)")
_TWO_DIGITS = re.compile(r"-v(\d)(\d)$")
_SIZE = re.compile(
    r"(?i)(?:_|(?<=[a-z]))(?:dimensions?|dims?|tokens?|length|limit|cost|price|size|window|count)$"
)
_LONE_O = re.compile(r"(?<=\d)-o(?=-|$)")
# The method that a URL of Google's APIs calls on the model before it.
_METHOD = re.compile(r":[a-z]+[A-Z][A-Za-z]*$|:predict$")
# What serves, stores or configures a model bears its name with one of these behind, and no owner's path.
_RESOURCE = re.compile(
    r"-(?:pv|pvc|svc|service|deployment|deploy|ingress|route|configmap|secret|job|pod|namespace|volume|hpa"
    r"|sa|claim)$"
)
# What belongs to a model and is none, in keys of caches and folders of tests.
_PART = re.compile(r"(?i)[-_](?:tokenizer|(?:pre)?processor|feature[-_]extractor)s?$")
_FOLDER = re.compile(
    r"(?i)(?:^|/)(?:generated|fixtures?|tests?|testdata|resources|snapshots?|cassettes?|recordings?|mocks?|golden)/"
)
_OWN_FOLDER = re.compile(
    r"(?i)(?:models?|[a-z_]*checkpoints?|[a-z_]*weights|data|datasets?|src|app|assets|outputs?|results?|runs|logs?"
    r"|builds?|dist|bin|libs?|tmp|temp|tests?|images?|files?|path|content|resources|public|static|pretrained|local"
    r"|cache|props|blocks?|items?|entity|entities|meshes|vehicles|objects?|your[a-z_-]*|my[a-z_-]*|owner|org|user)/"
)
# As a server of one's own names the size or state of a model: "llava:latest", "phi3:14b-q4_0".
_TAGGED = re.compile(r"[a-z0-9.-]+:(?:latest|\d+(?:\.\d+)?[bm](?:-[a-z0-9_.-]+)?)")
# As files of llama.cpp say how their numbers are packed: "mistral-7b-v0.1.Q5_K_M".
_QUANTIZED = re.compile(r"[.-]i?q[1-8]_[a-z0-9]{1,3}(?:_[a-z]{1,2})?$")
WEIGHTS = ".gguf"
"""The ending of files that are nothing but weights, called like the model that they hold."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
MAX_LENGTH = 150


def identify(catalogue: Catalogue, family: Family, token: str) -> str:
    """Return the model id that a token is when it is one of the family; empty when it is none.

    What only says where the model is served from a client's point of view (an ARN, ``provider:``) is not
    part of the id; owner paths, cloud prefixes, tags and versions are.
    """
    if "://" in token or token.count("/") > 4 or len(token) > MAX_LENGTH:
        return ""
    for ending in (family.ending, WEIGHTS):
        if ending and token.endswith(ending) and not family.whole:
            token = token.rpartition("/")[2].removesuffix(ending)
    if _FILE.search(token.lower()) or _PART.search(token) or ("/" not in token and _RESOURCE.search(token)):
        return ""
    if token.count("/") > 1 and _FOLDER.search(token):
        return ""
    model = _METHOD.sub("", _LOCAL.sub("", _ARN.sub("", _DEFAULT.sub("", token))))
    if belongs(catalogue, family, model):
        return model
    _, colon, behind = model.partition(":")
    behind = behind.lstrip("-=")  # a shell's ${NAME:-id}
    return behind if colon and belongs(catalogue, family, behind) else ""


def is_hub_id(model: str) -> bool:
    """Say whether ``owner/name`` may be a repository of models: no file, and no folder of this tree."""
    return not (_FILE.search(model.lower()) or _OWN_FOLDER.match(model) or _PART.search(model))


def is_sure(catalogue: Catalogue, family: Family, token: str) -> bool:
    """Say whether an id of a family that needs a word for models beside it is one without such a word.

    So it is where its owner is known (``qwen/qwen3-8b``), where its tag is one of a model server
    (``llava:latest``), where it is packed (``x.Q5_K_M.gguf``), and where the catalogue says that nothing else
    is called so.
    """
    if family.whole:
        return False
    model = _ARN.sub("", token).lower()
    bare = bare_id(catalogue, model)
    owner, slash, _ = model.partition("/")
    if slash and owner in catalogue.owners and any(letter.isdigit() for letter in bare):
        return True
    if family.ending:
        bare = bare.removesuffix(family.ending)
    is_named = (
        bool(family.sure) and compile_pattern(family.sure).fullmatch(bare.partition(":")[0]) is not None
    )
    is_packed = bare.endswith(WEIGHTS) or _QUANTIZED.search(bare) is not None
    return is_named or is_packed or _TAGGED.fullmatch(bare) is not None


def belongs(catalogue: Catalogue, family: Family, model: str) -> bool:
    """Say whether a model id is one of the family; the same ids come again and again, so answers are kept."""
    key = (catalogue.version, family.name, model)
    known = _answers.get(key)
    if known is None:
        if len(_answers) >= _MAX_ANSWERS:
            _answers.clear()
        known = _answers[key] = _belongs(catalogue, family, model)
    return known


_answers: dict[tuple[str, str, str], bool] = {}
_MAX_ANSWERS = 50_000


def _belongs(catalogue: Catalogue, family: Family, model: str) -> bool:
    pattern = compile_pattern(family.pattern)
    if family.whole:
        return bool(pattern.fullmatch(model.lower()))
    bare = bare_id(catalogue, model)
    plain = bare.partition(":")[0], _QUANTIZED.sub("", bare)
    return bool(pattern.fullmatch(bare) or any(map(pattern.fullmatch, plain)))


def bare_id(catalogue: Catalogue, model: str) -> str:
    """Return the id in lower case without owner path, cloud prefix and vendor prefix."""
    bare = model.lower().rsplit("/", 1)[-1]
    for prefix in catalogue.cloud_prefixes:
        bare = bare.removeprefix(prefix)
    for separator in (".", "--"):  # Bedrock's, and SAP AI Core's
        vendor, found, rest = bare.partition(separator)
        if found and vendor in catalogue.bedrock_vendors:
            return rest
    return bare


def family_of(catalogue: Catalogue, model: str) -> Family | None:
    """Return the first family that a model id belongs to."""
    return next((row for row in catalogue.family if belongs(catalogue, row, model)), None)


def vendor_of(catalogue: Catalogue, model: str) -> str:
    """Return who makes a model, by its family or else its owner path; empty when neither is known."""
    family = family_of(catalogue, model)
    if family is not None and not family.whole:
        return family.vendor
    return owner_of(catalogue, model) or (family.vendor if family else "")


def owner_of(catalogue: Catalogue, model: str) -> str:
    """Return the vendor that an owner path stands for; empty when it is unknown."""
    return catalogue.owners.get(model.partition("/")[0].lower(), "")


def retired_on(catalogue: Catalogue, model: str) -> str:
    """Return the day (ISO date) on which the vendor retired the model; empty when none is known."""
    bare = bare_id(catalogue, model)
    dates = _retirements(catalogue)
    return dates.get(bare) or dates.get(re.sub(r"(-v\d+)?(:\d+)?$", "", bare).replace("@", "-"), "")


@cache
def _dates(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return dict(pairs)


def _retirements(catalogue: Catalogue) -> dict[str, str]:
    return _dates(tuple((model, row.on) for row in catalogue.retirement for model in row.models))


def spelled(name: str) -> Iterator[str]:
    """Yield the ids a constant may stand for: ``GPT_4_O_MINI``, ``Claude3_7SonnetLatest``, ``BGE_M3_V15``.

    A constant for what a model takes in (``GPT_4O_MAX_TOKENS``) stands for none.
    """
    if _SIZE.search(name):
        return
    words = _WORDS.findall(name) if not name.isupper() else re.findall(r"[A-Z]+|\d+[A-Z]*", name)
    plain = _VERSION.sub(r"-v\1", "-".join(words).lower().replace("-dot-", "."))
    yield _TWO_DIGITS.sub(r"-v\1.\2", plain)
    for text in (plain, _LONE_O.sub("o", plain)):
        yield text
        yield _DOTTED.sub(".", text, count=1)
