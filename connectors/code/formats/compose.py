"""Read the models that Docker Compose runs (``models:``, model providers) and the AI hosts of azure.yaml.

Images of services are read with all other images; these are the keys that name a model or an AI host instead.

Source: the Compose specification's ``models`` element and the azd schema's service hosts (general knowledge,
2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.code.facts import Fact, Source
from connectors.code.formats import stand_ins
from connectors.code.formats.common import Lines, entries, load_yaml, short
from connectors.code.formats.model_ids import family_of, vendor_of
from connectors.model import Grade

_VARIABLE = re.compile(r"\$\{\w{1,100}(?::?-(?P<default>[^{}]{1,200}))?\}|\$\w{1,100}")
_HOSTS = {"ai.endpoint": "model_endpoint", "azure.ai.agent": "agent"}


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each model that a compose file runs by Docker's model runner.

    What the file calls the model is no more than its word for it: two files may use one word for two models.
    """
    for name, model, line in _run(source):
        yield Fact(
            kind="model_server",
            provider="docker",
            identifier=f"compose-model/{model or name}",
            name=f"Docker Model Runner/{model or name}",
            grade=Grade.CONFIGURED,
            line=line,
            model=model or None,
            attributes={"resource_type": "models", "alias": short(name)},
        )


def parse_models(source: Source) -> Iterator[Fact]:
    """Yield a fact for each model's own id in a compose file, whatever family it is of."""
    for _, model, line in _run(source):
        if not model or stand_ins.is_model(source.catalogue, model):
            continue
        family = family_of(source.catalogue, model)
        yield Fact(
            kind="model",
            provider=vendor_of(source.catalogue, model) or "docker",
            identifier=model,
            name=model,
            grade=Grade.CONFIGURED,
            line=line,
            model=model,
            attributes={"family": family.name} if family and not family.whole else {},
        )


def _run(source: Source) -> Iterator[tuple[str, str, int]]:
    """Yield the name, id and line of each model; the id is empty where a variable alone says it."""
    if not re.search(rb"(?m)^models\s*:|type\s*:\s*[\"']?model\b", source.data):
        return
    lines = Lines(source.data)
    for document in load_yaml(source):
        for name, written in _models(document):
            yield name, short(_plain(written)), lines.of(written)


def _plain(written: str) -> str:
    """Return a model's id without a variable around it; empty where a variable alone says it."""
    found = _VARIABLE.fullmatch(written.strip())
    model = found["default"] or "" if found else written.strip()
    return "" if "$" in model else model


def _models(document: Any) -> Iterator[tuple[str, str]]:
    """Yield the names and ids of models: of the top-level element, and of services that are models."""
    content = document if isinstance(document, dict) else {}
    for name, row in entries(content.get("models")):
        if isinstance(row, dict) and isinstance(row.get("model"), str):
            yield name, row["model"]
    for name, service in entries(content.get("services")):
        provider = service.get("provider") if isinstance(service, dict) else None
        if not isinstance(provider, dict) or provider.get("type") != "model":
            continue
        options = provider.get("options")
        model = options.get("model") if isinstance(options, dict) else None
        if isinstance(model, str):
            yield name, model


def parse_azd(source: Source) -> Iterator[Fact]:
    """Yield a fact for each service of azure.yaml whose host serves models or agents."""
    lines = Lines(source.data)
    for document in load_yaml(source):
        for name, service in entries(document.get("services") if isinstance(document, dict) else None):
            host = service.get("host") if isinstance(service, dict) else None
            kind = _HOSTS.get(host) if isinstance(host, str) else None
            if kind and isinstance(host, str):
                yield Fact(
                    kind=kind,
                    provider="azure",
                    identifier=f"azd/{name}",
                    name=f"{host}/{short(name)}",
                    grade=Grade.CONFIGURED,
                    line=lines.of("services", name),
                    attributes={"resource_type": host},
                )
