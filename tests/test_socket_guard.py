"""The guard that keeps every test on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests import socket_guard

LOCAL = ["127.0.0.1", "127.8.8.8", "localhost", "::1", "::ffff:127.0.0.1", b"localhost"]
FOREIGN = ["10.0.0.1", "127.0.0.1.example.org", "169.254.169.254", "example.org", "fe80::1%eth0"]


@pytest.mark.parametrize("host", LOCAL)
def test_this_machine_is_local(host: object) -> None:
    assert socket_guard.is_local(host)


@pytest.mark.parametrize("host", FOREIGN)
def test_anything_else_is_not(host: str) -> None:
    assert not socket_guard.is_local(host)


def test_connection_to_another_machine_is_refused_and_kept() -> None:
    with socket.socket() as client, pytest.raises(socket_guard.NetworkForbidden):
        client.connect(("192.0.2.1", 443))

    assert socket_guard.refused == ["socket.connect 192.0.2.1"]
    socket_guard.refused.clear()


def test_look_up_of_another_name_is_refused_and_kept() -> None:
    with pytest.raises(socket_guard.NetworkForbidden):
        socket.getaddrinfo("example.org", 443)

    assert socket_guard.refused == ["socket.getaddrinfo example.org"]
    socket_guard.refused.clear()


def test_invalid_name_does_not_resolve_and_is_no_offence() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nowhere.invalid", 443)

    assert socket_guard.refused == []


def test_started_process_is_guarded_too() -> None:
    code = "import socket\ntry: socket.create_connection(('192.0.2.1', 9), 1)\nexcept RuntimeError: pass"

    subprocess.run([sys.executable, "-c", code], check=True)

    log = Path(os.environ[socket_guard.LOG_VARIABLE])
    assert "192.0.2.1" in log.read_text()
    log.unlink()


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()

        with socket.create_connection(address, 5) as client:
            assert client.getpeername() == address
