"""Rows of the catalogue about what stands in code and pipelines besides packages and models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from connectors.model import Json, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBase:
    """A place at which an AI client is told which address to call.

    ``needs``: one of these stands in the same file. ``under``: one of these words stands in a key above.
    ``before``: the address stands in front of the literal, which is a path of an API of models. ``unless``:
    with this text between literal and address it is another thing's.
    """

    name: str
    provider: str
    literal: str
    pattern: str
    example: str
    not_example: str
    needs: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    before: bool = False
    unless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseVariable:
    """The front of variables that hold the address of an AI service: ``VLLM`` of ``VLLM_BASE_URL``.

    ``is_server``: of what one runs oneself, so that the plain endings (``VLLM_URL``) count too; those of a
    vendor's name may be the address of its pages. ``unless``: of another's address, who is called the same.
    """

    name: str
    provider: str
    is_server: bool = False
    unless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConstant:
    """The front of an SDK's constants that stand for model ids; ``keep``: what of it belongs to the name."""

    literal: str
    example: str
    model: str
    keep: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """Models that their vendor retired on a day (ISO date), with the page that says so."""

    on: str
    models: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowMark:
    """What the byte search looks for to find a tool's export of flows."""

    name: Literal["n8n", "dify", "flowise", "langflow", "autogen-studio", "m365"]
    literal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Construct:
    """A thing that code builds with a library: what the byte search looks for, the proof, and the call.

    ``needs``: one of these stands in the same file. The pattern's group ``name`` (or ``other``) is the
    thing's own name, ``variable`` what it is assigned to, ``library`` what a Go import must bind. ``module``:
    the import's top, where a repository could have a folder of that name. ``settings_of``: the row whose
    things this one only configures.
    """

    name: str
    provider: str
    language: str
    literal: str
    pattern: str
    example: str
    not_example: str
    needs: tuple[str, ...] = ()
    module: str = ""
    kind: Literal["", "agent", "workflow"] = ""
    settings_of: str = ""

    @property
    def proof(self) -> dict[str, Json]:
        """Return the attribute by which a tree's own module of that name is told apart."""
        return {"module": self.module} if self.module else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class CiAction:
    """What a pipeline's step names to run an AI tool: an action, reusable workflow or task."""

    name: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CiCommand:
    """A program that a pipeline's script calls (any of ``words``), and the calls that use it."""

    name: str
    provider: str
    words: tuple[str, ...]
    pattern: str
    example: str
    not_example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CiInput:
    """An input (lower case, underscores) by which a step hands a provider's key to an action."""

    name: str
    provider: str
    pattern: str
    example: str
    not_example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """The name of a variable that holds a provider's credential; ``needs``: one of these stands beside it."""

    name: str
    provider: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRule:
    """What folder and file names say about the role of what lies there.

    ``with_tests``: names of folders that count only when they hold a file that is a test by its own name.
    """

    role: Role
    folders: tuple[str, ...]
    files: tuple[str, ...]
    with_tests: tuple[str, ...] = ()
