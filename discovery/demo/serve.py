"""Run any command of aicensus on the example estate, with its vendors served on this machine.

``run(["scan"])`` starts the recorded AWS account and OpenAI organisation on loopback, writes a
configuration that points at them and at ``examples/acme``, and calls the command line in this process.
Inventory and configuration stay in ``.aicensus`` under the current folder, so that the next command finds
them. No credential of the user is read: the variables that lead to one are set to the demo's own.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(".aicensus")
"""Where the demo keeps its inventory and configuration, relative to the current folder."""

ESTATE = Path(__file__).resolve().parent.parent.parent / "examples" / "acme"
_HERE = ("127.0.0.1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendors:
    """The served vendors: their addresses, and the variables under which any client finds them."""

    aws_url: str
    openai_url: str
    openai_key: str

    def environ(self) -> dict[str, str]:
        """Return the variables to set; they also hide every credential of the user."""
        return {
            "AWS_ACCESS_KEY_ID": "AKIADEMOACMERETAIL00",
            "AWS_SECRET_ACCESS_KEY": "served-on-loopback",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_REGION": "eu-west-1",
            "OPENAI_ADMIN_KEY": self.openai_key,
            "OPENAI_BASE_URL": self.openai_url,
            "NO_PROXY": ",".join(_HERE),
            "no_proxy": ",".join(_HERE),
        }


HIDDEN = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
"""Variables that would lead to an account of the user's; unset while the demo runs."""


@contextmanager
def vendors() -> Iterator[Vendors]:
    """Serve the example's vendors on loopback until the block ends."""
    from discovery.demo.aws import AwsFake
    from discovery.demo.openai import OpenAIFake, Org

    with ExitStack() as running:
        aws = AwsFake()
        running.callback(aws.stop)
        org = Org.example()
        openai = OpenAIFake(org)
        running.callback(openai.stop)
        yield Vendors(aws_url=aws.start(), openai_url=openai.start(), openai_key=org.admin_key)


def write_config(folder: Path, served: Vendors, estate: Path = ESTATE) -> Path:
    """Write the example's configuration with this run's addresses and return its path.

    ``folder`` is created for this user only (mode 0700).
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = (estate / "aicensus.toml").read_text(encoding="utf-8")
    text = _put(text, 'targets = ["."]', f"targets = [{_quoted(estate)}]")
    text = _put(
        text,
        "[connectors.openai.main]\n",
        f"[connectors.openai.main]\nbase_url = {_quoted(served.openai_url)}\n",
    )
    store = f"[store]\nurl = {_quoted('sqlite:///' + (folder / 'acme.db').absolute().as_posix())}\n\n"
    path = folder / "acme.toml"
    path.write_text(store + text, encoding="utf-8")
    return path


def run(argv: Sequence[str], estate: Path = ESTATE) -> int:
    """Run one command on the example estate and return its exit code; without a command, ``scan``.

    ``serve`` is the demo's own: it serves the vendors until Ctrl-C and prints the variables to set.
    """
    arguments = list(argv) or ["scan"]
    if not estate.is_dir():
        print(
            "The example estate is only in the repository: clone it and run `make scan` there.",
            file=sys.stderr,
        )
        return 2
    with vendors() as served:
        config = write_config(FOLDER, served, estate)
        if arguments == ["serve"]:
            return _serve(served, config)
        with environment({**served.environ(), "AICENSUS_CONFIG": str(config)}):
            from discovery.cli import main

            code = main(arguments)
    if arguments[0] == "scan":
        _say_how_to_go_on(config)
    return code


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables and hide :data:`HIDDEN` until the block ends."""
    before = {name: os.environ.get(name) for name in (*variables, *HIDDEN)}
    os.environ.update(variables)
    for name in HIDDEN:
        os.environ.pop(name, None)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _serve(served: Vendors, config: Path) -> int:
    for name, value in {**served.environ(), "AICENSUS_CONFIG": str(config.absolute())}.items():
        print(f"export {name}={value}")
    print("# serving until Ctrl-C", file=sys.stderr, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    return 0


def _say_how_to_go_on(config: Path) -> None:
    lines = (
        "\nThat was the example estate. To type these commands as they stand:",
        f'  export AICENSUS_CONFIG={config} PATH="$PWD/.venv/bin:$PATH"',
    )
    print("\n".join(lines), file=sys.stderr)


def _put(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"the example's configuration must hold {old!r} exactly once")
    return text.replace(old, new)


def _quoted(value: object) -> str:
    text = value.as_posix() if isinstance(value, Path) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
