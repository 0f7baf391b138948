"""How the OpenAI connector is put through the conformance suite: the demo's fake and its faults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest import mock

from connectors.clients.network import NetworkSettings
from connectors.openai import OpenAIOptions
from connectors.secrets import SecretRef
from discovery.demo.openai import Fault as Struck
from discovery.demo.openai import OpenAIFake, Org
from tests.conformance import INSTANCE, Fault, Harness, Sent, Stage

CANARY = "canary-4c1f9e52-instructions"
_ORG = "org-acmeRetail"
_PROJECT = "proj_acmeSupportBot"
_KEYS = f"/organization/projects/{_PROJECT}/api_keys"
_FAULTS = {
    Fault.REPEATED_TOKEN: [Struck(path=_KEYS, action="repeat_cursor")],
    Fault.DENIED: [Struck(path=_KEYS, action="403", skip=1)],
    Fault.THROTTLED: [Struck(path=_KEYS, action="429", times=2, headers={"Retry-After": "0"})],
}


class OpenAIHarness:
    """Start the fake with the example organisation, its projects' keys known."""

    name = "openai"
    not_applicable: Mapping[str, str] = {}

    @contextmanager
    def start(self, fault: Fault) -> Iterator[Stage]:
        """Serve the organisation in the asked situation."""
        org = Org() if fault is Fault.EMPTY else Org.example()
        org.data_retention = {"object": "organization.data_retention", "type": "zero_data_retention"}
        _plant(org)
        fake = OpenAIFake(org, faults=_FAULTS.get(fault, []))
        secrets = {"OPENAI_ADMIN_KEY": org.admin_key} | {
            f"KEY_{index}": one.key for index, one in enumerate(org.projects)
        }
        with mock.patch.dict(os.environ, secrets), fake:
            yield Stage(
                options=OpenAIOptions(
                    base_url=fake.base_url,
                    organization=_ORG,
                    project_keys={
                        one.id: SecretRef("env", f"KEY_{index}")
                        for index, one in enumerate(org.projects)
                        if one.item["status"] == "active"
                    },
                    page_size=2 if fault in (Fault.THREE_PAGES, Fault.DENIED) else 100,
                ),
                secrets=(CANARY, *secrets.values()),
                hit=(f"openai:{INSTANCE}/{_ORG}/{_PROJECT}", "api_keys"),
                expected=len(org.projects[0].lists["api_keys"]) if org.projects else 0,
                always=frozenset({(f"openai:{INSTANCE}/{_ORG}", "data_retention")}),
                sent=lambda: [Sent(one.method, one.path.removeprefix("/v1")) for one in fake.requests],
                network=NetworkSettings(max_attempts=4),
            )


def _plant(org: Org) -> None:
    """Add keys for three pages, and lay canaries where a careless reader would pick them up."""
    if not org.projects:
        return
    first = org.projects[0]
    sample = first.lists["api_keys"][1]
    for number in range(4):
        first.lists["api_keys"].append(sample | {"id": f"key_more{number}", "name": f"more {number}"})
    for one in first.lists["api_keys"]:
        one["redacted_value"] = CANARY
    for one in first.lists["assistants"]:
        one["instructions"] = f"Log in with {CANARY}."


def harness() -> Harness:
    """Return the harness of the OpenAI connector."""
    return OpenAIHarness()
