"""The OpenAI fake is strict where the vendor is, and its answers have the published shape."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

from discovery.demo.openai import Fault, OpenAIFake, Org

BOT = "proj_acmeSupportBot"
ORGANISATION_PATHS = {
    "/organization/projects": "/organization/projects",
    **{
        f"/organization/projects/{BOT}/{name}": f"/organization/projects/{{project_id}}/{name}"
        for name in (
            *("api_keys", "service_accounts", "users"),
            *("model_permissions", "hosted_tool_permissions", "data_retention"),
        )
    },
    "/organization/admin_api_keys": "/organization/admin_api_keys",
    "/organization/users": "/organization/users",
    "/organization/data_retention": "/organization/data_retention",
    "/organization/usage/completions?start_time=START": "/organization/usage/completions",
    "/organization/usage/embeddings?start_time=START&group_by=model": "/organization/usage/embeddings",
}
PROJECT_PATHS = ("/assistants", "/vector_stores", "/fine_tuning/jobs", "/models", "/skills")


@pytest.fixture
def fake() -> Iterator[OpenAIFake]:
    with OpenAIFake(Org.example()) as fake:
        assert isinstance(fake, OpenAIFake)
        yield fake


def get(fake: OpenAIFake, path: str, key: str = "", **params: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {key or fake.org.admin_key}", "OpenAI-Beta": "assistants=v2"}
    path = path.replace("START", str(int(fake.org.now_s) - 30 * 86_400))
    return requests.get(fake.base_url + path, params=params, headers=headers, timeout=5)


def error(response: requests.Response) -> tuple[int, str | None]:
    body = response.json()["error"]
    assert set(body) == {"message", "type", "param", "code"}
    return response.status_code, body["code"]


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer "}])
def test_without_a_bearer_nothing_is_served(fake: OpenAIFake, header: dict[str, str]) -> None:
    response = requests.get(f"{fake.base_url}/organization/projects", headers=header, timeout=5)

    assert error(response) == (401, None)


def test_a_wrong_key_is_refused_by_the_vendors_code(fake: OpenAIFake) -> None:
    assert error(get(fake, "/organization/projects", key="sk-admin-wrong")) == (401, "invalid_api_key")


def test_each_kind_of_key_opens_only_its_own_half(fake: OpenAIFake) -> None:
    project_key = fake.org.projects[0].key

    assert get(fake, "/organization/projects", key=project_key).status_code == 403
    assert get(fake, "/assistants").status_code == 403
    assert get(fake, "/assistants", key=project_key).status_code == 200


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/organization/projects", {"limit": 101}),
        ("/organization/projects", {"limit": 0}),
        ("/organization/projects", {"limit": "many"}),
        ("/organization/projects", {"page": "2"}),
        ("/organization/projects", {"after": "proj_made_up"}),
        ("/organization/projects", {"include_archived": "yes"}),
        ("/organization/projects", {"limit": ["1", "2"]}),
        (f"/organization/projects/{BOT}/api_keys", {"owner_project_access": "all"}),
        ("/organization/usage/completions", {}),
        ("/organization/usage/completions", {"start_time": 1, "limit": 32}),
        ("/organization/usage/completions", {"start_time": 1, "group_by": "country"}),
        ("/organization/usage/completions", {"start_time": 1, "page": "page_made_up"}),
        ("/organization/admin_api_keys", {"order": "up"}),
    ],
)
def test_what_is_not_documented_is_a_400(fake: OpenAIFake, path: str, params: dict[str, Any]) -> None:
    assert error(get(fake, path, **params))[0] == 400


def test_a_cursor_is_good_only_for_the_listing_that_issued_it(fake: OpenAIFake) -> None:
    last = get(fake, "/organization/users", limit=1).json()["last_id"]

    assert get(fake, "/organization/users", after=last).status_code == 200
    assert get(fake, "/organization/projects", after=last).status_code == 400


def test_pages_partition_the_listing(fake: OpenAIFake) -> None:
    first = get(fake, "/organization/projects", limit=2, include_archived="true").json()
    rest = get(
        fake, "/organization/projects", limit=2, include_archived="true", after=first["last_id"]
    ).json()

    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert [one["id"] for one in first["data"] + rest["data"]] == [one.id for one in fake.org.projects]


def test_an_unknown_address_and_a_write_are_refused_as_the_vendor_does(fake: OpenAIFake) -> None:
    assert get(fake, "/nothing").json()["error"]["message"] == "Invalid URL (GET /v1/nothing)"
    assert requests.post(f"{fake.base_url}/organization/projects", timeout=5).status_code == 405


def test_assistants_need_the_interfaces_version(fake: OpenAIFake) -> None:
    headers = {"Authorization": f"Bearer {fake.org.projects[0].key}"}

    assert error(requests.get(f"{fake.base_url}/assistants", headers=headers, timeout=5)) == (
        400,
        "invalid_beta",
    )


def test_usage_adds_up_whatever_it_is_grouped_by(fake: OpenAIFake) -> None:
    def total(**params: Any) -> int:
        body = get(fake, "/organization/usage/completions?start_time=START", limit=31, **params).json()
        return sum(one["num_model_requests"] for bucket in body["data"] for one in bucket["results"])

    plain = total()

    assert plain == sum(use.requests for use in fake.org.usage if use.endpoint == "completions")
    assert total(group_by=["model", "project_id", "api_key_id"]) == plain


def test_a_fault_strikes_as_often_as_it_is_told(fake: OpenAIFake) -> None:
    fake.faults.append(Fault(path="/organization/users", action="500", times=1, skip=1))

    assert [get(fake, "/organization/users").status_code for _ in range(3)] == [200, 500, 200]
    assert get(fake, "/organization/projects").status_code == 200


def test_a_throttled_answer_carries_the_headers_asked_for(fake: OpenAIFake) -> None:
    fake.faults.append(Fault(path="*", action="429", headers={"Retry-After": "3"}))

    response = get(fake, "/organization/users")

    assert error(response) == (429, "rate_limit_exceeded")
    assert response.headers["Retry-After"] == "3"


def test_a_slow_answer_drips_and_a_cut_one_breaks(fake: OpenAIFake) -> None:
    fake.faults.append(Fault(path="/organization/data_retention", action="slow", times=1))
    fake.faults.append(Fault(path="/organization/users", action="truncate", times=1))

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(fake, "/organization/users")
    began = time.monotonic()
    response = requests.get(
        f"{fake.base_url}/organization/data_retention",
        headers={"Authorization": f"Bearer {fake.org.admin_key}"},
        stream=True,
        timeout=5,
    )
    list(zip(response.iter_content(1), range(3), strict=False))

    assert time.monotonic() - began > 0.3
    response.close()


def test_the_example_holds_what_the_demo_promises() -> None:
    org = Org.example(now_s=1_800_000_000)

    keys = [key for project in org.projects for key in project.lists.get("api_keys", [])]
    assert len([one for one in org.projects if one.item["status"] == "active"]) == 3
    assert len(keys) == 6
    assert [key["id"] for key in keys if key["owner_project_access"] == "inactive"] == ["key_acmeMkt01"]
    assert len({use.model for use in org.usage}) == 3
    assert sum(len(project.lists.get("service_accounts", [])) for project in org.projects) == 2


def test_the_example_is_as_old_tomorrow_but_used_a_day_later() -> None:
    """A later creation time would make every asset of the demo a new incarnation on each scan."""
    today, tomorrow = (Org.example(now_s=1_800_000_000 + day * 86_400) for day in (0, 1))

    keys = [org.projects[0].lists["api_keys"][0] for org in (today, tomorrow)]
    assert keys[0]["created_at"] == keys[1]["created_at"]
    assert keys[1]["last_used_at"] - keys[0]["last_used_at"] == 86_400


def _validator(shared: Path, path: str) -> Any:
    """Return a validator for the published 200 answer of an operation."""
    import jsonschema_rs

    text = (shared / "fixtures" / "saas" / "openai" / "openapi-subset.json").read_bytes()
    description = orjson.loads(text)
    answer = description["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for(_plain({**answer, "components": description["components"]}))


def _plain(node: Any) -> Any:
    """Turn the OpenAPI dialect into JSON Schema: ``nullable``, and limits that are written as booleans."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {
        name: _plain(one)
        for name, one in node.items()
        if name not in ("nullable", "discriminator", "example")
    }
    for limit in ("exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(made.get(limit), bool):
            made.pop(limit)
    if node.get("nullable") is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made


@pytest.mark.parametrize("path", ORGANISATION_PATHS)
def test_an_answer_of_the_organisation_has_the_published_shape(
    fake: OpenAIFake, shared: Path, path: str
) -> None:
    body = get(fake, path).json()

    problems = [one.message for one in _validator(shared, ORGANISATION_PATHS[path]).iter_errors(body)]

    assert problems == []
    assert body.get("data") != []


@pytest.mark.parametrize("path", PROJECT_PATHS)
@pytest.mark.parametrize("number", [0, 1])
def test_an_answer_of_a_project_has_the_published_shape(
    fake: OpenAIFake, shared: Path, path: str, number: int
) -> None:
    body = get(fake, path, key=fake.org.projects[number].key).json()
    if not body["data"]:
        body |= {"first_id": "", "last_id": ""}  # described as texts, and null in truth, for an empty list

    assert [one.message for one in _validator(shared, path).iter_errors(body)] == []


def test_the_shape_check_can_fail(fake: OpenAIFake, shared: Path) -> None:
    body = get(fake, "/organization/projects").json()
    del body["data"][0]["created_at"]

    assert not _validator(shared, "/organization/projects").is_valid(body)
