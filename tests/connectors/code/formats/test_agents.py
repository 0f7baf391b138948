from __future__ import annotations

import pytest

from tests.code_samples import read


@pytest.mark.parametrize(
    ("path", "text", "vendor"),
    [
        ("AGENTS.md", "Do.", "agents.md"),
        ("a/b/CLAUDE.md", "Do.", "anthropic"),
        (".cursor/rules/deep/one.mdc", "Do.", "cursor"),
        ("x/.github/copilot-instructions.md", "Do.", "github"),
        ("skills/pdf/SKILL.md", "Do.", "anthropic"),
        (".gemini/skills/pdf/SKILL.md", "Do.", "google"),
        (".codex/skills/pdf/SKILL.md", "Do.", "openai"),
        (".cursor/skills/pdf/SKILL.md", "Do.", "cursor"),
        (".opencode/skills/pdf/SKILL.md", "Do.", "opencode"),
        (".mcp.json", '{"mcpServers": {}}', "mcp"),
        ("langgraph.json", '{"graphs": {}}', "langchain"),
        ("config/agents.yaml", "writer:\n  role: x\n  goal: y\n", "crewai"),
        ("Modelfile", "FROM llama3\n", "ollama"),
        ("config/tasks.yaml", "t:\n  description: x\n  expected_output: y\n  agent: z\n", "crewai"),
        (".claude/agents/review/deep.md", "Do.", "anthropic"),
        (".claude/hooks/check.py", "print()", "anthropic"),
        (".clinerules/a.md", "Do.", "cline"),
        (".roo/rules-code/a.md", "Do.", "roo"),
        (".junie/guidelines.md", "Do.", "jetbrains"),
        (".kiro/steering/tech.md", "Do.", "aws"),
        (".amazonq/rules/a.md", "Do.", "aws"),
        (".aider.conf.yml", "model: x", "aider"),
        (".codex/config.toml", "model = 'x'", "openai"),
        (".codex-plugin/plugin.json", "{}", "openai"),
        (".claude-plugin/plugin.json", "{}", "anthropic"),
        (".cursor-plugin/plugin.json", "{}", "cursor"),
        (".openhands/microagents/repo.md", "Do.", "openhands"),
        (".gemini/commands/a/b.toml", "prompt = 'x'", "google"),
        (".coderabbit.yaml", "reviews: {}", "coderabbit"),
        (".opencode/agent/a.md", "Do.", "opencode"),
        (".github/chatmodes/a.chatmode.md", "Do.", "github"),
        (".cursorignore", "*.env", "cursor"),
        (".aiexclude", "*.env", "google"),
        ("CODEBUDDY.md", "Do.", "tencent"),
        (".specify/memory/constitution.md", "Do.", "github"),
        (".serena/project.yml", "languages: [go]", "oraios"),
        (".vibe/config.toml", "x = 1", "mistral"),
        ("agents.yaml", "agents:\n  a:\n    instructions: Do.\n    model: {name: x}\n", "agents"),
        ("agents.yml", "agents:\n- name: a\n  system_prompt: Do.\n  tools: [x]\n", "agents"),
        ("agents.yaml", "agents:\n- name: a\n  instruction: Do.\n  server_names: [files]\n", "agents"),
        ("x/agents/a.yaml", "name: a\ninstructions: Do.\ndescription: x\n", "agents"),
        ("agents/deep.yml", "name: a\ndescription: x\nsub_agents:\n- b\n", "agents"),
        ("root_agent.yaml", "agent_class: LlmAgent\nname: a\nmodel: x\ninstruction: Do.\n", "agents"),
        ("support.agent.yaml", "name: a\ninstructions: Do.\nmodel: {id: x}\n", "agents"),
        ("sales.geniespace.json", '{"version": 2, "data_sources": {}}', "databricks"),
    ],
)
def test_an_agent_file_is_known_by_name_and_form(path: str, text: str, vendor: str) -> None:
    found = [fact for name, fact in read(path, text) if name == "agent-file"]

    assert [(fact.kind, fact.provider) for fact in found] == [("agent_config", vendor)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("agents.yaml", "travel:\n  office: Rome\n"),
        ("agents.yaml", "- a\n- b\n"),
        ("agents.yaml", "agents:\n  queue: linux\n  instructions: x\n"),
        ("agents.yaml", "agents:\n- name: a\n  server_names: [db]\n"),
        ("agents.yaml", "agents:\n  a: {instructions: Do., model: x}\n  b: {host: h}\n"),
        ("agents/a.yaml", "name: a\nhost: h\n"),
        ("agents/a.yaml", "name: a\ninstructions: Take the lift.\n"),
        ("agents/a.yaml", "instructions: Do.\nmodel: x\n"),
        ("agents/a.yaml", "name: a\ninstructions: ''\nmodel: x\n"),
        ("agents/a.yaml", "name: a\nsub_agents: []\ndescription: x\n"),
        ("config/a.yaml", "name: a\ninstructions: Do.\nmodel: x\n"),
        ("sales.geniespace.json", "{}"),
        ("langgraph.json", "{}"),
        ("AGENTS.md", "  \n"),
        ("my-agents.md", "Do."),
        ("Modelfile", "hello\n"),
    ],
)
def test_a_common_name_alone_is_not_enough(path: str, text: str) -> None:
    assert read(path, text).facts == []


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
        ),
        "[" * 3000,
        "a: [\n",
        "a: !!python/object/apply:os.system ['true']\n  b: c\n",
    ],
)
def test_hostile_yaml_is_a_problem_and_no_more(text: str) -> None:
    found = read("agents.yaml", text)

    assert found.facts == []
    assert [name for name, _ in found.problems] == ["agent-file"]
