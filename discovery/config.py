"""Read the configuration: one TOML file, checked as a whole before anything runs.

``load_config`` either returns a :class:`Config` or raises :class:`ConfigMistakes` with every mistake in
the file, each with its line. Without a file everything has its default and one ``code`` instance scans
the current folder. Secrets are references; only ``check_secrets`` and the place of use look behind them.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from connectors import registry
from connectors.errors import ConfigError
from connectors.secrets import SecretRef
from discovery.config_errors import ConfigMistakes, Mistake, Reporter, nearest, options_of, type_name
from discovery.config_lines import Lines, find_lines
from discovery.config_lines import Path as KeyPath
from discovery.config_notifications import NotificationsSection, SlaSection
from discovery.config_sections import (
    DaemonSection,
    ExecutorSection,
    InstanceSection,
    NetworkSection,
    OrganisationSection,
    RulesSection,
    ScanSection,
    network_settings,
)
from discovery.config_store import StoreSection
from discovery.settings import config_path, store_url
from scheduler.executors import ExecutorSettings
from scheduler.triggers import ScheduleSpec

if TYPE_CHECKING:
    from connectors.clients.network import NetworkSettings

DEFAULT_INSTANCE = "main"
"""The name of an instance that a person asked for without configuring it."""

SECTIONS: dict[str, type[BaseModel]] = {
    "store": StoreSection,
    "organisation": OrganisationSection,
    "scan": ScanSection,
    "rules": RulesSection,
    "sla": SlaSection,
    "notifications": NotificationsSection,
    "network": NetworkSection,
    "executor": ExecutorSection,
    "daemon": DaemonSection,
}
_INSTANCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_LARGEST_FILE_BYTES = 4_000_000
_Section = TypeVar("_Section", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceConfig:
    """One configured connector instance: ``options`` is of the connector's ``config_model``."""

    connector: str
    name: str
    options: BaseModel
    is_enabled: bool = True
    schedule: ScheduleSpec | None = None

    @property
    def key(self) -> str:
        """Return ``connector:name``, as it begins every scope key."""
        return f"{self.connector}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings, validated. ``path`` is the file they come from, if any."""

    store: StoreSection = field(default_factory=StoreSection)
    organisation: OrganisationSection = field(default_factory=OrganisationSection)
    scan: ScanSection = field(default_factory=ScanSection)
    rules: RulesSection = field(default_factory=RulesSection)
    sla: SlaSection = field(default_factory=SlaSection)
    notifications: NotificationsSection = field(default_factory=NotificationsSection)
    network_section: NetworkSection = field(default_factory=NetworkSection)
    executor: ExecutorSection = field(default_factory=ExecutorSection)
    daemon: DaemonSection = field(default_factory=DaemonSection)
    every_instance: tuple[InstanceConfig, ...] = ()
    path: Path | None = None
    lines: Lines = field(default_factory=Lines, repr=False, compare=False)

    @property
    def network(self) -> NetworkSettings:
        """Return what the shared clients need to reach the network."""
        return network_settings(self.network_section)

    def executor_settings(self) -> ExecutorSettings:
        """Return where work runs; raises ``ConfigError`` when its address refers to nothing."""
        section = self.executor
        address = section.address
        if section.kind == "procrastinate" and not address:
            address = self.store.url
        return ExecutorSettings(
            kind=section.kind,
            workers=self.scan.workers,
            address=address.resolve() if isinstance(address, SecretRef) else address,
            result_timeout_s=section.result_timeout.total_seconds(),
        )

    def instances(self) -> list[InstanceConfig]:
        """Return the enabled connector instances, in the order of the file."""
        return [instance for instance in self.every_instance if instance.is_enabled]

    def instance(self, connector: str, name: str = DEFAULT_INSTANCE) -> InstanceConfig:
        """Return one instance, enabled or not; raises ``ConfigError`` when there is none."""
        for candidate in self.every_instance:
            if (candidate.connector, candidate.name) == (connector, name):
                return candidate
        raise ConfigError(
            f"no instance {connector}:{name} is configured",
            hint=f"Add a table [connectors.{connector}.{name}].",
        )

    def with_connector(self, connector: str, **options: object) -> Config:
        """Return a configuration that has at least one enabled instance of ``connector``.

        A configured one is kept as it is; else ``main`` is added with ``options`` and defaults, so that
        the vendor's own variables or credential chain apply.
        """
        if any(instance.connector == connector for instance in self.instances()):
            return self
        added = default_instance(connector, **options)
        others = tuple(instance for instance in self.every_instance if instance.key != added.key)
        return replace(self, every_instance=(*others, added))

    def with_store(self, location: str) -> Config:
        """Return a configuration whose store is ``location``, a URL or a SQLite file."""
        return replace(
            self,
            store=StoreSection.model_construct(
                location=store_url(location), personal_days=self.store.personal_days
            ),
        )

    def content_hash(self) -> str:
        """Return a hash of everything that decides what a scan reads; secrets are in it by reference only."""
        import orjson

        content = {
            "network": self.network_section.model_dump(mode="json"),
            "scan": self.scan.model_dump(mode="json", include={"roles_that_alert"}),
            "instances": {item.key: item.options.model_dump(mode="json") for item in self.instances()},
        }
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:20]


