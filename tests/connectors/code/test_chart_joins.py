"""What a chart's templates call an object is told by the chart's values."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.code_samples import scan, write

VALUES = "runtime:\n  name: claims-runtime  # of all devices\n  image: acme/claims\nother: x\n"


def _template(name: str) -> str:
    return f"apiVersion: serving.kserve.io/v1alpha1\nkind: ServingRuntime\nmetadata:\n  name: {name}\n"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("{{ .Values.runtime.name }}", "ServingRuntime/claims-runtime"),
        ("{{ $root.Values.runtime.name | quote }}-{{ $device }}", "ServingRuntime/claims-runtime-*"),
        ("{{ .Values.runtime.none }}", "ServingRuntime"),
        ("{{ .Values.runtime.image }}", "ServingRuntime"),
        ("{{ $device }}", "ServingRuntime"),
    ],
)
def test_an_object_is_called_as_the_values_of_its_chart_say(tmp_path: Path, name: str, told: str) -> None:
    files = {"chart/values.yaml": VALUES, "chart/templates/runtime.yaml": _template(name)}

    found = scan(write(tmp_path, files)).findings

    assert [item.name for item in found] == [told]
    assert "name_template" not in found[0].attributes


def test_the_values_of_another_chart_tell_nothing(tmp_path: Path) -> None:
    files = {"a/values.yaml": VALUES, "b/templates/runtime.yaml": _template("{{ .Values.runtime.name }}")}

    assert [item.name for item in scan(write(tmp_path, files)).findings] == ["ServingRuntime"]
