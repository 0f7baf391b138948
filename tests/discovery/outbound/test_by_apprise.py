from __future__ import annotations

from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from connectors.secrets import SecretRef
from discovery.outbound.by_apprise import ByApprise
from discovery.outbound.errors import DeliveryFailed
from discovery.outbound.messages import Message
from tests.receivers import receiving

# The library imports what the standard library will drop, where it does not need it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
if find_spec("apprise") is None:
    pytest.skip("the extra `notify` is not installed", allow_module_level=True)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MESSAGE = Message(id="msg_1", content={"type": "test"}, title="A test", text="It is one.")


def by_apprise(folder: Path, url: str, *, allow_internal: bool = True) -> ByApprise:
    (folder / "url").write_text(url)
    return ByApprise(url=SecretRef("file", str(folder / "url")), allow_internal=allow_internal)


def test_a_message_arrives_in_words(tmp_path: Path) -> None:
    with receiving() as receiver:
        url = receiver.url.replace("http://", "json://").partition("?")[0]
        by_apprise(tmp_path, url).send(MESSAGE, NOW)

    (got,) = receiver.got
    assert (got.content["title"], got.content["message"]) == ("A test", "It is one.")


@pytest.mark.parametrize("status", [500, 302])
def test_a_refusal_and_a_redirect_are_failures(tmp_path: Path, status: int) -> None:
    with receiving() as receiver, receiving() as elsewhere:
        receiver.statuses, receiver.headers = [status], {"Location": elsewhere.url}
        url = receiver.url.replace("http://", "json://").partition("?")[0] + "?redirect=yes"

        with pytest.raises(DeliveryFailed, match="could not deliver"):
            by_apprise(tmp_path, url).send(MESSAGE, NOW)

    assert elsewhere.got == []


def test_an_internal_address_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    with receiving() as receiver:
        url = receiver.url.replace("http://", "json://").partition("?")[0]

        with pytest.raises(DeliveryFailed, match="internal"):
            by_apprise(tmp_path, url, allow_internal=False).send(MESSAGE, NOW)

    assert receiver.got == []


def test_an_unknown_kind_of_address_is_given_up_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(DeliveryFailed, match="does not know") as caught:
        by_apprise(tmp_path, "carrier-pigeon://canary").send(MESSAGE, NOW)

    assert caught.value.is_final
    assert "canary" not in str(caught.value)
