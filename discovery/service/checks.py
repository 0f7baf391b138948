"""Try the credentials of connector instances by listing their scopes, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.model import PartStatus, Scope
from connectors.runner import ScopeJob, list_scopes

if TYPE_CHECKING:
    from discovery.config import Config, InstanceConfig


@dataclass(slots=True, kw_only=True)
class InstanceCheck:
    """What an instance's credential reaches.

    ``labels`` name the scopes that would be read, for people, in the order of the listing; ``reason`` says
    why it does not work, or what the listing lacks.
    """

    instance: str
    works: bool
    status: str
    reason: str
    labels: list[str] = field(default_factory=list)


def check_instances(config: Config, names: Sequence[str] = ()) -> list[InstanceCheck]:
    """Check the named instances (``name`` or ``name:instance``), or all that are enabled.

    A named connector that is not configured is tried with the vendor's own variables. Raises
    ``ConfigError`` for a name that nobody knows or options that make no sense.
    """
    from connectors.context import forget_clients

    try:
        return [_check(config, instance) for instance in _chosen(config, names)]
    finally:
        forget_clients()


def _chosen(config: Config, names: Sequence[str]) -> list[InstanceConfig]:
    chosen: list[InstanceConfig] = []
    for word in names:
        connector, _, name = word.partition(":")
        if name:
            chosen.append(config.instance(connector, name))
        else:
            known = config.with_connector(connector).instances()
            chosen.extend(item for item in known if item.connector == connector)
    return chosen or config.instances()


def _check(config: Config, instance: InstanceConfig) -> InstanceCheck:
    nowhere = Scope(connector=instance.connector, instance=instance.name, ids=(), parts=())
    scopes, result = list_scopes(
        ScopeJob(
            connector=instance.connector,
            instance=instance.name,
            scope=nowhere,
            options=instance.options,
            network=config.network,
        )
    )
    return InstanceCheck(
        instance=instance.key,
        works=scopes is not None and result.status is PartStatus.COMPLETE,
        status=result.status.value,
        reason=result.reason,
        labels=[scope.label or scope.key for scope in scopes or () if scope.left_out is None],
    )
