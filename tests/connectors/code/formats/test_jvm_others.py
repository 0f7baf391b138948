"""Table tests of sbt, Mill, Scala CLI, JBang, Clojure and Bazel."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

CORE = "dev.langchain4j:langchain4j"
SPARK = "org.apache.spark:spark-mllib"


@pytest.mark.parametrize(
    ("path", "text", "name", "attributes"),
    [
        (
            "build.sbt",
            'libraryDependencies += "dev.langchain4j" % "langchain4j" % "1.0.0"\n',
            CORE,
            {"declared": "1.0.0", "scope": "runtime"},
        ),
        ("build.sbt", '\n"dev.langchain4j" % "langchain4j" % "1.0.0" % Test\n', CORE, {"scope": "test"}),
        (
            "build.sbt",
            '"org.apache.spark" %% "spark-mllib" % "3.5.0" % "provided"',
            SPARK,
            {"scope": "runtime"},
        ),
        ("build.sbt", 'val v = "1.1"\n"dev.langchain4j" % "langchain4j" % v', CORE, {"declared": "1.1"}),
        (
            "project/Dependencies.scala",
            'val ai = "dev.langchain4j" % "langchain4j" % V.ai',
            CORE,
            {"declared": None},
        ),
        ("build.sc", 'def ivyDeps = Agg(ivy"dev.langchain4j:langchain4j:1.2")', CORE, {"declared": "1.2"}),
        ("build.mill", 'mvn"org.apache.spark::spark-mllib:3.5.0"', SPARK, {"declared": "3.5.0"}),
        (
            "deps.edn",
            '{:deps {dev.langchain4j/langchain4j {:mvn/version "1.0.0"}}}',
            CORE,
            {"declared": "1.0.0", "direct": True},
        ),
        (
            "deps.edn",
            '{:aliases {:test {:extra-deps\n {dev.langchain4j/langchain4j {:mvn/version "1"}}}}}',
            CORE,
            {"scope": "dev"},
        ),
        (
            "project.clj",
            '(defproject x "1"\n :dependencies [[dev.langchain4j/langchain4j "1.0.0"]])',
            CORE,
            {"declared": "1.0.0"},
        ),
        (
            "MODULE.bazel",
            'maven.install(\n artifacts = ["dev.langchain4j:langchain4j:1.0.0"],\n)',
            CORE,
            {"declared": "1.0.0"},
        ),
        (
            "Hello.java",
            "///usr/bin/env jbang\n//DEPS dev.langchain4j:langchain4j:1.0.0\n",
            CORE,
            {"declared": "1.0.0"},
        ),
        (
            "app.sc",
            "//> using dep org.apache.spark::spark-mllib:3.5.0\n",
            SPARK,
            {"declared": "3.5.0", "scope": "runtime"},
        ),
        ("a.main.kts", '@file:DependsOn("dev.langchain4j:langchain4j:1.1")\n', CORE, {"declared": "1.1"}),
        ("a.groovy", "@Grab('dev.langchain4j:langchain4j:1.2')\n", CORE, {"declared": "1.2"}),
        ("app.scala", "//> using test.dep dev.langchain4j:langchain4j:1\n", CORE, {"scope": "test"}),
    ],
)
def test_a_dependency_is_found_with_its_version(
    path: str, text: str, name: str, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[name]

    assert {key: found.attributes.get(key) for key in attributes} == attributes
    assert name.partition(":")[2] in text.splitlines()[found.line - 1]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("build.sbt", '// "dev.langchain4j" % "langchain4j" % "1.0.0"'),
        ("build.sbt", '"com.example" % "langchain4j" % "1.0.0"'),
        ("deps.edn", '{:deps {;; dev.langchain4j/langchain4j {:mvn/version "1"}\n}}'),
        ("project.clj", '; [dev.langchain4j/langchain4j "1.0.0"]'),
        ("MODULE.bazel", '# "dev.langchain4j:langchain4j:1.0.0"'),
        ("Hello.java", 'String x = "//DEPS dev.langchain4j:langchain4j:1.0.0";'),
        ("build.sbt", '"' * 10_001),
        ("deps.edn", "{" * 50_000),
        ("project.clj", "[" * 50_000),
        ("build.sc", 'ivy"' * 5_000),
    ],
)
def test_comments_others_and_garbage_hold_nothing(path: str, text: str) -> None:
    found = read(path, text)

    assert found.facts == []
    assert found.problems == []
