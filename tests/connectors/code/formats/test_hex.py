"""Table tests of the manifests of Elixir, Erlang and Gleam, and of Elixir's use of modules."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

MIX = """\
defmodule Shop.MixProject do
  def application, do: [extra_applications: [:logger, :openai]]

  defp deps do
    [
      {:phoenix, "~> 1.7"},
      {:langchain, "~> 0.3"},
      {:instructor, github: "acme/instructor"},
      {:bumblebee, "~> 0.6", only: [:dev, :test], runtime: false},
      {:axon, ">= 0.0.0", only: :test},
      {:my_openai, "~> 1.0", hex: :openai_ex},
      {:jido, path: "../jido"},
      {:hermes_mcp, in_umbrella: true},
      # {:req_llm, "~> 1.0"},
      {:nx,
       "~> 0.9",
       optional: true}
    ]
  end

  defp other, do: {:ollama, :up}
end
"""

ROWS = [
    ("langchain", 7, {"declared": "~> 0.3", "scope": "runtime", "direct": True}),
    ("instructor", 8, {"declared": "from a URL"}),
    ("bumblebee", 9, {"scope": "dev"}),
    ("axon", 10, {"scope": "test"}),
    ("openai_ex", 11, {"declared": "~> 1.0"}),
    ("nx", 15, {"scope": "optional"}),
]


@pytest.mark.parametrize(("name", "line", "attributes"), ROWS)
def test_a_dependency_is_found_with_range_and_scope(
    name: str, line: int, attributes: dict[str, object]
) -> None:
    found = facts("mix.exs", MIX)[name]

    assert found.line == line
    assert {key: found.attributes.get(key) for key in attributes} == attributes


def test_only_tuples_that_name_a_package_count() -> None:
    assert set(facts("mix.exs", MIX)) == {name for name, _, _ in ROWS}


def test_a_lock_names_what_is_built() -> None:
    text = (
        "%{\n"
        '  "langchain": {:hex, :langchain, "0.3.3", "abc", [:mix], [{:req, ">= 0.5.0", []}], "hexpm"},\n'
        '  "instructor": {:git, "https://git.example.org/x.git", "0123abcd", []},\n'
        '  "phoenix": {:hex, :phoenix, "1.7.0", "abc", [:mix], [], "hexpm", "def"},\n'
        "}\n"
    )

    found = facts("mix.lock", text)

    assert {name: (fact.line, fact.attributes["locked"]) for name, fact in found.items()} == {
        "langchain": (2, "0.3.3"),
        "instructor": (3, "0123abcd"),
    }


def test_erlang_and_gleam_name_packages_of_the_same_registry() -> None:
    rebar = (
        '{deps, [\n  {openai, "0.6.1"},\n  {tidewave, {git, "https://git.example.org/t", {tag, "1"}}}\n]}.\n'
    )
    gleam = '[dependencies]\nanthropic = ">= 1.0.0"\n\n[dev-dependencies]\njido = { path = "../jido" }\n'

    assert {name: fact.attributes["declared"] for name, fact in facts("rebar.config", rebar).items()} == {
        "openai": "0.6.1",
        "tidewave": "from a URL",
    }
    assert [(fact.name, fact.line) for fact in facts("gleam.toml", gleam).values()] == [("anthropic", 2)]


def test_a_notebook_of_livebook_installs_what_it_names() -> None:
    text = '# Chat\n\n```elixir\nMix.install([\n  {:bumblebee, "~> 0.6.0"},\n])\n```\n'

    assert facts("chat.livemd", text)["bumblebee"].line == 5
    assert facts("chat.exs", text)["bumblebee"].line == 5


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("  alias LangChain.Chains.LLMChain\n", ["langchain"]),
        ("  use Hermes.Server\n", ["hermes_mcp"]),
        ("    Bumblebee.load_model(x)\n", ["bumblebee"]),
        ("    alias Nx\n", ["nx"]),
        ("  # alias LangChain.Chains\n", []),
        ("  alias LangChainsaw\n", []),
        ("  alias Shop.Bumblebee.Model\n", []),
    ],
)
def test_only_a_module_itself_counts_and_only_adds(text: str, names: list[str]) -> None:
    found = [fact for fact in facts("app.ex", text).values() if fact.kind == "package"]

    assert [fact.name for fact in found] == names
    assert not any(fact.standing for fact in found)


@pytest.mark.parametrize(
    ("path", "text"),
    [("mix.lock", "hello"), ("gleam.toml", "["), ("mix.lock", "<<<<<<< a\n%{}")],
)
def test_a_malformed_file_is_a_problem(path: str, text: str) -> None:
    assert read(path, text).problems


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mix.exs", "{:langchain, " * 20_000),
        ("mix.exs", '{:langchain, "'),
        ("mix.exs", "{" * 100_000),
        ("rebar.config", "{openai, " * 20_000),
        ("mix.lock", '%{\n  "langchain": {:hex, :langchain\n'),
        ("gleam.toml", "dependencies = 3\n"),
    ],
)
def test_what_is_cut_off_shows_nothing(path: str, text: str) -> None:
    assert read(path, text).facts == []
