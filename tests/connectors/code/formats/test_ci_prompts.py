"""Table tests of the files that pipelines give their agents as prompts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.code_samples import scan, write

_PROMPT = ".github/prompts/fix.md"
_STEP = """\
on: push
jobs:
  fix:
    runs-on: ubuntu-latest
    steps:
      - uses: {uses}
        with:
          {line}
"""
_RUN = "on: push\njobs:\n  fix:\n    runs-on: ubuntu-latest\n    steps:\n      - run: {line}\n"
_CLAUDE = "anthropics/claude-code-action@v1"


def _configs(folder: Path, workflow: str) -> list[tuple[str, object]]:
    files = {".github/workflows/fix.yml": workflow, _PROMPT: "# Fix it", "README.md": "# Shop"}
    found = scan(write(folder, files)).findings
    return [(item.name, item.attributes["form"]) for item in found if item.kind == "agent_config"]


@pytest.mark.parametrize(
    "workflow",
    [
        _STEP.format(uses=_CLAUDE, line=f"claude_args: --append-system-prompt-file {_PROMPT}"),
        _STEP.format(
            uses=_CLAUDE,
            line='claude_args: --system-prompt-file "${{ github.workspace }}/.own/' + _PROMPT + '"',
        ),
        _STEP.format(uses="openai/codex-action@v1", line=f"prompt-file: {_PROMPT}"),
        _RUN.format(line=f'claude -p "$(cat {_PROMPT})"'),
        _RUN.format(line=f"cat ./{_PROMPT} | claude -p"),
        _RUN.format(line=f'codex exec - < "$GITHUB_WORKSPACE/{_PROMPT}"'),
    ],
)
def test_a_file_that_a_pipeline_gives_its_agent_instructs_it(tmp_path: Path, workflow: str) -> None:
    assert _configs(tmp_path, workflow) == [(_PROMPT, "pipeline-prompt")]


@pytest.mark.parametrize(
    "workflow",
    [
        _STEP.format(uses=_CLAUDE, line="claude_args: --system-prompt-file .github/prompts/other.md"),
        _STEP.format(uses=_CLAUDE, line=f"# claude_args: --system-prompt-file {_PROMPT}"),
        _STEP.format(uses=_CLAUDE, line=f"paths: {_PROMPT}"),
        _STEP.format(uses="acme/publish@v1", line=f"prompt-file: {_PROMPT}"),
        _RUN.format(line=f'gh release create --notes "$(cat {_PROMPT})"'),
        _RUN.format(line='claude -p "$(cat README.md)"'),
        _RUN.format(line=f'claude -p "$(cat ../{_PROMPT})"'),
        _RUN.format(line='claude -p "$(cat $PLACE/made-prompt.md)"'),
    ],
)
def test_a_file_that_no_agent_is_given_instructs_none(tmp_path: Path, workflow: str) -> None:
    assert _configs(tmp_path, workflow) == []
