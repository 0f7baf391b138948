"""Tell the configured receivers what happens: keep who they are, send, test, list what waits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors import clock
from connectors.errors import ConfigError
from discovery.outbound.by_apprise import ByApprise
from discovery.outbound.errors import DeliveryFailed
from discovery.outbound.messages import test_message
from discovery.outbound.sender import Channel, Sender, Sent
from discovery.outbound.webhook import Webhook
from discovery.service import attestation_news, escalation, sla
from discovery.service.errors import DecisionError, NotFound
from normalizer import ids
from store import deliveries, leases, routes
from store.routes import Route, Routing

if TYPE_CHECKING:
    from discovery.config import Config
    from discovery.config_notifications import ReceiverSection
    from store import Store
    from store.database import ReadTx
    from store.deliveries import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverView:
    """One receiver as configured, without its address."""

    name: str
    kind: str
    severity: str
    events: Sequence[str]
    rules: Sequence[str]
    owners: Sequence[str]
    digest: str
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One message of the outbox; an empty ``delivery_id`` stands for news that has none yet."""

    delivery_id: str
    receiver: str
    kind: str
    state: str
    events: int
    about: str
    attempts: int
    created_at: str
    next_at: str
    done_at: str | None
    error: str


def keep(store: Store, config: Config) -> None:
    """Keep who is to be told, as configured; without a configuration file what was kept stays."""
    if config.path is not None:
        routes.keep(store, routing_of(config))


def routing_of(config: Config) -> Routing:
    """Return the configured receivers without their addresses."""
    section = config.notifications
    return Routing(
        routes=tuple(
            Route(
                name=one.name,
                events=one.events,
                severity=one.severity,
                rules=one.rules,
                owners=one.owners,
                digest=one.digest,
            )
            for one in section.receivers
        ),
        zone=config.organisation.timezone,
        digest_hour=section.digest_hour,
        storm_limit=section.storm_limit,
        settle_s=int(section.settle.total_seconds()),
    )


def channels_of(config: Config) -> dict[str, Channel]:
    """Return a way to each configured receiver, by name."""
    return {one.name: _channel(one, config) for one in config.notifications.receivers}


def send(
    store: Store, config: Config, *, at_once: bool = False, is_stopping: Callable[[], bool] = lambda: False
) -> Sent:
    """Send what is due to the configured receivers; ``at_once`` what still gathers too."""
    keep(store, config)
    sla.keep(store, config)
    if at_once:  # the daemon watches deadlines by itself
        escalation.escalate(store)
    attestation_news.tell(store)
    sender = Sender(store, channels_of(config), leases.new_holder())
    return sender.run(at_once=at_once, is_stopping=is_stopping)


def test(config: Config, name: str) -> None:
    """Send one receiver a test; raises ``DecisionError`` when it does not arrive."""
    channels = channels_of(config)
    if name not in channels:
        listed = ", ".join(sorted(channels)) or "none"
        raise NotFound(f"there is no receiver {name!r}", hint=f"Configured are: {listed}.")
    now = clock.now()
    try:
        channels[name].send(test_message(ids.mint("msg"), clock.to_text(now)), now)
    except DeliveryFailed as failure:
        raise DecisionError(
            f"the test did not reach {name!r}: {failure.what}",
            hint="Correct the receiver in [notifications] and try again.",
        ) from None


def receivers(store: Store, config: Config) -> list[ReceiverView]:
    """Return the configured receivers with what waits for them."""
    with store.read() as tx:
        loose = deliveries.waiting(tx.conn)
        listed = deliveries.listed(tx.conn, (deliveries.WAITING, deliveries.DEAD))
    return [_receiver(one, loose, listed) for one in config.notifications.receivers]


def outbox(store: Store, states: Collection[str] = (), receiver: str | None = None) -> list[DeliveryView]:
    """Return the messages in these states (none: what waits or was given up), the newest first."""
    wanted = states or (deliveries.WAITING, deliveries.DEAD)
    with store.read() as tx:
        made = [_delivery(one) for one in deliveries.listed(tx.conn, wanted, receiver)]
        if deliveries.WAITING in wanted:
            made += _gathering(tx, receiver)
    return made


def retry(store: Store, which: Sequence[str]) -> int:
    """Let messages be due now, those given up too (none named: all of these); return how many.

    Raises ``NotFound`` unless each name is the beginning of just one message's id.
    """
    with store.read() as tx:
        known = deliveries.listed(tx.conn, (deliveries.DEAD, deliveries.WAITING))
    chosen = {one.delivery_id for one in known if one.state == deliveries.DEAD} if not which else set()
    for ref in which:
        hits = [one.delivery_id for one in known if one.delivery_id.startswith(ref)]
        if len(hits) != 1:
            raise NotFound(
                f"there is no one message {ref!r} that has not arrived",
                hint="List them: aicensus outbox list",
            )
        chosen.add(hits[0])
    if not chosen:
        return 0
    with store.begin() as conn:
        return deliveries.revive(conn, chosen, clock.now())


def _channel(one: ReceiverSection, config: Config) -> Channel:
    if one.kind == "apprise":
        return ByApprise(url=one.url, allow_internal=one.allow_internal)
    if one.secret is None:
        raise ConfigError(f"the webhook {one.name!r} has no secret")
    return Webhook(url=one.url, secret=one.secret, network=config.network, allow_internal=one.allow_internal)


def _receiver(one: ReceiverSection, loose: Mapping[str, int], listed: Sequence[Delivery]) -> ReceiverView:
    mine = [delivery.state for delivery in listed if delivery.receiver == one.name]
    return ReceiverView(
        name=one.name,
        kind=one.kind,
        severity=one.severity,
        events=one.events,
        rules=one.rules,
        owners=one.owners,
        digest=one.digest,
        waiting=loose.get(one.name, 0) + mine.count(deliveries.WAITING),
        dead=mine.count(deliveries.DEAD),
    )


def _delivery(one: Delivery) -> DeliveryView:
    subjects = list(dict.fromkeys(item.subject_id for item in one.items))
    return DeliveryView(
        delivery_id=one.delivery_id,
        receiver=one.receiver,
        kind=one.kind,
        state=one.state,
        events=len(one.items),
        about=f"{one.items[0].event} {subjects[0]}" if len(subjects) == 1 else f"{len(subjects)} things",
        attempts=one.attempts,
        created_at=one.created_at,
        next_at=one.next_at,
        done_at=one.done_at,
        error=one.last_error,
    )


def _gathering(tx: ReadTx, receiver: str | None) -> list[DeliveryView]:
    return [
        DeliveryView(
            delivery_id="",
            receiver=name,
            kind="gathering",
            state=deliveries.WAITING,
            events=count,
            about="waits for more of its kind, or for its digest",
            attempts=0,
            created_at="",
            next_at="",
            done_at=None,
            error="",
        )
        for name, count in sorted(deliveries.waiting(tx.conn).items())
        if receiver in (None, name)
    ]
