"""Units: what is built and deployed together."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.roles import Roles, Units
from connectors.model import Role
from tests.code_samples import scan, write

GUARDRAIL = 'resource "aws_bedrock_guardrail" "this" {\n}\n'


def _call(source: str) -> str:
    return f'module "m" {{\n  source = "{source}"\n}}\n'


def test_a_stack_is_a_unit_and_a_module_belongs_to_its_only_caller(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "app/pyproject.toml": "",
            "app/deploy/main.tf": GUARDRAIL,
            "infra/a/main.tf": _call("../modules/one/") + _call("../modules/shared"),
            "infra/b/main.tf.json": '{"module": {"m": {"source": "../modules/shared"}}}',
            "infra/modules/one/main.tf": GUARDRAIL + _call("./inner"),
            "infra/modules/one/inner/main.tf": GUARDRAIL,
            "infra/modules/shared/main.tf": GUARDRAIL,
            "infra/modules/unused/main.tf": GUARDRAIL,
        },
    )

    found = scan(tmp_path).findings

    assert {one.evidence[0].locator.rpartition("/")[0]: one.application for one in found} == {
        "app/deploy": "app/deploy",
        "infra/modules/one": "infra/a",
        "infra/modules/one/inner": "infra/a",
        "infra/modules/shared": "infra/modules/shared",
        "infra/modules/unused": "infra/modules/unused",
    }


def test_resources_of_one_name_in_two_modules_of_a_unit_stay_two(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "main.tf": GUARDRAIL + _call("./modules/one") + _call("./modules/two"),
            "modules/one/main.tf": GUARDRAIL,
            "modules/two/main.tf": GUARDRAIL,
        },
    )

    found = scan(tmp_path).findings

    assert {one.name for one in found} == {"aws_bedrock_guardrail.this"}
    assert [one.natural_key.key for one in found] == [
        ".|guardrail|aws_bedrock_guardrail.this",
        ".|guardrail|modules/one/aws_bedrock_guardrail.this",
        ".|guardrail|modules/two/aws_bedrock_guardrail.this",
    ]


def test_modules_that_call_each_other_end(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"one/main.tf": GUARDRAIL + _call("../two"), "two/main.tf": GUARDRAIL + _call("../one")},
    )

    found = scan(tmp_path).findings

    assert len(found) == 2
    assert {one.application for one in found} <= {"one", "two"}


@pytest.mark.parametrize("source", ["../../outside", "../..", "./"])
def test_a_module_out_of_the_tree_or_the_stack_itself_changes_nothing(source: str) -> None:
    units = Units(load_catalogue())
    units.note("a/main.tf")

    units.note_call("a/main.tf", source)

    assert units.of("a/main.tf") == "a"


def test_a_folder_with_a_manifest_stays_a_unit_although_it_is_called() -> None:
    units = Units(load_catalogue())
    for path in ("stack/main.tf", "service/main.tf", "service/Dockerfile"):
        units.note(path)

    units.note_call("stack/main.tf", "../service")

    assert units.of("service/src/app.py") == "service"


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("evals/run.py", Role.TEST),
        ("benchmarks/a.py", Role.TEST),
        ("src/main/java/org/acme/samples/App.java", Role.APPLICATION),
        ("app/src/main/kotlin/org/acme/test/evals/App.kt", Role.APPLICATION),
        ("samples/shop/src/main/java/org/acme/App.java", Role.EXAMPLE),
        ("src/test/java/org/acme/App.java", Role.TEST),
        ("src/main/java/AppTest.java", Role.TEST),
        ("shop-examples/pom.xml", Role.EXAMPLE),
        ("use-case-examples/agent/stack.yaml", Role.EXAMPLE),
        ("vector-example/src/main/java/A.java", Role.EXAMPLE),
        ("agentic-tutorial/src/main/java/A.java", Role.EXAMPLE),
        ("code_samples/a.py", Role.EXAMPLE),
        ("counterexamples/a.py", Role.APPLICATION),
        ("tracing-integration-tests/pom.xml", Role.TEST),
        ("hack/smoke-test-data/model.yaml", Role.TEST),
        ("internal_testing/docker-compose.yml", Role.TEST),
        ("ab_testing/model.py", Role.APPLICATION),
        ("scripts/test_data.sql", Role.TEST),
        ("scripts/claims-test-data.sql", Role.TEST),
        ("scripts/latest_data.sql", Role.APPLICATION),
        ("Shop.UnitTests/Shop.csproj", Role.TEST),
        ("core/src/jvmTest/kotlin/org/acme/Server.kt", Role.TEST),
        ("core/src/commonTest/kotlin/org/acme/Server.kt", Role.TEST),
        ("src/latest/app.kt", Role.APPLICATION),
        ("core/jvmTest.kt", Role.APPLICATION),
        ("playground/clusters/_cluster_template/values.yaml", Role.TEMPLATE),
        ("{{cookiecutter.name}}/app.py", Role.TEMPLATE),
        ("prompt_template/base.py", Role.APPLICATION),
    ],
)
def test_a_package_of_a_language_is_no_folder_with_a_role(path: str, role: Role) -> None:
    assert Roles(load_catalogue()).of(path) is role


def test_the_example_that_a_file_is_part_of_begins_below_the_folder_that_says_so() -> None:
    roles = Roles(load_catalogue())

    assert roles.project_of("a/samples/shop/web/app.ts") == "a/samples/shop"
    assert roles.project_of("tests/test_a.py") == "tests"
    assert roles.project_of("rag-examples/shop/web/app.ts") == "rag-examples/shop"
    assert roles.project_of("src/main/java/org/acme/samples/A.java") == ""


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("src/tests-d/handler.ts", Role.TEST),
        ("src/handler.test-d.ts", Role.TEST),
        ("packages/agents/conformance/server.ts", Role.TEST),
        ("lib/__fixtures__/a.ts", Role.TEST),
        ("spec/vcr_cassettes/a.yml", Role.TEST),
        ("app/checkout.cy.ts", Role.TEST),
        ("src/ShopTest.php", Role.TEST),
        ("src/Contest.php", Role.APPLICATION),
        ("src/latest.kt", Role.APPLICATION),
        ("src/Button.stories.tsx", Role.EXAMPLE),
        ("quickstarts/chat/app.py", Role.EXAMPLE),
        ("Shop.Samples/Program.cs", Role.EXAMPLE),
        ("chat-demo/app.py", Role.EXAMPLE),
        ("python-recipes/rag/a.ipynb", Role.EXAMPLE),
        ("recipes/a.ipynb", Role.EXAMPLE),
        ("kitchen/recipes/a.py", Role.APPLICATION),
        ("web-app/docker-compose.test.yml", Role.TEST),
        ("docker-compose-e2e.yaml", Role.TEST),
        ("docker-compose.search-testing.yml", Role.TEST),
        ("docker-compose.citus.yml", Role.APPLICATION),
        ("src/login.e2e.ts", Role.TEST),
        ("ui/playwright/setup.sh", Role.TEST),
        ("playwright.config.ts", Role.TEST),
        ("security_test/allow.json", Role.TEST),
        ("deploy/values-example.yaml", Role.EXAMPLE),
        (".tours/3-store.tour", Role.DOCS),
        ("src/Stubs/rag.stub", Role.TEMPLATE),
        ("pack/base_templates/main.tf", Role.TEMPLATE),
        ("demographics/app.py", Role.APPLICATION),
        ("internal/mock/server.go", Role.TEST),
        ("eval-tools/run.py", Role.TEST),
        ("scripts/bench_chat.py", Role.TEST),
        ("scripts/workbench_app.py", Role.APPLICATION),
    ],
)
def test_well_known_names_of_tests_and_examples_tell_the_role(path: str, role: Role) -> None:
    found = Roles(load_catalogue()).of(path)

    assert found is role


@pytest.mark.parametrize(
    ("beside", "role"), [("qa/test_latency.py", Role.TEST), ("qa/readme.py", Role.APPLICATION)]
)
def test_a_folder_whose_name_leaves_it_open_is_a_suite_where_it_holds_tests(beside: str, role: Role) -> None:
    roles = Roles(load_catalogue())
    for path in ("qa/bots/one/config.py", beside):
        roles.note(path)

    found = roles.of("qa/bots/one/config.py")

    assert found is role
    assert roles.of("app/main.py") is Role.APPLICATION


@pytest.mark.parametrize(
    ("chart", "path", "role"),
    [
        ("charts/shop/Chart.yaml", "charts/shop/templates/deployment.yaml", Role.APPLICATION),
        ("charts/shop/Chart.yaml", "charts/shop/templates/backends/vllm.yaml", Role.APPLICATION),
        ("charts/shop/Chart.yaml", "charts/shop/templates/tests/test.yaml", Role.TEST),
        ("examples/shop/Chart.yaml", "examples/shop/templates/deployment.yaml", Role.EXAMPLE),
        ("templates/shop/Chart.yaml", "templates/shop/templates/deployment.yaml", Role.TEMPLATE),
        ("charts/other/Chart.yaml", "charts/shop/templates/deployment.yaml", Role.TEMPLATE),
    ],
)
def test_what_a_chart_installs_is_the_application(chart: str, path: str, role: Role) -> None:
    roles = Roles(load_catalogue())

    roles.note(chart)

    assert roles.of(path) is role


@pytest.mark.parametrize(
    ("path", "makes_up"),
    [
        ("tests/test_agent.py", True),
        ("tests/test_evaluator.py", True),
        ("internal/config/load_test.go", True),
        ("src/evaluators.spec.ts", True),
        ("tests/test_rag_eval.py", False),
        ("tests/evals/test_answers.py", False),
        ("tests/load_test.py", True),
        ("tests/bench/run.py", False),
        ("app/evaluate.py", False),
        ("tests/data/runs/gpt4__swe-bench-dev-easy__t-0/args.yaml", True),
        ("tests/rag_evals/test_a.py", False),
    ],
)
def test_a_test_of_a_file_that_measures_measures_nothing(path: str, *, makes_up: bool) -> None:
    assert Roles(load_catalogue()).makes_up(path) is makes_up
