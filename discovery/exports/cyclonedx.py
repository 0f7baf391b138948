"""Export as a CycloneDX bill of materials (AI-BOM), version 1.6 or 1.7.

Systems are applications that depend on their assets; models carry a model card, data sets their owners;
what answers requests is a service. Owner and oversight are properties named ``aicensus:…``. References
are our ids, so two exports of one inventory differ only where it does. Written by hand because the
Python library drops model cards and component data.

Source: CycloneDX 1.6 and 1.7 JSON schemas, read 2026-11-22.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from connectors import clock
from discovery.exports.source import ExportOptions, Source
from discovery.render.as_json import dumps, write_array

if TYPE_CHECKING:
    from discovery.service.views import AssetView, SystemView

SPECS = ("1.6", "1.7")
ROOT = "aicensus:inventory"
_NAMES = uuid.UUID("6f1d3e1c-52b5-4f0a-9f5c-0c7a2b0f9d11")  # ours, drawn at random once

CLASSES = {
    "ai_account": "service",
    "ai_project": "service",
    "ai_service": "service",
    "application": "application",
    "saas_app": "service",
    "subscription": "service",
    "agent": "application",
    "agent_config": "file",
    "agent_memory": "data:other",
    "tool": "application",
    "mcp_server": "service",
    "workflow": "application",
    "prompt": "data:definition",
    "model": "machine-learning-model",
    "model_endpoint": "service",
    "model_server": "application",
    "model_file": "machine-learning-model",
    "model_registry": "service",
    "gateway": "service",
    "provider_endpoint": "service",
    "package": "library",
    "knowledge_base": "data:dataset",
    "vector_store": "data:dataset",
    "dataset": "data:dataset",
    "training_job": "application",
    "inference_job": "application",
    "evaluation": "application",
    "experiment": "application",
    "mlops_server": "application",
    "notebook": "application",
    "workspace": "platform",
    "compute": "device",
    "container_image": "container",
    "ci_step": "application",
    "configuration": "data:configuration",
    "connection": "service",
    "api_key": "cryptographic-asset",
    "identity": "cryptographic-asset",
    "guardrail": "data:configuration",
    "oversight_control": "data:definition",
    "data_store": "data:dataset",
    "edge_fleet": "device",
}
"""What every kind is in CycloneDX: a component type, ``data:`` with the type of the data, or ``service``."""

_OUTSIDE = frozenset({"saas_app", "provider_endpoint", "ai_service", "subscription"})
"""Kinds whose use leaves the organisation: the data crosses a trust boundary."""


@dataclass(frozen=True, slots=True)
class _Bom:
    """What every entry may need: the systems by id."""

    systems: dict[str, SystemView]

    def system_of(self, asset: AssetView) -> SystemView | None:
        return self.systems.get(asset.system_id or "")


def write(source: Source, out: TextIO, options: ExportOptions) -> None:
    """Write the document to ``out``, taking assets one at a time (twice: components, then services)."""
    if options.spec not in SPECS:
        raise ValueError(f"CycloneDX {options.spec!r} is not written; use one of {', '.join(SPECS)}")
    systems = source.systems()
    bom = _Bom({system.system_id: system for system in systems})
    out.write(dumps(_head(source, options)).removesuffix("}"))
    out.write(',\n"components":')
    write_array(_components(source, bom), out)
    out.write(',\n"services":')
    write_array((_service(bom, asset) for asset in source.assets() if CLASSES[asset.kind] == "service"), out)
    out.write(',\n"dependencies":')
    write_array(_dependencies(systems), out)
    out.write("}\n")


def _head(source: Source, options: ExportOptions) -> dict[str, Any]:
    at = clock.to_text(source.moment)
    tool = {"type": "application", "name": "aicensus", "version": options.version or "unknown"}
    root = {"type": "application", "bom-ref": ROOT, "name": options.organisation or "AI systems"}
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{options.spec}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": options.spec,
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMES, f'{options.organisation}|{at}')}",
        "version": 1,
        "metadata": {"timestamp": f"{at[:19]}Z", "tools": {"components": [tool]}, "component": root},
    }


def _components(source: Source, bom: _Bom) -> Iterator[dict[str, Any]]:
    for system in bom.systems.values():
        yield _system(system)
    for asset in source.assets():
        if CLASSES[asset.kind] != "service":
            yield _component(bom, asset)


def _system(system: SystemView) -> dict[str, Any]:
    record = system.oversight
    component: dict[str, Any] = {"type": "application", "bom-ref": system.system_id, "name": system.name}
    if record.purpose:
        component["description"] = record.purpose
    best = system.owner_candidates[0] if system.owner_candidates else None
    component["properties"] = _properties(
        ("system:key", system.key),
        ("system:kind", system.kind),
        ("system:state", system.state),
        ("system:first_seen", system.first_seen),
        ("system:last_seen", system.last_seen),
        ("system:open_alerts", str(system.open_alerts)),
        ("owner:accountable", system.owner),
        ("owner:candidate", best.party if best else None),
        ("owner:candidate:confidence", f"{best.confidence:.2f}" if best else None),
        ("oversight:state", record.state),
        ("oversight:mode", record.mode),
        ("oversight:description", record.description),
        ("oversight:next_review", record.next_review),
        ("oversight:confirmed_by", record.confirmed_by),
        *(("oversight:data_category", word) for word in record.data_categories),
    )
    return component


def _component(bom: _Bom, asset: AssetView) -> dict[str, Any]:
    class_, _, data_type = CLASSES[asset.kind].partition(":")
    component: dict[str, Any] = {"type": class_, "bom-ref": asset.asset_id, "name": asset.name}
    if asset.provider:
        component["supplier"] = {"name": asset.provider}
    system = bom.system_of(asset)
    if class_ == "machine-learning-model":
        component["modelCard"] = _model_card(asset, system)
    elif class_ == "data":
        component["data"] = [_data(asset, data_type, system)]
    elif class_ == "cryptographic-asset":
        component["cryptoProperties"] = {
            "assetType": "related-crypto-material",
            "relatedCryptoMaterialProperties": {"type": "credential", "id": asset.natural_id},
        }
    if asset.natural_id.startswith("pkg:"):
        component["purl"] = asset.natural_id
    component["properties"] = _asset_properties(asset)
    component |= _evidence(asset)
    return component


def _model_card(asset: AssetView, system: SystemView | None) -> dict[str, Any]:
    card: dict[str, Any] = {"bom-ref": f"{asset.asset_id}#card"}
    if asset.model and asset.model != asset.name:
        card["modelParameters"] = {"modelArchitecture": asset.model}
    if system is not None and system.oversight.purpose:
        card["considerations"] = {"useCases": [system.oversight.purpose]}
    return card


def _data(asset: AssetView, data_type: str, system: SystemView | None) -> dict[str, Any]:
    data: dict[str, Any] = {"bom-ref": f"{asset.asset_id}#data", "type": data_type, "name": asset.name}
    if system is None:
        return data
    if system.oversight.data_categories:
        data["classification"] = ", ".join(system.oversight.data_categories)
    if system.owner:
        data["governance"] = {"owners": [{"contact": {"name": system.owner}}]}
    return data


def _service(bom: _Bom, asset: AssetView) -> dict[str, Any]:
    service: dict[str, Any] = {"bom-ref": asset.asset_id, "name": asset.name}
    if asset.provider:
        service["provider"] = {"name": asset.provider}
    if _is_address(asset.natural_id):
        service["endpoints"] = [asset.natural_id]
    if asset.kind in _OUTSIDE:
        service["x-trust-boundary"] = True
    system = bom.system_of(asset)
    if system is not None and system.oversight.data_categories:
        service["data"] = [
            {"flow": "unknown", "classification": word}
            for word in dict.fromkeys(system.oversight.data_categories)
        ]
    service["properties"] = _asset_properties(asset)
    return service


def _is_address(text: str) -> bool:
    return re.fullmatch(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~/-]*)?", text) is not None


def _asset_properties(asset: AssetView) -> list[dict[str, str]]:
    return _properties(
        ("asset:kind", asset.kind),
        ("asset:natural_id", asset.natural_id),
        ("asset:state", asset.state),
        ("asset:grade", asset.grade),
        ("asset:role", asset.role),
        ("asset:account", asset.account),
        ("asset:region", asset.region),
        ("asset:model", asset.model),
        ("asset:first_seen", asset.first_seen),
        ("asset:last_seen", asset.last_seen),
    )


def _evidence(asset: AssetView) -> dict[str, Any]:
    seen = dict.fromkeys(item.locator for item in asset.evidence if item.locator)
    if not seen:
        return {}
    occurrences = [
        {"bom-ref": f"{asset.asset_id}#at{number}", "location": locator}
        for number, locator in enumerate(seen, start=1)
    ]
    return {"evidence": {"occurrences": occurrences}}


def _properties(*pairs: tuple[str, str | None]) -> list[dict[str, str]]:
    return [{"name": f"aicensus:{name}", "value": value} for name, value in pairs if value]


def _dependencies(systems: list[SystemView]) -> Iterator[dict[str, Any]]:
    yield {"ref": ROOT, "dependsOn": [system.system_id for system in systems]}
    for system in systems:
        yield {"ref": system.system_id, "dependsOn": sorted(set(system.assets))}
