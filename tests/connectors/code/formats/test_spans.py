"""Comments and long texts are told from code in every language, and what never closes hides nothing."""

from __future__ import annotations

import pytest

from connectors.code.formats.spans import Spans
from tests.code_samples import facts


@pytest.mark.parametrize(
    ("name", "text", "is_comment"),
    [
        ("a.go", 'u := os.Getenv("X") // ex: HERE', True),
        ("a.go", 'u := "http://HERE"', False),
        ("a.ts", "/* one\n   HERE */ const x = 1", True),
        ("a.ts", "const s = `// HERE`", False),
        ("a.tsx", "<a>https://HERE</a>", False),
        ("a.js", "const r = /[\"'`]/; // HERE", True),
        ("a.js", "const r = a / b; f('HERE') // c", False),
        ("a.rs", "fn f<'a>(x: &'a str) {} // HERE", True),
        ("a.cs", 'var t = """\n// HERE\n""";', False),
        ("a.toml", 'base = ""  # e.g. HERE', True),
        ("a.toml", 'base = "# HERE"', False),
        ("a.yaml", "url: https://a.example/#HERE", False),
        ("a.py", "url = 'x'  # HERE", True),
        ("a.py", "url = f'# HERE'", False),
        ("a.py", "note = '''it # HERE'''", False),
        ("run.sh", "npm run x -- HERE", False),
        ("run.sh", "curl x # HERE", True),
        ("a.sql", "SELECT 1 -- HERE", True),
        ("a.tf", "x = 1 // HERE", True),
        ("a.php", "$x = 1; // HERE", True),
        ("a.php", "$x = 1; # HERE", True),
        ("a.php", "/*\nHERE */ $x = 1;", True),
        ("a.php", "$x = 'https://HERE';", False),
        ("a.tf", "run = <<EOT\nrm /tmp/*\nHERE /opt/*/bin\nEOT", False),
        ("rag.stub", "<?php\n/*\nHERE */ $x = 1;", True),
        ("a.ts.hbs", "/* one\n   HERE */ const x = 1", True),
        ("values.yaml.j2", "a: 1  # HERE", True),
        ("a.ts.hbs", "const x = 'HERE'", False),
        ("a.vue", "const x = 1 // HERE", True),
        ("a.vue", "<!-- one\nHERE -->", True),
        ("a.cshtml", "<p># HERE</p>", False),
        ("a.ini", "x = 1 ; HERE", True),
        ("a.jsonc", '{"a": 1, // HERE', True),
        ("a.xml", "<a/><!-- one\n HERE -->", True),
        ("Dockerfile", "ENV A=1 # HERE", True),
        ("a.ipynb", '    "x = 1  # HERE\\n",', True),
        ("a.ipynb", '    "u = \\"# HERE\\"\\n",', False),
        ("a.ts", "/* never closed HERE", False),
    ],
)
def test_a_comment_is_told_from_code(name: str, text: str, is_comment: bool) -> None:
    data = text.encode()

    found = Spans(data, name).in_comment(data.index(b"HERE"))

    assert found is is_comment


@pytest.mark.parametrize(
    ("name", "text", "is_text"),
    [
        ("a.ts", "const code = `\nHERE\n`;", True),
        ("a.ts", "const code = `a ${HERE} b`;", False),
        ("a.ts", "const code = `a ${f(`x`, {a: 1})} HERE`;", True),
        ("a.ts", "const r = /[`]/;\nHERE\nconst s = `x`;", False),
        ("a.ts", "const open = `x;\nHERE", False),
        ("a.go", "var code = `\nHERE\n`", True),
        ("a.kt", 'val code = """\nHERE\n"""', True),
        ("a.kt", "fun `a name`() { HERE }", False),
        ("a.rs", "let x = 'a'; HERE", False),
    ],
)
def test_a_long_text_is_told_from_code(name: str, text: str, is_text: bool) -> None:
    data = text.encode()

    found = Spans(data, name).in_text(data.index(b"HERE"))

    assert found is is_text


_AGENT = "import { Agent } from 'agents';\n"
_SERVER = "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("demo.tsx", _AGENT + "const code = `\nexport class Shown extends Agent<Env> {}\n`;\n"),
        ("demo.ts", _SERVER + "const code = `const s = new McpServer({ name: 'shown' })`;\n"),
        ("demo.py", "from crewai import Agent\nCODE = '''\nshown = Agent(role='shown')\n'''\n"),
        ("demo.ts", _SERVER + "/*\n const s = new McpServer({ name: 'shown' })\n*/\n"),
        ("a.go", 'u := os.Getenv("AZURE_OPENAI_ENDPOINT") // ex: https://foo.openai.azure.com\n'),
        ("a.toml", 'api_base = "" # e.g. http://localhost:11434\n'),
        ("a.py", "x = None  # or https://api.openai.com/v1\n"),
        ("requests.output", "+ curl https://api.openai.com/v1/models\n"),
    ],
)
def test_what_stands_in_a_text_or_comment_is_no_use(path: str, text: str) -> None:
    kinds = {fact.kind for fact in facts(path, text).values() if fact.standing}

    assert kinds.isdisjoint({"agent", "mcp_server", "provider_endpoint"})


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("demo.ts", _AGENT + "const t = `x`;\nexport class Real extends Agent<Env> {}\n", "Real"),
        ("demo.ts", _SERVER + "const s = new McpServer({ name: `real` })\n", "real"),
        ("a.go", 'u := "https://foo.openai.azure.com" // set by hand\n', "foo.openai.azure.com"),
        ("a.ts", "const u = `https://api.openai.com/v1/${path}`;\n", "api.openai.com"),
        ("a.toml", 'api_base = "http://localhost:11434" # local\n', "localhost:11434"),
        (
            "stack.ts",
            "f({ code: Code.fromInline(`\nimport boto3\nu = 'https://api.openai.com/v1'\n`) })",
            "api.openai.com",
        ),
        (
            "a.ts",
            "const text = `\nimport it all from\nhttps://api.openai.com/v1/${path}\n`;\n",
            "api.openai.com",
        ),
    ],
)
def test_code_beside_texts_and_comments_counts(path: str, text: str, name: str) -> None:
    found = facts(path, text)

    assert name in found


@pytest.mark.parametrize("piece", ["/* ", "(/[", "`${", '"""', "<!--", "{`"])
def test_marks_that_never_close_are_code_and_cost_one_look(piece: str) -> None:
    data = (piece * 20_000 + "\nHERE").encode()

    found = [Spans(data, f"a.{ending}").in_comment(len(data) - 2) for ending in ("ts", "go", "java", "vue")]

    assert found == [False] * 4
