from __future__ import annotations

import pytest

from tests.code_samples import facts, read

BUILT = [
    ("a.py", "from crewai import Agent\n\nx = Agent(\n    role='Researcher',\n    goal='g')\n", "Researcher"),
    ("a.py", "from crewai import Agent\nreturn Agent(config=self.agents_config['writer'])\n", "writer"),
    ("a.py", "from agents import Agent, Runner\ntriage = Agent(name='Triage', tools=[])\n", "Triage"),
    ("a.py", "from agents import Agent, Runner\nx: Agent = Agent[Ctx](name='T')\n", "T"),
    ("a.py", "from pydantic_ai import Agent\nbank = Agent('openai:gpt-4o')\n", "bank"),
    (
        "a.py",
        "from google.adk.agents import LlmAgent\nroot = LlmAgent(model=M, name='root_agent')\n",
        "root_agent",
    ),
    ("a.py", "from strands import Agent\nsums = Agent(tools=[calculator])\n", "sums"),
    ("a.py", "from smolagents import CodeAgent\nself._agent2 = CodeAgent(tools=[], model=m)\n", ""),
    ("a.py", "from agno.agent import Agent\na = Agent(name='Web')\n", "Web"),
    ("a.py", "from autogen_agentchat.agents import AssistantAgent\na = AssistantAgent('writer')\n", "writer"),
    ("a.py", "from autogen import ConversableAgent\na = ConversableAgent(name='joe')\n", "joe"),
    (
        "a.py",
        "from langgraph.prebuilt import create_react_agent\nagent = create_react_agent(llm, [])\n",
        "",
    ),
    (
        "a.py",
        'from agents import Agent, Runner\nNAME = "Tri age"\nx = Agent(\n  tools=[],\n  name=NAME,\n)\n',
        "Tri age",
    ),
    ("a.py", "from agents import Agent, Runner\nx = Agent(name=TriageAgent.NAME)\n", "TriageAgent"),
    ("a.py", "from agents import Agent, Runner\nx = Agent(name=Constants.NAME)\n", "x"),
    ("a.py", 'from agents import Agent, Runner\ndef f(name: str = "no"):\n    x = Agent(name=name)\n', "x"),
    ("a.py", 'from agents import Agent, Runner\nx = Agent(name=f"claim-{who()}-agent")\n', "claim-*-agent"),
    ("a.py", 'from agents import Agent, Runner\nx = Agent(name=f"{prefix}-{tenant}")\n', "x"),
    (
        "a.ts",
        "import { Agent } from '@openai/agents';\nconst a = new Agent({ name: `Tutor ${subject}` });",
        "Tutor *",
    ),
    ("a.py", "from agents import Agent, Runner\nagent_definition = Agent(name=_name)\n", ""),
    (
        "a.cs",
        "using Microsoft.Agents.AI;\nreturn c.CreateAIAgent(\n name: StockAgentService.AgentName);",
        "StockAgent",
    ),
    (
        "A.java",
        "import com.google.adk.agents.LlmAgent;\nLlmAgent.builder()\n  .name(RootAgent.NAME)",
        "RootAgent",
    ),
    ("a.py", "from llama_index.core.agent.workflow import FunctionAgent\na = FunctionAgent(name='W')\n", "W"),
    (
        "a.py",
        "from semantic_kernel.agents import ChatCompletionAgent\na = ChatCompletionAgent(name='H')\n",
        "H",
    ),
    ("a.py", "from agent_framework import ChatAgent\na = ChatAgent(chat_client=c, name='J')\n", "J"),
    (
        "a.ts",
        "import { Agent } from '@mastra/core/agent';\nexport const w = new Agent({\n  name: 'Weather',\n});",
        "Weather",
    ),
    ("a.ts", "import { Agent } from '@openai/agents';\nconst a = new Agent({ name: 'Tutor' });", "Tutor"),
    (
        "a.py",
        "from llama_index.agent.openai import OpenAIAgent\nhelper: Base = OpenAIAgent.from_tools(t)\n",
        "helper",
    ),
    ("a.ts", "import { ToolLoopAgent } from 'ai';\nconst helper = new ToolLoopAgent({ model });", "helper"),
    ("a.cs", 'using Microsoft.Agents.AI;\nAIAgent a = c.CreateAIAgent(name: "Joker");', "Joker"),
    (
        "a.go",
        'import "google.golang.org/adk/agent/llmagent"\nx := llmagent.New(llmagent.Config{Name: "r"})',
        "r",
    ),
    ("A.java", 'import com.google.adk.agents.LlmAgent;\nLlmAgent.builder()\n  .name("root")', "root"),
]