def load_config(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Read and check the configuration.

    ``path`` wins, then ``AICENSUS_CONFIG``, then the file in the user's configuration folder; without any
    of them the defaults hold. Raises :class:`ConfigMistakes`.
    """
    chosen = path if path is not None else config_path(os.environ if environ is None else environ)
    if chosen is None:
        return Config(every_instance=(default_instance("code"),))
    text = _read(chosen)
    lines = find_lines(text)
    reporter = Reporter(str(chosen), lines)
    table = _parse(text, reporter)
    config = _build(table, reporter, chosen)
    if reporter.mistakes:
        raise ConfigMistakes.of(reporter.mistakes)
    return config if config.every_instance else replace(config, every_instance=(default_instance("code"),))


def default_instance(connector: str, **options: object) -> InstanceConfig:
    """Return instance ``main`` of ``connector`` with ``options``, all others at their defaults.

    Raises :class:`ConfigMistakes` for an unknown connector, and for one that cannot do without options.
    """
    path: KeyPath = ("connectors", connector, DEFAULT_INSTANCE)
    reporter = Reporter("no configuration file", Lines())
    if connector not in registry.names():
        near = nearest(connector, registry.names())
        hint = f"Did you mean `{near}`? " if near else ""
        hint += f"Known are {', '.join(f'`{name}`' for name in registry.names())}."
        raise ConfigMistakes(f"unknown connector `{connector}`", hint=hint)
    model = registry.info(connector).config_model
    try:
        return InstanceConfig(
            connector=connector, name=DEFAULT_INSTANCE, options=model.model_validate(options)
        )
    except ValidationError as error:
        reporter.validation(error, path, model)
        raise ConfigMistakes.of(reporter.mistakes) from None


def check_secrets(config: Config) -> list[Mistake]:
    """Return a mistake for every secret reference that leads nowhere now; nothing is shown but its place."""
    reporter = Reporter(str(config.path or "no configuration file"), config.lines)
    tables: list[tuple[KeyPath, BaseModel]] = [
        (("store",), config.store),
        (("notifications",), config.notifications),
        (("network",), config.network_section),
        (("executor",), config.executor),
        *((("connectors", item.connector, item.name), item.options) for item in config.instances()),
    ]
    for path, model in tables:
        for option, ref in _secrets_in(model):
            if lack := ref.lack():
                owner = f"instance {path[1]}:{path[2]}" if len(path) == 3 else f"[{path[0]}]"
                name = ".".join(str(word) for word in option)
                reporter.add(
                    f"`{name}` of {owner} refers to {ref.place} {ref.name!r}, which {lack}",
                    (*path, *option),
                )
    return reporter.mistakes


def _read(path: Path) -> str:
    try:
        with path.expanduser().open("rb") as file:
            raw = file.read(_LARGEST_FILE_BYTES + 1)
    except OSError as error:
        text = f"cannot be read: {error.strerror or type(error).__name__}"
        raise ConfigMistakes.of([Mistake(text=text, where=str(path))]) from error
    if len(raw) > _LARGEST_FILE_BYTES:
        raise ConfigMistakes.of([Mistake(text="is too large for a configuration file", where=str(path))])
    try:
        # A byte order mark is what some editors on Windows add.
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        mistake = Mistake(text="is not UTF-8 text", where=f"{path}:{line}", line=line)
        raise ConfigMistakes.of([mistake]) from error


def _parse(text: str, reporter: Reporter) -> dict[str, Any]:
    for path, first, second in reporter.lines.repeated:
        name = ".".join(str(word) for word in path)
        where = f"{reporter.file}:{second}"
        repeated = Mistake(text=f"`{name}` is already given in line {first}", where=where, line=second)
        reporter.mistakes.append(repeated)
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        if not reporter.mistakes:
            reporter.mistakes.append(_syntax_mistake(str(error), text, reporter.file))
        raise ConfigMistakes.of(reporter.mistakes) from None


def _syntax_mistake(message: str, text: str, file: str) -> Mistake:
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if found is None:
        return Mistake(text=f"is not valid TOML: {message}", where=file)
    line = int(found[1]) if found[1] else text.count("\n") + 1
    column = f", column {found[2]}" if found[2] else " (the end of the file)"
    words = message[: found.start()]
    return Mistake(
        text=f"is not valid TOML: {words[:1].lower() + words[1:]}", where=f"{file}:{line}{column}", line=line
    )


def _build(table: dict[str, Any], reporter: Reporter, path: Path) -> Config:
    for name in table:
        if name not in SECTIONS and name != "connectors":
            reporter.unknown("table", (name,), (*SECTIONS, "connectors"), _homes())
    instances = tuple(_instances(table.get("connectors", {}), reporter, path.parent))
    return Config(
        store=_section(StoreSection, "store", table, reporter),
        organisation=_section(OrganisationSection, "organisation", table, reporter),
        scan=_section(ScanSection, "scan", table, reporter),
        rules=_section(RulesSection, "rules", table, reporter),
        sla=_section(SlaSection, "sla", table, reporter),
        notifications=_section(NotificationsSection, "notifications", table, reporter),
        network_section=_section(NetworkSection, "network", table, reporter),
        executor=_section(ExecutorSection, "executor", table, reporter),
        daemon=_section(DaemonSection, "daemon", table, reporter),
        every_instance=instances,
        path=path,
        lines=reporter.lines,
    )


def _homes() -> dict[str, str]:
    """Return for each option of the fixed tables the table it belongs in, to help with misplaced ones."""
    homes: dict[str, str] = {}
    for name, model in SECTIONS.items():
        for option in options_of(model):
            homes.setdefault(option, f"[{name}]")
    return homes


def _section(model: type[_Section], name: str, table: dict[str, Any], reporter: Reporter) -> _Section:
    value = table.get(name, {})
    if not isinstance(value, dict):
        reporter.add(f"`{name}` must be a table, not {type_name(value)}", (name,))
        return model()
    try:
        return model.model_validate(value)
    except ValidationError as error:
        own = set(options_of(model))
        homes = {option: home for option, home in _homes().items() if option not in own}
        reporter.validation(error, (name,), model, homes)
        return model()


def _instances(connectors: Any, reporter: Reporter, folder: Path) -> Iterator[InstanceConfig]:
    if not isinstance(connectors, dict):
        reporter.add(f"`connectors` must be tables, not {type_name(connectors)}", ("connectors",))
        return
    for connector, named in connectors.items():
        path: KeyPath = ("connectors", connector)
        if connector not in registry.names():
            reporter.unknown("connector", path, registry.names())
        elif not isinstance(named, dict) or any(not isinstance(value, dict) for value in named.values()):
            reporter.add(
                f"an instance needs a name of its own: write [connectors.{connector}.{DEFAULT_INSTANCE}]",
                path,
            )
        else:
            for name, table in named.items():
                instance = _instance(connector, name, table, reporter, folder)
                if instance is not None:
                    yield instance


def _instance(
    connector: str, name: str, table: dict[str, Any], reporter: Reporter, folder: Path
) -> InstanceConfig | None:
    path: KeyPath = ("connectors", connector, name)
    if not _INSTANCE_NAME.fullmatch(name):
        reporter.add(f"the instance name {name!r} may hold letters, digits, `_`, `-` and `.` only", path)
    model = registry.info(connector).config_model
    common_names = set(InstanceSection.model_fields)
    common = _validated(
        InstanceSection, {k: v for k, v in table.items() if k in common_names}, path, reporter
    )
    # An unknown option may be meant for either; the connector's model refuses it, knowing both.
    rest = {key: value for key, value in table.items() if key not in common_names}
    options = _validated(model, rest, path, reporter, folder=folder)
    if common is None or options is None:
        return None
    return InstanceConfig(
        connector=connector, name=name, options=options, is_enabled=common.enabled, schedule=common.spec()
    )


def _validated(
    model: type[_Section],
    table: dict[str, Any],
    path: KeyPath,
    reporter: Reporter,
    folder: Path | None = None,
) -> _Section | None:
    try:
        return model.model_validate(table, context={"folder": folder})
    except ValidationError as error:
        reporter.validation(error, path, model, extra_options=tuple(InstanceSection.model_fields))
    except ConfigError as error:
        reporter.add(str(error), path)
    return None


def _secrets_in(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, SecretRef]]:
    if isinstance(value, SecretRef):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, model_field in type(value).model_fields.items():
            yield from _secrets_in(getattr(value, name), (*path, model_field.alias or name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets_in(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _secrets_in(item, (*path, index))
