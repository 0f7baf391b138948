"""Tell stores that serve the infrastructure itself from those that hold what a system works on.

Logs of access, Terraform's state, packed programs and the files of a web site lie in buckets too; a system's
data they are not. Its name says so, or what the same file does with it. A login server's database is not one
either.
"""

from __future__ import annotations

import re

from connectors.catalogue.tables import Catalogue

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[a-z0-9]+")
_SERVER_ENDS = re.compile(r"(?:_(?:db|database|prod|dev|test|staging|local))+$")
# What Terraform gives a bucket to: logs are sent there, a function's code is fetched, pages are served.
_USES = (
    r"(?m)^[ \t]*target_bucket\s*=\s*{it}"
    r"|\b(?:access_logs|logging|logging_config)\s*\{{[^{{}}]{{0,300}}{it}"
    r"|\"(?:aws_cloudtrail|aws_flow_log|aws_s3_bucket_website_configuration|aws_codepipeline)\"[^{{}}]{{0,120}}"
    r"\{{[^{{}}]{{0,400}}{it}"
)
_STATE = r"\"s3\"\s*\{{[^{{}}]{{0,200}}\bbucket\s*=\s*\"{name}\""
_CLOUDFORMATION = (
    r"(?:DestinationBucketName|LogBucket|AccessLogsBucket)[\"']?\s*:\s*"
    r"(?:!Ref\s+|\{{\s*\"Ref\"\s*:\s*\")?{name}\b"
)


def is_plumbing(catalogue: Catalogue, name: str) -> bool:
    """Say whether a bucket's name says that it holds logs of access, state, programs or pages."""
    rules = catalogue.plumbing_words
    words = [word for word in (found.lower() for found in _WORDS.findall(name)) if word not in rules.neutral]
    if not words:
        return False
    logs = words[-1] in rules.logs and any(word in rules.logging for word in words[:-1])
    packed = words[0] in rules.programs and any(word in rules.packed for word in words[1:])
    pages = all(word in rules.pages for word in words) and len(words) + ("static" in words) > 1
    only = len(words) == 1 and words[0] in (*rules.alone, "website", "frontend", "cdn", "spa")
    return logs or packed or pages or only or any(word in rules.telling for word in words)


def is_of_a_server(catalogue: Catalogue, name: str) -> bool:
    """Say whether a database is called after a program that keeps its own things there: ``keycloak_db``."""
    return _SERVER_ENDS.sub("", name.lower().replace("-", "_")) in catalogue.plumbing_words.servers


def is_given_to_plumbing(text: str, name: str) -> bool:
    """Say whether the file that declares a bucket sends logs there, keeps state in it or serves pages."""
    label = re.escape(name)
    it = rf"(?:aws_s3_bucket|google_storage_bucket)\.{label}\b"
    patterns = (_USES.format(it=it), _STATE.format(name=label), _CLOUDFORMATION.format(name=label))
    return any(re.search(pattern, text) for pattern in patterns)