@pytest.mark.parametrize(("path", "text", "name"), BUILT)
def test_an_agent_built_in_code_is_found_with_its_name(path: str, text: str, name: str) -> None:
    found = [fact for fact in facts(path, text).values() if fact.kind == "agent"]

    assert [fact.name for fact in found] == [name]


def test_a_graph_is_a_workflow() -> None:
    text = "from langgraph.graph import StateGraph\nclaims = StateGraph(State)\n"

    found = [fact for _, fact in read("a.py", text) if fact.kind in ("agent", "workflow")]

    assert [(fact.kind, fact.name, fact.line) for fact in found] == [("workflow", "claims", 2)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "from crewai import Agent\n"),
        ("a.py", "from actors import Agent\na = Agent(name='x', role='y')\n"),
        ("a.py", "from agents import Agent\na = Agent(name='x')\n"),
        ("a.js", "const https = require('https');\nconst a = new https.Agent({ name: 'x' });"),
        ("a.js", "import { Agent } from 'undici';\nconst a = new Agent({ name: 'x' });"),
        ("a.py", "from pydantic_ai import Agent\nx = UserAgent('y')\n"),
        ("a.md", "from crewai import Agent\nAgent(role='x')"),
    ],
)
def test_other_agents_are_not(path: str, text: str) -> None:
    assert [fact.name for _, fact in read(path, text) if fact.kind == "agent"] == []


CLAUDE = "from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient, query\n"


@pytest.mark.parametrize(
    ("text", "agents"),
    [
        ("options = ClaudeAgentOptions(model=M)\ndesk = ClaudeSDKClient(options=options)\n", {"desk"}),
        ("client = ClaudeSDKClient(\n    options=ClaudeAgentOptions(model=M),\n)\n", {""}),
        ("o = ClaudeAgentOptions()\nasync for m in query(prompt=p, options=o):\n    pass\n", {""}),
        ("def made():\n    return ClaudeAgentOptions(model=M)\n", {""}),
    ],
)
def test_the_settings_of_an_agent_are_no_second_agent(text: str, agents: set[str]) -> None:
    found = [fact for _, fact in read("a.py", CLAUDE + text) if fact.kind == "agent"]

    assert {fact.name for fact in found} == agents
    assert len({fact.identifier for fact in found}) == 1
    assert any("ClaudeAgentOptions" in (CLAUDE + text).split("\n")[fact.line - 1] for fact in found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "a.py",
            "from langchain.agents import create_agent as made\ndef create_agent(self, tools):\n    pass\n",
        ),
        ("a.py", "from azure.ai.agents import AgentsClient\nawait self.create_agent()\n"),
        ("a.ts", "import { tool } from 'langchain';\nthis.executor = this.createAgent();\n"),
        ("a.ts", "import { tool } from 'langchain';\nclass A {\n  createAgent() { return 1; }\n}\n"),
        ("a.py", "from agno.agent import Agent\nTEXT = (\n    \"a = Agent(name='Shown')\\n\"\n)\n"),
    ],
)
def test_a_function_of_that_name_and_a_text_build_no_agent(path: str, text: str) -> None:
    assert [fact.name for _, fact in read(path, text) if fact.kind == "agent"] == []


def test_an_agent_of_azure_is_called_by_its_name() -> None:
    text = (
        "from azure.ai.agents import AgentsClient\nself.agent = client.create_agent(name='Clerk', model=m)\n"
    )

    assert [fact.name for _, fact in read("a.py", text) if fact.kind == "agent"] == ["Clerk"]


@pytest.mark.parametrize(
    ("rest", "name"),
    [
        ('graph = builder.compile()\ngraph.name = "Research"\n', "Research"),
        ("graph = builder.compile(\n    saver,\n    name='Research',\n)\n", "Research"),
        ("graph = builder.compile()\n", ""),
        ('graph = builder.compile()\ngraph.name = "A"\ng = StateGraph(S)\n', ""),
    ],
)
def test_a_graph_is_called_as_it_is_compiled(rest: str, name: str) -> None:
    text = f"from langgraph.graph import StateGraph\nbuilder = StateGraph(S)\n{rest}"

    found = [fact for fact in facts("a.py", text).values() if fact.kind == "workflow"]

    assert {fact.name for fact in found} >= {name}
    assert len({fact.name for fact in found if fact.name}) == bool(name)
