from __future__ import annotations

import pytest

from tests.code_samples import facts, read

WORKFLOW = ".github/workflows/review.yml"


def steps(path: str, text: str) -> list[tuple[str, int]]:
    return [(fact.name, fact.line) for fact in facts(path, text).values() if fact.kind == "ci_step"]


FOUND = [
    (
        WORKFLOW,
        "jobs:\n  a:\n    steps:\n      - uses: anthropics/claude-code-action@v1\n",
        "anthropics/claude-code-action",
        4,
    ),
    (
        WORKFLOW,
        '      - name: x\n        uses: "Anthropics/Claude-Code-Action@beta"\n',
        "Anthropics/Claude-Code-Action",
        2,
    ),
    (
        WORKFLOW,
        "jobs:\n  a:\n    uses: All-Hands-AI/OpenHands/.github/workflows/r.yml@main\n",
        "All-Hands-AI/OpenHands/.github/workflows/r.yml",
        3,
    ),
    ("tools/action.yml", "runs:\n  steps:\n    - uses: openai/codex-action@v1\n", "openai/codex-action", 3),
    (
        WORKFLOW,
        "      - name: Review\n        if: true\n        uses: acme/Reviewer@v1\n        with:\n"
        "          debug: 1\n          openai-api-key: ${{ secrets.K }}\n",
        "acme/Reviewer",
        3,
    ),
    (
        WORKFLOW,
        "      - with:\n          ANTHROPIC_API_KEY: ${{ secrets.K }}\n        uses: acme/reviewer/sub@v1\n",
        "acme/reviewer/sub",
        3,
    ),
    (WORKFLOW, "      - run: claude -p 'review this'\n", "claude", 1),
    (
        WORKFLOW,
        "      - run: |\n          npm ci\n          if true; then\n            npx promptfoo@latest eval\n",
        "promptfoo",
        4,
    ),
    (WORKFLOW, "      - run: KEY=${{ secrets.K }} codex exec --json x\n", "codex", 1),
    (WORKFLOW, "      - run: |\n          OUT=$(gemini -p 'x')\n", "gemini", 2),
    (
        WORKFLOW,
        "      - run: curl -s https://api.openai.com/v1/chat/completions -d @x\n",
        "call to api.openai.com",
        1,
    ),
    (
        WORKFLOW,
        "      - run: echo '{}' | curl -s https://api.openai.com/v1/x -d @-\n",
        "call to api.openai.com",
        1,
    ),
    (
        WORKFLOW,
        "      - run: OUT=$(curl -s https://api.openai.com/v1/models)\n",
        "call to api.openai.com",
        1,
    ),
    (
        ".gitlab-ci.yml",
        "review:\n  script:\n    - pip install aider-chat\n    - aider --yes --message fix\n",
        "aider",
        4,
    ),
    (".circleci/config.yml", "orbs:\n  evals: circleci/evals@2.0.0\n", "circleci/evals", 2),
    (".circleci/config.yml", "    steps:\n      - run: ollama pull llama3.2\n", "ollama", 2),
    (
        ".circleci/config.yml",
        "    steps:\n      - run:\n          name: x\n          command: ollama serve &\n",
        "ollama",
        4,
    ),
    ("azure-pipelines.yml", "steps:\n- script: az ml job create -f job.yml\n", "az-ml", 2),
    (
        "Jenkinsfile",
        "stage('x') {\n  steps {\n    sh 'gh models eval a.prompt.yml'\n  }\n}\n",
        "gh-models",
        3,
    ),
    (
        "bitbucket-pipelines.yml",
        "pipelines:\n  default:\n    - step:\n        script:\n          - crewai run\n",
        "crewai",
        5,
    ),
    (
        ".pre-commit-config.yaml",
        "repos:\n- repo: local\n  hooks:\n  - id: x\n    entry: claude -p 'check'\n",
        "claude",
        5,
    ),
]


