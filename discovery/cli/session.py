"""What every command needs: the configuration, the store, the time zone and who is acting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discovery.config import Config
    from store import Store


def is_to_come(moment: datetime) -> bool:
    """Say whether a moment lies more than a day ahead: the end of today is asked for every day."""
    from connectors import clock

    return moment - clock.now() > timedelta(days=1)


class Session:
    """Read the configuration once, open the store where a command needs it."""

    def __init__(self, config_path: Path | None, db: str | None) -> None:
        from discovery.cli.logs import set_up_logs
        from discovery.guard import check_names

        check_names()
        set_up_logs()
        self._config_path = config_path
        self._db = db

    @cached_property
    def config(self) -> Config:
        """Return the configuration; raises ``ConfigError`` with all mistakes at once."""
        from discovery.config import load_config

        return load_config(self._config_path, os.environ)

    @property
    def zone(self) -> str:
        """Return the organisation's time zone name."""
        return self.config.organisation.timezone

    @property
    def store_url(self) -> str:
        """Return the store's URL: ``--db`` first, else the configuration's."""
        from discovery.settings import store_url

        return store_url(self._db) if self._db else self.config.store.url

    @property
    def signing_key(self) -> bytes:
        """Return the key that tokens and attestations are signed with."""
        from discovery.service.owner_requests import signing_key
        from discovery.settings import data_folder

        return signing_key(self.config.organisation.signing_key, data_folder())

    @property
    def evidence_folder(self) -> Path:
        """Return where copies of evidence lie: as configured, else beside the SQLite store.

        Raises ``UsageError`` for a server's store without a configured folder: others would not find them.
        """
        import click

        if self.config.store.evidence:
            return Path(self.config.store.evidence).expanduser()
        url = self.store_url
        if not url.startswith("sqlite:///"):
            raise click.UsageError("a shared store needs a shared folder: set evidence in [store]")
        return Path(url.removeprefix("sqlite:///")).parent / "evidence"

    def rule(self, text: str | None) -> str | None:
        """Return the id of a rule; raises ``ConfigError`` that names the nearest when there is none."""
        from discovery.service import rule_sets

        return None if text is None else rule_sets.of_config(self.config).get(text).id

    def moment(self, text: str | None) -> datetime | None:
        """Read ``--as-of`` in the organisation's time zone."""
        from discovery.cli.options import parse_moment

        if text is None:
            return None
        moment = parse_moment(text, self.zone)
        if is_to_come(moment):
            import click

            click.echo(f"Note: {text} is still to come; this is what is known now", err=True)
        return moment

    def options_text(self) -> str:
        """Return the options that a further command needs to reach the same store, with a leading space."""
        import click

        from connectors.secrets import redact
        from discovery.render.shell import quote

        context = click.get_current_context()
        given = {"config_path": ("--config", self._config_path), "db": ("--db", self._db)}
        return "".join(
            f" {option} {quote(redact(str(value)))}"
            for name, (option, value) in given.items()
            if value and context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        )

    @contextmanager
    def store(self, *, create: bool = False, read_only: bool = False) -> Iterator[Store]:
        """Open the store and close it afterwards; raises ``StoreError`` that says what to do."""
        from store import open_store

        opened = open_store(self.store_url, create=create, read_only=read_only)
        try:
            yield opened
        finally:
            opened.close()
