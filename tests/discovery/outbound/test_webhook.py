from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.clients.network import NetworkSettings
from connectors.secrets import SecretRef
from discovery.outbound.addresses import is_internal
from discovery.outbound.errors import DeliveryFailed
from discovery.outbound.messages import Message
from discovery.outbound.webhook import Webhook, sign
from tests.receivers import SECRET, Receiver, receiving

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MESSAGE = Message(id="msg_1", content={"type": "test"}, title="A test", text="It is one.")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def webhook(folder: Path, url: str, *, secret: str = SECRET, allow_internal: bool = True) -> Webhook:
    (folder / "url").write_text(url)
    (folder / "secret").write_text(secret)
    return Webhook(
        url=SecretRef("file", str(folder / "url")),
        secret=SecretRef("file", str(folder / "secret")),
        network=NetworkSettings(read_timeout_s=2),
        allow_internal=allow_internal,
    )


def test_a_message_arrives_signed(receiver: Receiver, tmp_path: Path) -> None:
    webhook(tmp_path, receiver.url).send(MESSAGE, NOW)

    (got,) = receiver.got
    assert got.is_signed()
    assert not got.is_signed("another-secret-of-32-characters!!")
    assert got.content == {"type": "test"}
    assert got.headers["idempotency-key"] == got.headers["webhook-id"] == "msg_1"
    assert got.headers["webhook-timestamp"] == str(int(NOW.timestamp()))


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification."""
    body = b'{"test": 2432232314}'

    signed = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, tmp_path: Path, status: int) -> None:
    with receiving() as elsewhere:
        receiver.statuses, receiver.headers = [status], {"Location": elsewhere.url}

        with pytest.raises(DeliveryFailed, match="redirects"):
            webhook(tmp_path, receiver.url).send(MESSAGE, NOW)

        assert elsewhere.got == []


@pytest.mark.parametrize(
    ("status", "header", "is_final", "wait_s"),
    [(500, "", False, None), (429, "120", False, 120.0), (410, "", True, None), (400, "", False, None)],
)
def test_a_refusal_says_whether_to_try_again(
    receiver: Receiver, tmp_path: Path, status: int, header: str, is_final: bool, wait_s: float | None
) -> None:
    receiver.statuses, receiver.headers = [status], {"Retry-After": header} if header else {}

    with pytest.raises(DeliveryFailed) as caught:
        webhook(tmp_path, receiver.url).send(MESSAGE, NOW)

    assert (caught.value.is_final, caught.value.retry_after_s) == (is_final, wait_s)


def test_a_receiver_that_hangs_is_given_up_in_time(receiver: Receiver, tmp_path: Path) -> None:
    receiver.delay_s = 6

    with pytest.raises(DeliveryFailed, match="in time"):
        webhook(tmp_path, receiver.url).send(MESSAGE, NOW)


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://[::ffff:10.0.0.1]/x",
        "https://localhost/x",
        "http://198.51.100.7/plain",
        "https://user:pass@198.51.100.7/x",
        "ftp://198.51.100.7/x",
        "https://198.51.100.7/a b",
        "not a url",
    ],
)
def test_an_address_that_must_not_be_reached_is_refused_for_good(tmp_path: Path, url: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        webhook(tmp_path, url, allow_internal=False).send(MESSAGE, NOW)

    assert caught.value.is_final
    assert url not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "internal"),
    [
        ("10.1.2.3", True),
        ("192.168.0.1", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("::ffff:127.0.0.1", True),
        ("64:ff9b::7f00:1", True),
        ("2002:7f00:1::", True),
        ("224.0.0.1", True),
        ("93.184.216.34", False),
        ("2606:2800:220:1::1", False),
        ("::ffff:93.184.216.34", False),
    ],
)
def test_internal_addresses_are_known_however_they_are_written(address: str, internal: bool) -> None:
    assert is_internal(address) is internal


@pytest.mark.parametrize("secret", ["tiny", "whsec_%%%", "whsec_c2hvcnQ="])
def test_a_weak_or_broken_secret_is_refused(secret: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        sign(secret, "msg_1", 1, b"")

    assert caught.value.is_final
    assert secret not in str(caught.value)


def test_no_error_shows_the_address(receiver: Receiver, tmp_path: Path) -> None:
    receiver.statuses = [500]

    with pytest.raises(DeliveryFailed) as caught:
        webhook(tmp_path, receiver.url).send(MESSAGE, NOW)

    assert "canary" not in repr(caught.value)
