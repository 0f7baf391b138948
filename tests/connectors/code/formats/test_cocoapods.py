"""Table tests of CocoaPods' files."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

PODFILE = """\
platform :ios, '15.0'
target 'Shop' do
  pod 'TensorFlowLiteSwift', '~> 2.14'
  pod 'GoogleMLKit/FaceDetection', '6.0.0'
  pod "LibTorch-Lite", :git => 'https://user:hunter2@git.example.org/t.git'
  pod 'onnxruntime-objc', :path => '../onnx'
  # pod 'AWSPolly'
  pod 'Alamofire'
end
"""
LOCK = """\
PODS:
  - GoogleMLKit/FaceDetection (6.0.0):
    - GoogleMLKit/MLKitCore
  - GoogleMLKit/MLKitCore (6.0.0)
  - "TensorFlowLiteSwift (2.14.0)":
    - TensorFlowLiteSwift/Core (= 2.14.0)

DEPENDENCIES:
  - AWSPolly (1.0)
"""

ROWS = [
    ("Podfile", PODFILE, "TensorFlowLiteSwift", 3, {"declared": "~> 2.14", "direct": True}),
    ("Podfile", PODFILE, "GoogleMLKit", 4, {"declared": "6.0.0"}),
    ("Podfile", PODFILE, "LibTorch-Lite", 5, {"declared": "from a URL"}),
    ("Shop.podspec", "  s.dependency 'AWSLex', '2.0'\n", "AWSLex", 1, {"declared": "2.0"}),
    ("Podfile.lock", LOCK, "GoogleMLKit", 2, {"locked": "6.0.0", "direct": False}),
    ("Podfile.lock", LOCK, "TensorFlowLiteSwift", 5, {"locked": "2.14.0"}),
]


@pytest.mark.parametrize(("path", "text", "name", "line", "attributes"), ROWS)
def test_a_pod_is_found_with_its_version(
    path: str, text: str, name: str, line: int, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[name]

    assert (found.line, found.identifier) == (line, f"pkg:cocoapods/{name}")
    assert {key: found.attributes.get(key) for key in attributes} == attributes


def test_what_is_local_a_comment_or_only_listed_is_no_dependency() -> None:
    assert set(facts("Podfile", PODFILE)) == {"TensorFlowLiteSwift", "GoogleMLKit", "LibTorch-Lite"}
    assert set(facts("Podfile.lock", LOCK)) == {"TensorFlowLiteSwift", "GoogleMLKit"}


@pytest.mark.parametrize("text", ["pod '", "pod 'AWSLex" * 10_000, "PODS:\n  - AWSLex (\n", "\x00" * 100])
def test_what_is_cut_off_shows_nothing(text: str) -> None:
    for path in ("Podfile", "Podfile.lock"):
        assert read(path, text).facts == []


def test_a_lock_in_the_middle_of_a_merge_is_a_problem() -> None:
    assert read("Podfile.lock", "<<<<<<< ours\n").problems
