"""How the connector for images is put through the conformance suite: a registry made on the spot."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from connectors.clients.network import NetworkSettings
from connectors.images.options import ImagesOptions
from connectors.secrets import SecretRef
from tests.conformance import INSTANCE, Fault, Harness, Sent, Stage
from tests.fakes_registry import RegistryFake, Struck
from tests.harness_code import CANARIES, write_estate
from tests.image_samples import Built, dist_info, gguf, image

CANARY = "canary-61be90-environment"
PASSWORD = "canary-0d94c7-password"
HOST = "registry.example.org"
_LISTED = (
    "tags are listed while scopes are listed; tests/connectors/images/test_registry_client.py pages them"
)


class ImagesHarness:
    """Serve an image that holds the code connector's whole estate, and what only images hold."""

    name = "images"
    not_applicable: Mapping[str, str] = {
        "three_pages": _LISTED,
        "repeated_token": _LISTED,
        "denied_half_way": "who is refused an image is refused all of it; test_connector.py proves it",
    }

    @contextmanager
    def start(self, fault: Fault) -> Iterator[Stage]:
        """Serve the image in the asked situation."""
        fake = RegistryFake(password=PASSWORD)
        fake.push(
            "shop", "1", image({"etc/os-release": "ID=debian\n"}) if fault is Fault.EMPTY else _estate()
        )
        if fault is Fault.DENIED:
            fake.struck.append(Struck(path="/blobs/", status=403))
        if fault is Fault.THROTTLED:
            fake.struck.append(Struck(path="/manifests/", status=429, times=2, headers={"Retry-After": "0"}))
        with mock.patch.dict(os.environ, {"REGISTRY_PASSWORD": PASSWORD}), fake:
            yield Stage(
                options=ImagesOptions(
                    targets=(f"{HOST}/shop:1",),
                    mirrors={HOST: fake.base_url},
                    usernames={HOST: "robot"},
                    credentials={HOST: SecretRef("env", "REGISTRY_PASSWORD")},
                ),
                secrets=(CANARY, PASSWORD, *CANARIES),
                hit=(f"images:{INSTANCE}/{HOST}/shop/1", "image"),
                sent=lambda: [Sent(one.method, one.path) for one in fake.requests],
                network=NetworkSettings(max_attempts=4),
            )


def _estate() -> Built:
    with tempfile.TemporaryDirectory(prefix="aicensus-conformance-") as place:
        root = Path(place)
        write_estate(root)
        files = {
            f"app/{path.relative_to(root).as_posix()}": path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file()
        }
    name, text = dist_info("openai")
    return image(
        {name: text, "models/tiny.gguf": gguf()},
        files,
        config={
            "Env": ["OPENAI_MODEL=gpt-4o-mini", f"OPENAI_API_KEY={CANARY}"],
            "Entrypoint": ["vllm", "serve", "acme/judge-7b"],
        },
    )


def harness() -> Harness:
    """Return the harness of the connector for images."""
    return ImagesHarness()
