"""Read an OpenAI organisation: projects, keys and who holds them, models in use, and the project's objects.

One scope for the organisation, one for each active project. An administration key reads all but what
belongs to a single project's key (assistants, vector stores, fine-tuning, files, own models, skills); give
those keys in ``project_keys``. The list of models that could be used is a catalogue and never an asset.

The administration API does not say the organisation's id. Set ``organization``; without it the oldest
project stands for the organisation (projects are archived, never deleted).

**Source:** OpenAI API description 2.3.0 (openai/openai-openapi at f85dbe2, read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from pydantic import Field

from connectors.clients.http import HttpSettings
from connectors.clients.pages import Cursor
from connectors.contract import ConnectorInfo, Context, PartHandle
from connectors.errors import BadResponse, ConfigError, ConnectorError, NotOffered
from connectors.model import Finding, Part, Scope, Unchanged
from connectors.openai_findings import Item, Place, moment, text
from connectors.openai_listings import (
    ORGANISATION,
    PROJECT,
    PROJECT_KEY,
    PROJECTS,
    Listing,
    Reading,
    operations,
)
from connectors.options import Options, Secret
from connectors.secrets import SecretRef

_ARCHIVED = "archived"


class OpenAIOptions(Options):
    """Options of an OpenAI organisation."""

    admin_key: Secret = Field(
        default=SecretRef("env", "OPENAI_ADMIN_KEY"), description="An admin key of the organisation."
    )
    organization: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_-]*$",
        max_length=100,
        description="Its id, as org-...; the API does not say it. Empty: its oldest project names it.",
    )
    project_keys: dict[str, Secret] = Field(
        default_factory=dict,
        description="Keys of projects by project id: what only a project's own key may list is read, too.",
    )
    base_url: str = Field(default="https://api.openai.com/v1", description="Address of the API.")
    usage_days: int = Field(
        default=30, ge=1, le=90, description="How far back calls make a model count as in use, in days."
    )
    page_size: int = Field(default=100, ge=1, le=100, description="How many things one request asks for.")


def openai_errors(status: int, body: Any) -> ConnectorError | None:
    """Translate the vendor's own error bodies; only its own words for "no such endpoint" mean that."""
    error = body.get("error") if isinstance(body, dict) else None
    message = text(error, "message") if isinstance(error, dict) else ""
    if status == 404 and message.startswith("Invalid URL"):
        return NotOffered(
            "OpenAI does not offer this endpoint", hint="It may be newer than this organisation."
        )
    if status == 410:
        return NotOffered("OpenAI has shut this endpoint down")
    return None


class OpenAIConnector:
    """Read one OpenAI organisation."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="openai",
        title="OpenAI API platform",
        kinds=(
            *("ai_project", "api_key", "identity", "model", "oversight_control"),
            *("agent", "vector_store", "training_job", "dataset", "tool"),
        ),
        operations=operations(),
        docs=(
            "https://platform.openai.com/docs/api-reference/administration (read 2026-11-22)",
            "https://github.com/openai/openai-openapi (2.3.0 at f85dbe2, read 2026-11-22)",
        ),
        config_model=OpenAIOptions,
    )

    def http_settings(self, config: OpenAIOptions) -> HttpSettings:
        """Say where the API is and which keys open it."""
        return HttpSettings(
            base_url=config.base_url,
            bearer=config.admin_key,
            credentials=dict(config.project_keys),
            # Assistants are served only to those who name the interface's version.
            headers={"OpenAI-Beta": "assistants=v2"},
            page_size=config.page_size,
            error_map=openai_errors,
        )

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """List the organisation and its active projects; raises ``AuthError`` for a wrong key."""
        projects = list(
            ctx.http.paginate(PROJECTS.path, params=PROJECTS.params, pages=Cursor(limit=ctx.config.page_size))
        )
        if any(not text(one, "id") for one in projects):
            raise BadResponse("a project without an id", where=PROJECTS.path)
        org = _organisation(ctx, projects)
        _check_project_keys(ctx.config, {text(one, "id") for one in projects})
        yield _scope(ctx, (org,), org, f"OpenAI organisation {org}", tuple(one.part for one in ORGANISATION))
        for one in projects:
            if text(one, "status") != _ARCHIVED:
                name = text(one, "id")
                parts = tuple(listing.part for listing in _project_listings(ctx, name))
                yield _scope(ctx, (org, name), org, text(one, "name") or name, parts)

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Read one scope, listing by listing."""
        org, *below = ctx.scope.ids
        project_id = below[0] if below else ""
        place = Place(
            org=org,
            base_url=ctx.config.base_url.rstrip("/"),
            now=ctx.now(),
            usage_days=ctx.config.usage_days,
            project_id=project_id,
            project_name=ctx.scope.label if project_id else "",
        )
        reading = Reading(ctx=ctx, place=place)
        for listing in _project_listings(ctx, project_id) if project_id else ORGANISATION:
            if listing.part.name in ctx.fresh and listing.part.kinds:
                continue
            with ctx.part(listing.part.name) as handle:
                place.path = listing.path
                yield from _told(ctx, listing, handle, reading)


def _told(
    ctx: Context, listing: Listing, handle: PartHandle, reading: Reading
) -> Iterator[Finding | Unchanged]:
    """Yield what a listing shows, shortened to ``Unchanged`` where the last run showed the same."""
    previous = ctx.previous(listing.part.name)
    for finding in listing.read(reading, _whole(reading.items(listing), handle, listing)):
        key = finding.natural_key
        if previous.get((key.namespace, key.key)) == finding.fingerprint:
            yield Unchanged(natural_key=key, fingerprint=finding.fingerprint)
        else:
            yield finding


def _whole(items: Iterator[Item], handle: PartHandle, listing: Listing) -> Iterator[Item]:
    """Leave out objects that cannot be identified, and say that the listing is not whole then."""
    for item in items:
        if listing.has_ids and not text(item, "id"):
            handle.incomplete(f"{listing.path} shows an object without an id")
        else:
            yield item


def _project_listings(ctx: Context, project_id: str) -> tuple[Listing, ...]:
    return PROJECT + PROJECT_KEY if project_id in ctx.config.project_keys else PROJECT


def _scope(ctx: Context, ids: tuple[str, ...], org: str, label: str, parts: tuple[Part, ...]) -> Scope:
    return Scope(
        connector=OpenAIConnector.info.name,
        instance=ctx.instance,
        ids=ids,
        parts=parts,
        label=label,
        locator=ctx.config.base_url,
        account=org,
    )


def _organisation(ctx: Context, projects: list[Item]) -> str:
    """Return the configured organisation, or a stand-in that does not change: its oldest project."""
    if ctx.config.organization:
        return str(ctx.config.organization)
    dated = [(created, text(one, "id")) for one in projects if (created := moment(one, "created_at"))]
    if not dated:
        return f"instance-{ctx.instance}"
    return f"org-of-{min(dated)[1]}"


def _check_project_keys(config: OpenAIOptions, known: set[str]) -> None:
    unknown = sorted(set(config.project_keys) - known)
    if unknown:
        raise ConfigError(
            f"project_keys names projects that are not in the organisation: {', '.join(unknown)}",
            hint="Use project ids (proj_...) as the names.",
        )
