"""Images are scanned end to end: identities, parts, gaps, the cache, and what a hostile image cannot do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.model import Grade, PartStatus, Role
from connectors.runner import TravellingCache
from tests.fakes_registry import RegistryFake, Struck
from tests.image_samples import (
    CONFIG,
    LAYER,
    Built,
    Odd,
    digest,
    dist_info,
    gguf,
    image,
    index,
    layer,
    layout,
    saved,
    scan,
)

NAME = "registry.example.org/team/shop"
NAMED = {"io.containerd.image.name": f"{NAME}:1"}
SOURCE = {
    "org.opencontainers.image.source": "https://Git.example.org/acme/shop.git",
    "org.opencontainers.image.revision": "0a1b2c3",
    "org.opencontainers.image.authors": "Shop team <shop@example.org>",
}
OPENAI, TEXT = dist_info("openai", "1.50.0")
APP = 'import openai\n\nMODEL = "gpt-4o"\nclient = openai.OpenAI(base_url="https://api.openai.com/v1")\n'


@pytest.fixture
def fake() -> Iterator[RegistryFake]:
    with RegistryFake(login="none") as served:
        yield served


def _at(fake: RegistryFake, *targets: str) -> dict[str, object]:
    return {"mirrors": {"registry.example.org": fake.base_url}, **({"targets": targets} if targets else {})}


def _image() -> Built:
    return image(
        {"etc/os-release": "ID=debian\n", OPENAI: TEXT},
        {"app/main.py": APP, "app/tests/test_main.py": 'M = "gpt-4o-mini"\n', "srv/m/weights": gguf("Tiny")},
        config={
            "Env": ["OPENAI_MODEL=gpt-4o-mini", "PATH=/bin"],
            "Labels": SOURCE,
            "Cmd": ["python", "main.py"],
        },
    )


def test_an_image_shows_itself_and_what_is_in_it(tmp_path: Path) -> None:
    result = scan(layout(tmp_path, _image(), **NAMED))

    assert [scope.key for scope in result.scopes] == [f"images:main/{NAME}/1"]
    assert {one.status for one in result.parts.values()} == {PartStatus.COMPLETE}
    assert result.names("package") == {"openai"}
    assert result.names("model") == {"gpt-4o", "gpt-4o-mini"}
    assert result.names("provider_endpoint") == {"api.openai.com"}
    assert result.names("model_file") == {"Tiny"}
    assert {(one.account, one.application) for one in result.findings} == {(NAME, "team/shop")}
    assert {one.grade for one in result.findings} == {Grade.CONFIGURED}
    assert {one.ref for one in result.findings} == {None}


def test_the_image_names_its_source_and_who_made_it(tmp_path: Path) -> None:
    built = _image()

    found = scan(layout(tmp_path, built, **NAMED)).one("container_image")

    assert (found.natural_key.namespace, found.natural_key.key) == (f"image/{NAME}", "team/shop")
    assert (
        found.attributes["source_repository"]
        == found.tags["source_repository"]
        == "git.example.org/acme/shop"
    )
    assert found.attributes["revision"] == "0a1b2c3"
    assert found.attributes["digest"] == built.digest
    assert found.attributes["env_names"] == ["OPENAI_MODEL", "PATH"]
    assert [hint.candidate for hint in found.owner_hints] == ["Shop team <shop@example.org>"]
    assert {link.target.key for link in found.links} == {"model|gpt-4o", "model|gpt-4o-mini"}


def test_evidence_names_the_path_in_the_image_and_its_layer(tmp_path: Path) -> None:
    built = _image()

    found = next(one for one in scan(layout(tmp_path, built)).findings if one.kind == "package")

    places = {one.locator: one.detail for one in found.evidence}
    assert places[OPENAI] == f"1.50.0 layer {digest(built.layers[0])}"
    assert found.attributes["locked"] == "1.50.0"
    assert found.role is Role.APPLICATION


def test_an_image_without_ai_shows_nothing(tmp_path: Path) -> None:
    built = image(
        {"etc/passwd": "root", "app/main.py": "import os\n", "usr/lib/x.so": b"\x7fELF" + b"\0" * 2_000_000},
        config={"Env": ["PATH=/bin", "MODEL=truck"], "Cmd": ["nginx"], "Labels": SOURCE},
    )

    result = scan(layout(tmp_path, built, **NAMED))

    assert result.findings == []
    assert {one.status for one in result.parts.values()} == {PartStatus.COMPLETE}


def test_system_folders_and_package_folders_are_no_application(tmp_path: Path) -> None:
    places = (
        "usr/lib/python3/site-packages/x.py",
        "etc/x.py",
        "opt/venv/lib/python3.11/x.py",
        "app/node_modules/x.js",
    )
    built = image(dict.fromkeys(places, APP))

    assert scan(layout(tmp_path / "no", built)).findings == []
    assert scan(layout(tmp_path / "yes", image({"usr/src/app/x.py": APP}))).names("model") == {"gpt-4o"}


def test_what_a_later_layer_took_away_is_only_named(tmp_path: Path) -> None:
    built = image({"models/a.gguf": gguf("Gone"), OPENAI: TEXT}, {"models/.wh.a.gguf": ""})

    result = scan(layout(tmp_path, built))

    assert result.names("model_file") == set()
    assert result.one("container_image").attributes["only_in_lower_layers"] == ["models/a.gguf"]


@pytest.mark.parametrize(
    ("path", "model"),
    [
        (f"root/.cache/huggingface/hub/models--BAAI--bge-m3/snapshots/{'a' * 40}/config.json", "BAAI/bge-m3"),
        ("root/.ollama/models/manifests/registry.ollama.ai/library/llama3.2/3b", "llama3.2:3b"),
    ],
)
def test_models_in_a_store_are_known_by_their_place(tmp_path: Path, path: str, model: str) -> None:
    assert scan(layout(tmp_path, image({path: "{}"}))).names("model") == {model}


def test_a_model_in_several_files_is_one(tmp_path: Path) -> None:
    names = [f"models/big-0000{number}-of-00003.gguf" for number in (1, 2, 3)]

    result = scan(layout(tmp_path, image({name: gguf("Big") for name in names})))

    assert [one.evidence[0].locator for one in result.findings if one.kind == "model_file"] == names[:1]


def test_a_new_build_and_another_place_are_the_same_thing(tmp_path: Path) -> None:
    first = scan(layout(tmp_path / "a", _image(), **NAMED)).one("container_image")
    other = image({OPENAI: TEXT}, config={"Env": ["A=1"]})

    second = scan(saved(tmp_path / "b.tar.gz", other, f"{NAME}:2")).one("container_image")

    assert first.natural_key == second.natural_key
    assert first.attributes["digest"] != second.attributes["digest"]


def test_an_image_in_a_registry_is_the_one_in_its_archive(tmp_path: Path, fake: RegistryFake) -> None:
    built = _image()
    fake.push("team/shop", "1", built)
    here = scan(layout(tmp_path, built, **NAMED))

    there = scan(f"{NAME}:1", **_at(fake))

    def facts(result: object) -> list[tuple[str, str, str]]:
        return sorted((one.kind, one.natural_key.key, one.name) for one in result.findings)  # type: ignore[attr-defined]

    assert [scope.key for scope in there.scopes] == [scope.key for scope in here.scopes]
    assert facts(there) == facts(here)


def test_globs_ask_the_registry_which_images_there_are(fake: RegistryFake) -> None:
    for repository, tag in [
        ("team/a", "prod-1"),
        ("team/a", "dev-1"),
        ("team/b", "prod-2"),
        ("other/c", "prod-3"),
    ]:
        fake.push(repository, tag, image({"a": "b"}))
    fake.push("team/bad", "prod-x", image({"a": "b"}))

    result = scan("registry.example.org/team/?:prod-*", **_at(fake))

    assert [scope.ids for scope in result.scopes] == [
        ("registry.example.org/team/a", "prod-1"),
        ("registry.example.org/team/b", "prod-2"),
    ]


def test_more_images_than_allowed_leave_the_listing_incomplete(fake: RegistryFake) -> None:
    for number in range(4):
        fake.push("team/a", f"v{number}", image({"a": "b"}))

    result = scan("registry.example.org/team/a:*", max_images=2, **_at(fake))

    assert len(result.scopes) == 2
    assert result.listing is not None
    assert result.listing.status is PartStatus.INCOMPLETE


def test_a_base_layer_is_read_once_for_all_images(fake: RegistryFake) -> None:
    base = layer({OPENAI: TEXT})
    fake.push("team/a", "1", image(base, {"app/a.py": "x = 1\n"}))
    fake.push("team/b", "1", image(base, {"app/b.py": APP}))
    cache = TravellingCache()

    scan("registry.example.org/team/a:1", cache=cache, **_at(fake))
    before = len(fake.requests)
    result = scan("registry.example.org/team/b:1", cache=cache, **_at(fake))

    asked = [one.path.rpartition("/")[2] for one in fake.requests[before:] if "/blobs/" in one.path]
    assert digest(image(base).layers[0]) not in asked
    assert len(asked) == 2
    assert result.names("package") == {"openai"}


def test_an_image_read_again_asks_for_no_layer_and_shows_the_same(fake: RegistryFake) -> None:
    fake.push("team/a", "1", _image())
    cache = TravellingCache()
    first = scan("registry.example.org/team/a:1", cache=cache, **_at(fake))
    before = len(fake.requests)

    second = scan("registry.example.org/team/a:1", cache=cache, **_at(fake))

    assert len([one for one in fake.requests[before:] if "/blobs/" in one.path]) == 1, (
        "only the configuration"
    )
    assert {one.fingerprint for one in second.findings} == {one.fingerprint for one in first.findings}


def test_a_cached_layer_is_not_believed_of_a_local_file_with_other_bytes(tmp_path: Path) -> None:
    built, cache = _image(), TravellingCache()
    folder = layout(tmp_path, built, **NAMED)
    scan(folder, cache=cache)
    (folder / "blobs/sha256" / digest(built.layers[0])[7:]).write_bytes(b"other")

    result = scan(folder, cache=cache)

    assert result.parts["image"].status is PartStatus.INCOMPLETE
    assert result.names("package") == {"openai"}, "imported by the application's own layer"
    assert "digest" in result.parts["image-contents"].reason


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (lambda good: good[:-30], "digest|cut off"),
        (lambda good: b"\x28\xb5\x2f\xfd" + good, "zstd"),
        (lambda good: b"text, no tar" * 100, "not a tar"),
    ],
)
def test_a_layer_that_cannot_be_read_leaves_every_part_incomplete(
    tmp_path: Path, stored: object, reason: str
) -> None:
    built = image({OPENAI: TEXT}, {"app/a.py": APP})
    bad = stored(built.layers[0])  # type: ignore[operator]
    manifest = json.loads(built.manifest)
    manifest["layers"][0]["digest"] = digest(bad)
    built.manifest = json.dumps(manifest).encode()
    built.blobs |= {digest(bad): bad, built.digest: built.manifest}

    result = scan(layout(tmp_path, built))

    assert {one.status for one in result.parts.values()} == {PartStatus.INCOMPLETE}
    assert any(word in result.parts["models"].reason for word in reason.split("|"))
    assert result.names("model") == {"gpt-4o"}, "what could be read is shown"


def test_bytes_under_a_wrong_digest_show_nothing(fake: RegistryFake) -> None:
    built = image({OPENAI: TEXT})
    fake.push("team/a", "1", built)
    fake.repositories["team/a"].blobs[digest(built.layers[0])] = image({"a": "b"}).layers[0]

    result = scan("registry.example.org/team/a:1", **_at(fake))

    assert result.findings == []
    assert {one.status for one in result.parts.values()} == {PartStatus.INCOMPLETE}
    assert "digest" in result.parts["image"].reason


@pytest.mark.parametrize(("status", "expected"), [(403, PartStatus.DENIED), (503, PartStatus.FAILED)])
@pytest.mark.parametrize("path", ["/manifests/", "/blobs/"])
def test_an_image_that_is_refused_says_so_in_every_part(
    status: int, expected: PartStatus, path: str, fake: RegistryFake
) -> None:
    fake.push("team/a", "1", _image())
    fake.struck.append(Struck(path=path, status=status, headers={"Retry-After": "0"}))

    result = scan("registry.example.org/team/a:1", **_at(fake))

    assert {one.status for one in result.parts.values()} == {expected}


def test_a_layer_kept_elsewhere_is_a_gap_and_not_fetched(fake: RegistryFake) -> None:
    built = image({OPENAI: TEXT})
    foreign = {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "digest": "sha256:" + "f" * 64,
        "urls": ["https://evil.example.org/layer"],
    }
    entry = {"mediaType": LAYER, "digest": digest(built.layers[0]), "size": 1}
    config = {"mediaType": CONFIG, "digest": digest(built.config), "size": 1}
    built.manifest = json.dumps({"schemaVersion": 2, "config": config, "layers": [foreign, entry]}).encode()
    built.blobs[built.digest] = built.manifest
    fake.push("team/a", "1", built)

    result = scan("registry.example.org/team/a:1", **_at(fake))

    assert result.names("package") == {"openai"}
    assert "kept elsewhere" in result.parts["image"].reason
    assert not [one for one in fake.requests if "f" * 64 in one.path]


def test_all_platforms_are_read_by_choice(tmp_path: Path) -> None:
    anthropic, text = dist_info("anthropic")
    amd, arm = image({OPENAI: TEXT}), image({anthropic: text}, platform="linux/arm64")
    content = index({"linux/amd64": amd, "linux/arm64": arm})
    made = Built(
        layers=[], config=b"", manifest=content, blobs={**amd.blobs, **arm.blobs, digest(content): content}
    )
    folder = layout(tmp_path, made, **NAMED)

    assert scan(folder).names("package") == {"openai"}
    every = scan(folder, platforms=("*",))
    assert every.names("package") == {"openai", "anthropic"}
    assert every.one("container_image").attributes["platforms"] == ["linux/amd64", "linux/arm64"]
    assert {one.status for one in scan(folder, platforms=("linux/s390x",)).parts.values()} == {
        PartStatus.NOT_OFFERED
    }


def test_files_that_could_not_be_read_are_listed_where_they_belong(tmp_path: Path) -> None:
    built = image(
        {
            "app/package.json": "{",
            "app/big.py": b"x = 1\n" * 400_000,
            OPENAI.replace("METADATA", "x"): "",
            "opt/a.jar": b"PK\x03\x04broken",
            "var/lib/rpm/rpmdb.sqlite": "SQLite",
            "../out": "x",
        }
    )

    result = scan(layout(tmp_path, built))

    told = {name: dict(part.exceptions) for name, part in result.parts.items() if part.exceptions}
    assert told["packages-npm"]["app/package.json"].startswith("package-json: not JSON")
    assert "larger than the limit" in told["models"]["app/big.py"]
    assert set(told["image-contents"]) == {"opt/a.jar", "var/lib/rpm/rpmdb.sqlite", "../out"}
    assert {one.status for one in result.parts.values()} == {PartStatus.COMPLETE}


def test_a_model_that_only_a_test_in_the_image_names_is_left_out_and_told(tmp_path: Path) -> None:
    built = image({"app/tests/test_main.py": 'app("load", "gpt-4o")\n'})

    result = scan(layout(tmp_path, built))

    assert result.names("model") == set()
    told = dict(result.parts["image"].exceptions)
    assert "'gpt-4o' is left out" in told["app/tests/test_main.py:1"]


def test_a_model_kept_as_an_artifact_is_a_model_and_its_weights_are_not_fetched(fake: RegistryFake) -> None:
    kind = "application/vnd.docker.ai.model.config.v0.1+json"
    built = image({"a": "b"}, config={})
    content = json.loads(built.manifest)
    content["config"]["mediaType"] = kind
    built.manifest = json.dumps(content).encode()
    built.blobs[built.digest] = built.manifest
    fake.push("ai/smollm2", "360M", built)

    result = scan("registry.example.org/ai/smollm2:360M", **_at(fake))

    assert result.names("model") == {"ai/smollm2:360M"}
    assert not [one for one in fake.requests if digest(built.layers[0]) in one.path]


def test_an_artifact_of_another_kind_is_listed(fake: RegistryFake) -> None:
    built = image({"a": "b"}, artifactType="application/vnd.cncf.helm.config.v1+json")
    fake.push("charts/shop", "1", built)

    result = scan("registry.example.org/charts/shop:1", **_at(fake))

    assert result.findings == []
    assert "helm" in result.parts["image"].reason


@pytest.mark.parametrize("target", ["./gone.tar", "a b", "registry.example.org/Team/x"])
def test_a_target_that_is_none_is_a_mistake_in_the_configuration(target: str) -> None:
    from connectors.errors import ConfigError

    with pytest.raises(ConfigError):
        scan(target)


def test_a_hostile_image_is_read_without_harm(tmp_path: Path) -> None:
    built = image(
        {
            "app/a.py": Odd("link", "/etc/passwd"),
            "app/b.py": Odd("hard", "/etc/shadow"),
            "dev/null": Odd("device"),
            "app/pipe.py": Odd("pipe"),
            "/abs/app.py": APP,
            "d/" * 150 + "deep.py": APP,
            ".wh.": "",
            "app/.wh..wh..opq": "",
            "app/%s.py" % ("n" * 4_000): APP,
        }
    )

    result = scan(layout(tmp_path, built))

    assert result.names("model") == {"gpt-4o"}
    assert all("passwd" not in repr(one) for one in result.findings)
    assert "deeper than" in dict(result.parts["image-contents"].exceptions)[("d/" * 150 + "deep.py")[:200]]
