"""The parts of README.md and docs/ that are written from the code: ``make docs`` renews, a test compares."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from connectors import registry
from connectors.contract import ConnectorInfo
from connectors.kinds import KINDS
from discovery.demo import serve

ROOT = Path(__file__).resolve().parent.parent
_SHOWN = 5
_BLOCK = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def connectors_table() -> str:
    """Write one row for each connector."""
    rows = [
        f"| `{info.name}` | {info.title} | {_kinds(info)} | {_install(info)} | {len(info.operations)} |"
        for info in registry.all_infos()
    ]
    head = "| connector | reads | finds | install | operations it may call |\n|---|---|---|---|---|"
    return "\n".join([head, *rows])


def _kinds(info: ConnectorInfo) -> str:
    """Name the first kinds that can be a system on their own, and how many there are besides."""
    shown = [kind.name for kind in KINDS.values() if kind.stands_alone and kind.name in info.kinds][:_SHOWN]
    rest = len(info.kinds) - len(shown)
    return ", ".join(f"`{name}`" for name in shown) + (f" and {rest} more kinds" if rest else "")


def _install(info: ConnectorInfo) -> str:
    return f"`aicensus[{info.extra}]`" if info.extra else "`aicensus`"


def kinds_table() -> str:
    """Write one row for each kind, in the order of the list."""
    rows = [
        f"| `{kind.name}` | {kind.definition} | {'yes' if kind.stands_alone else 'no'} |"
        for kind in KINDS.values()
    ]
    return "\n".join(["| kind | what it is | can be a system on its own |\n|---|---|---|", *rows])


def aws_policy() -> str:
    """Write the smallest IAM policy that lets the AWS connector read, as the command prints it."""
    printed = subprocess.run(
        [sys.executable, "-m", "discovery", "connectors", "permissions", "aws", "--format", "iam"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return f"```json\n{printed.stdout.strip()}\n```"


def openai_operations() -> str:
    """Write every request the OpenAI connector may send, and the right it needs."""
    operations = sorted(
        {(one.path, one.method, one.permission) for one in registry.info("openai").operations}
    )
    rows = [f"| `{method} {path}` | {permission} |" for path, method, permission in operations]
    return "\n".join(["| request | right |\n|---|---|", *rows])


def picture() -> str:
    """Write what ``make scan`` prints for the example estate, without the time it took.

    One worker, so that things of the same name always come in the same order; ids are numbered, for they
    are new in every inventory.
    """
    with tempfile.TemporaryDirectory() as folder, serve.vendors() as served:
        config = serve.write_config(Path(folder), served)
        text = re.sub(r"workers = \d+", "workers = 1", config.read_text(encoding="utf-8"))
        config.write_text(text, encoding="utf-8")
        shown = {"AICENSUS_CONFIG": str(config), "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1"}
        scanned = subprocess.run(
            [sys.executable, "-m", "discovery", "scan", "--no-progress"],
            cwd=ROOT,
            env={**os.environ, **served.environ(), **shown},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
    text = re.sub(r"(requests?), [0-9hms. ]+\.\n", r"\1.\n", scanned.stdout)
    lines = (line.rstrip() for line in _with_numbered_ids(text).strip("\n").splitlines())
    return "```text\n" + "\n".join(lines) + "\n```"


def _with_numbered_ids(text: str) -> str:
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        shown = match["hex"]
        order = numbers.setdefault(shown[:16], len(numbers) + 1)
        return (
            "sys_" + f"0199a7c4e5b0{order:04x}"[: len(shown)] + "7c1de2f30a4b5c6d"[: max(0, len(shown) - 16)]
        )

    return re.sub(r"sys_(?P<hex>[0-9a-f]{6,32})", number, text)


GENERATORS: dict[str, Callable[[], str]] = {
    "picture": picture,
    "connectors": connectors_table,
    "kinds": kinds_table,
    "aws-policy": aws_policy,
    "openai-operations": openai_operations,
}


def pages() -> list[Path]:
    """Return every page of documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def renewed(text: str) -> str:
    """Return a page with its generated parts written anew."""

    def write(match: re.Match[str]) -> str:
        generate = GENERATORS.get(match["name"])
        return f"{match[1]}{generate()}\n{match[3]}" if generate else match[0]

    return _BLOCK.sub(write, text)


def main() -> int:
    """Renew every page; say which changed."""
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = renewed(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(f"renewed {page.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
