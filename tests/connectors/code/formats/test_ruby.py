"""Table tests of Ruby's Gemfile, its lock, gem specifications and requires."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

GEMFILE = """\
source "https://example.org"

gem "ruby-openai", "~> 7.0", ">= 7.1"
gem 'ruby_llm', github: 'acme/ruby_llm'
gem "neighbor", require: false
gem "langchainrb", path: "../langchainrb"
# gem "boxcars"
gem "torch-rb", "~> 0.17", group: :test
gem("raix", "1.0")

group :development, :test do
  gem "fast-mcp"
  if ENV["CI"]
    gem "informers"
  end
end

group :test do
  gem "onnxruntime"
end

path "engines" do
  gem "omniai"
end

gem "anthropic"
"""

ROWS = [
    ("ruby-openai", 3, {"declared": "~> 7.0, >= 7.1", "scope": "runtime", "direct": True}),
    ("ruby_llm", 4, {"declared": "from a URL"}),
    ("neighbor", 5, {"declared": None}),
    ("torch-rb", 8, {"declared": "~> 0.17", "scope": "test"}),
    ("raix", 9, {"declared": "1.0"}),
    ("fast-mcp", 12, {"scope": "dev"}),
    ("informers", 14, {"scope": "dev"}),
    ("onnxruntime", 19, {"scope": "test"}),
    ("anthropic", 26, {"scope": "runtime"}),
]


@pytest.mark.parametrize(("name", "line", "attributes"), ROWS)
def test_a_gem_is_found_with_range_and_scope(name: str, line: int, attributes: dict[str, object]) -> None:
    found = facts("Gemfile", GEMFILE)[name]

    assert found.line == line
    assert found.identifier == f"pkg:gem/{name}"
    assert {key: found.attributes.get(key) for key in attributes} == attributes


def test_a_gem_of_the_same_tree_or_in_a_comment_is_no_dependency() -> None:
    assert len(facts("Gemfile", GEMFILE)) == len(ROWS)


def test_a_specification_says_what_a_gem_needs() -> None:
    text = (
        "Gem::Specification.new do |spec|\n"
        '  spec.add_dependency "ruby_llm", "~> 1.0"\n'
        "  spec.add_development_dependency('torch-rb')\n"
        '  spec.description = "add_dependency ruby-openai"\n'
        "end\n"
    )

    found = facts("shop.gemspec", text)

    assert {name: (fact.line, fact.attributes["scope"]) for name, fact in found.items()} == {
        "ruby_llm": (2, "runtime"),
        "torch-rb": (3, "dev"),
    }


LOCK = """\
PATH
  remote: .
  specs:
    omniai (1.0.0)

GIT
  remote: https://git.example.org/x.git
  specs:
    ruby_llm (1.3.0)

GEM
  remote: https://example.org/
  specs:
    langchainrb (0.19.0)
      tiktoken_ruby (~> 0.0.9)
    tiktoken_ruby (0.0.9-x86_64-linux)

PLATFORMS
  x86_64-linux

DEPENDENCIES
  langchainrb (~> 0.19)
  ruby_llm!
"""


def test_a_lock_says_what_is_direct() -> None:
    found = facts("Gemfile.lock", LOCK)

    assert {
        name: (fact.line, fact.attributes["locked"], fact.attributes["direct"])
        for name, fact in found.items()
    } == {
        "ruby_llm": (9, "1.3.0", True),
        "langchainrb": (14, "0.19.0", True),
        "tiktoken_ruby": (16, "0.0.9-x86_64-linux", False),
    }


def test_the_gem_for_all_of_aws_brings_services_that_nobody_calls() -> None:
    text = (
        "GEM\n  remote: https://example.org/\n  specs:\n"
        "    aws-sdk-polly (1.90.0)\n    aws-sdk-rekognition (1.9.0)\n"
        "    aws-sdk-resources (3.1.0)\n\nDEPENDENCIES\n  aws-sdk-polly\n"
    )

    assert {name: fact.standing for name, fact in facts("Gemfile.lock", text).items()} == {
        "aws-sdk-polly": True,
        "aws-sdk-rekognition": False,
    }
    without_all = text.replace("    aws-sdk-resources (3.1.0)\n", "")
    assert facts("Gemfile.lock", without_all)["aws-sdk-rekognition"].standing


REQUIRES = [
    ('require "ruby_llm"\n', ["ruby_llm"]),
    ("  require 'langchain'\n", ["langchainrb"]),
    ('require "ruby_llm/mcp"\n', ["ruby_llm-mcp"]),
    ('require "ruby_llmish"\n', []),
    ('# require "ruby_llm"\n', []),
    ("puts \"require 'ruby_llm'\"\n", []),
    ('require_relative "ruby_llm"\n', []),
]


@pytest.mark.parametrize(("text", "names"), REQUIRES)
def test_only_a_real_require_counts_and_only_adds(text: str, names: list[str]) -> None:
    found = facts("app.rb", text)

    assert list(found) == names
    assert not any(fact.standing for fact in found.values())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Gemfile", "gem\n" * 1000 + "end\n" * 1000 + "gem '"),
        ("Gemfile", "group do |x|" * 10_000),
        ("Gemfile", 'gem "ruby_llm'),
        ("Gemfile", "gem " + "'a', " * 50_000),
        ("shop.gemspec", "s.add_dependency\n"),
        ("Gemfile.lock", "DEPENDENCIES\n  ruby_llm\n"),
        ("Gemfile.lock", "GEM\n    ruby_llm (\n"),
    ],
)
def test_what_is_cut_off_shows_nothing(path: str, text: str) -> None:
    assert read(path, text).facts == []


def test_a_script_may_install_its_own_gems() -> None:
    text = 'require "bundler/inline"\n\ngemfile do\n  gem "ruby_llm", "~> 1.0"\nend\n'

    found = facts("chat.rb", text)["ruby_llm"]

    assert (found.line, found.attributes["declared"], found.standing) == (4, "~> 1.0", True)


def test_a_lock_in_the_middle_of_a_merge_is_a_problem() -> None:
    assert read("Gemfile.lock", "<<<<<<< ours\n").problems