@pytest.mark.parametrize(("path", "text", "name", "line"), FOUND)
def test_a_step_that_uses_ai_is_found(path: str, text: str, name: str, line: int) -> None:
    assert steps(path, text) == [(name, line)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (WORKFLOW, "      - uses: actions/checkout@v4\n"),
        (WORKFLOW, "      # - uses: anthropics/claude-code-action@v1\n"),
        (WORKFLOW, "      - name: claude -p runs here\n        run: make\n"),
        (WORKFLOW, "      - run: echo 'claude -p x'\n"),
        (WORKFLOW, "      - run: claude --version\n"),
        (
            WORKFLOW,
            "      - run: |\n          cat > notes.md << 'N'\n          ollama serve &\n          N\n",
        ),
        (WORKFLOW, "      - run: |\n          if curl -sf http://localhost:11434/api/tags; then\n"),
        (WORKFLOW, '      - run: |\n          echo "URL=https://api.openai.com/v1" >> $GITHUB_ENV\n'),
        (WORKFLOW, "      - run: |\n          export OPENAI_BASE_URL=https://api.openai.com/v1\n"),
        (WORKFLOW, "      - run: |\n          OPENAI_BASE_URL='https://api.openai.com/v1'\n"),
        (".gitlab-ci.yml", "x:\n  script:\n    - printf 'see https://api.openai.com/v1'\n"),
        (WORKFLOW, "        with:\n          prompt: |\n            claude -p is a command\n"),
        (
            WORKFLOW,
            "      - run: pytest\n        env:\n          OPENAI_API_KEY: ${{ secrets.OPENAI_API_KEY }}\n",
        ),
        (WORKFLOW, "      - uses: someone/anthropics@v1\n"),
        (WORKFLOW, "      - uses: acme/x@v1\n        env:\n          OPENAI_API_KEY: ${{ secrets.K }}\n"),
        (WORKFLOW, "      - uses: ./review\n        with:\n          openai_api_key: ${{ secrets.K }}\n"),
        (WORKFLOW, "    uses: acme/x/w.yml@v1\n    secrets:\n      OPENAI_API_KEY: ${{ secrets.K }}\n"),
        (
            WORKFLOW,
            "      - uses: acme/push@v1\n        with:\n          build-args: |\n"
            "            OPENAI_API_KEY: x\n          token: ${{ secrets.T }}\n",
        ),
        (
            WORKFLOW,
            "      - uses: acme/first@v1\n      - run: make\n        with:\n          openai_api_key: x\n"
            "      - uses: acme/next@v1\n",
        ),
        (WORKFLOW, "      - uses: acme/x@v1\n        with:\n          model: x\n          data_model: y\n"),
        (WORKFLOW, "      - uses: acme/x@v1\n        with:\n          ai_search_key: ${{ secrets.K }}\n"),
        (
            WORKFLOW,
            "      - uses: acme/x@v1\n        with:\n          ai_model: ''\n          llm_model: #\n",
        ),
        (WORKFLOW, "      - uses: acme/x@v1\n        env:\n          LLM_MODEL: ${{ vars.MODEL }}\n"),
        (WORKFLOW, "    strategy:\n      matrix:\n        ai_model: [a]\n    uses: acme/x/w.yml@v1\n"),
        (WORKFLOW, "      - run: az cognitiveservices usage list --location x\n"),
        (WORKFLOW, "      - run: curl https://acme.search.windows.net/indexes/x\n"),
        (WORKFLOW, "      - run: cr index\n      - run: cr --version\n"),
        ("workflows/review.yml", "      - uses: anthropics/claude-code-action@v1\n"),
        (".gitlab-ci.yml", "x:\n  script:\n    - curl https://example.org\n"),
    ],
)
def test_other_steps_are_not(path: str, text: str) -> None:
    assert steps(path, text) == []


@pytest.mark.parametrize(
    ("given", "provider"),
    [
        ("llm_api_key: ${{ secrets.K }}", "acme"),
        ("ai_api_key: ${{ secrets.K }}", "acme"),
        ("AI_FALLBACK_API_KEY: ${{ secrets.K }}", "acme"),
        ("ai_model: ${{ vars.MODEL }}", "acme"),
        ("llm-model: 'some-model'", "acme"),
        ("openai_model: x", "openai"),
        ("claude-model: x", "anthropic"),
    ],
)
def test_an_action_given_any_models_key_or_a_model_is_told_by_it_or_by_its_owner(
    given: str, provider: str
) -> None:
    text = f"      - uses: Acme/reviewer@v1\n        with:\n          {given}\n"

    assert [fact.provider for fact in facts(WORKFLOW, text).values() if fact.kind == "ci_step"] == [provider]


def test_a_step_used_twice_is_one_fact_at_its_first_line() -> None:
    text = "      - uses: actions/ai-inference@v1\n" * 3

    assert [fact.line for _, fact in read(WORKFLOW, text) if fact.kind == "ci_step"] == [1]


@pytest.mark.parametrize("text", ["", "\0" * 1000, "run: " + "(" * 100_000, "- " * 50_000, "a:\n" * 30_000])
def test_garbage_is_read_without_a_problem(text: str) -> None:
    found = read(WORKFLOW, text)

    assert (found.facts, found.problems) == ([], [])
