"""Tell stores that serve the infrastructure itself from those that hold what a system works on.

Logs of access, Terraform's state, packed programs and the files of a web site lie in buckets too; a system's
data they are not. Its name says so, or what the same file does with it. A login server's database is not one
either.
"""

from __future__ import annotations

import re
from itertools import pairwise

from connectors.catalogue.tables import Catalogue

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[a-z0-9]+")
_SERVER_ENDS = re.compile(r"(?:_(?:db|database|prod|dev|test|staging|local))+$")
# What a migration copies away while it changes the table itself.
_COPY = re.compile(r"(?:^|[._])(?:backup|bak|tmp)(?:[._]|\d|$)|(?:^|\.)old_")
# What Terraform gives a bucket to: logs are sent there, pages are served, a build takes its sources from it.
_USES = (
    r"(?m)^[ \t]*target_bucket\s*=\s*{it}"
    r"|\b(?:access_logs|logging|logging_config)\s*\{{[^{{}}]{{0,300}}{it}"
    r"|\"(?:aws_cloudtrail|aws_flow_log|aws_s3_bucket_website_configuration|aws_codepipeline)\"[^{{}}]{{0,120}}"
    r"\{{[^{{}}]{{0,400}}{it}"
    r"|\bsource\s*\{{[^{{}}]{{0,200}}\btype\s*=\s*\"S3\"[^{{}}]{{0,200}}\blocation\s*=\s*\"\$\{{{it}"
)
# A function's code is fetched from there, a runtime or a machine keeps its own things.
_RUNS = (
    r"\b(?:source_archive_bucket|source_code_bucket(?:_name)?)\s*=\s*{it}"
    r"|\b(?:storage_source|boot_diagnostics)\s*\{{[^{{}}]{{0,300}}{it}"
    r"|\"aws_lambda_(?:function|layer_version)\"[^{{}}]{{0,120}}\{{[^{{}}]{{0,600}}\bs3_bucket\s*=\s*{it}"
    r"|\"azurerm_(?:(?:linux_|windows_)?function_app|logic_app_standard)\"[^{{}}]{{0,120}}"
    r"\{{(?:[^${{}}]|\$\{{[^{{}}]{{0,80}}\}}){{0,800}}\bstorage_account_name\s*=\s*{it}"
)
# What is written there as well: a program is told of it, a container for files is made in it.
_FILLED = (
    r"(?m)^[ \t]*\"?[A-Z][A-Z0-9_]{{2,60}}\"?[ \t]*[=:][ \t]*{it}|\b(?:gs|s3|wasbs|abfss)://\$\{{{it}"
    r"|\"azurerm_storage_(?:container|table|blob)\"[^{{}}]{{0,120}}\{{[^{{}}]{{0,400}}{it}"
)
_STATE = r"\"s3\"\s*\{{[^{{}}]{{0,200}}\bbucket\s*=\s*\"{name}\""
_CLOUDFORMATION = (
    r"(?:DestinationBucketName|LogBucket|AccessLogsBucket)[\"']?\s*:\s*"
    r"(?:!Ref\s+|\{{\s*\"Ref\"\s*:\s*\")?{name}\b"
    r"|\bArtifactStore[\"']?\s*:\s*\{{?[^{{}}]{{0,80}}?\bLocation[\"']?\s*:\s*"
    r"(?:!Ref\s+|\{{\s*\"Ref\"\s*:\s*\")?{name}\b"
)
# What a program is packed into, or pages are built into, is sent to the bucket that serves it.
_SENT = (
    r"\baws\s+s3\s+(?:sync|cp)\s+(?:--\S+\s+){{0,4}}[\"']?(?:[\w.$/{{}}-]{{0,60}}/)?"
    r"(?:dist|build|out|public|www)/?[\"']?\s+(?:--\S+\s+){{0,4}}[\"']?s3://{name}(?:[/\s\"']|$)"
)


def is_plumbing(catalogue: Catalogue, name: str) -> bool:
    """Say whether a bucket's name says that it holds logs of access, state, programs or pages."""
    rules = catalogue.plumbing_words
    all_words = [found.lower() for found in _WORDS.findall(name)]
    words = [word for word in all_words if word not in rules.neutral]
    if not words:
        return False
    built = len(words) > 1 and words[-1] in ("build", "builds")
    joined = {first + second for first, second in pairwise(words)}  # "CloudFront" is "cloudfront"
    logs = words[-1] in rules.logs and any(word in rules.logging for word in (*words[:-1], *joined))
    packed = words[0] in rules.programs and any(word in rules.packed for word in words[1:])
    pages = all(word in rules.pages for word in words) and len(words) + ("static" in words) > 1
    only = len(words) == 1 and words[0] in (*rules.alone, "website", "frontend", "cdn", "spa")
    # "CloudTrail" and "cloud-trail" are "cloudtrail", "lambda-layers" are packed wherever they stand.
    pairs = list(pairwise(all_words))
    ran = any(first in rules.runs and second in rules.packed for first, second in pairs)
    told = any(word in rules.telling for word in (*words, *(first + second for first, second in pairs)))
    return built or logs or packed or pages or only or ran or told


def is_of_a_server(catalogue: Catalogue, name: str) -> bool:
    """Say whether a database is called after a program that keeps its own things there: ``keycloak_db``."""
    return _SERVER_ENDS.sub("", name.lower().replace("-", "_")) in catalogue.plumbing_words.servers


def is_of_a_tool(catalogue: Catalogue, name: str) -> bool:
    """Say whether a table is one that a tool keeps for itself, or a copy for a while: ``qrtz_locks``."""
    if _COPY.search(name.lower()):
        return True
    plain = name.lower().rpartition(".")[2]
    tables = catalogue.plumbing_words.tables
    return plain in tables or any(one.endswith("_") and plain.startswith(one) for one in tables)


def is_given_to_plumbing(text: str, label: str, name: str) -> bool:
    """Say whether the file that declares a bucket sends logs there, keeps state in it or serves pages.

    ``label`` is what the rest of the file calls it by, ``name`` what the cloud does.
    """
    it = rf"(?:aws_s3_bucket|google_storage_bucket|azurerm_storage_account)\.{re.escape(label)}\b"
    own = re.escape(name)
    patterns = (_USES.format(it=it), _STATE.format(name=own), _CLOUDFORMATION.format(name=re.escape(label)))
    if any(re.search(pattern, text) for pattern in patterns) or _serves_pages(text, label):
        return True
    return re.search(_RUNS.format(it=it), text) is not None and not re.search(_FILLED.format(it=it), text)


def _serves_pages(text: str, label: str) -> bool:
    """Say whether CloudFormation's resource of that name has its bucket serve a web site."""
    if _SITE not in text:
        return False
    found = re.search(rf"(?m)^([ \t]*)[\"']?{re.escape(label)}[\"']?[ \t]*:", text)
    if found is None:
        return False
    for line in text[found.end() :].split("\n", _SITE_LINES)[1:_SITE_LINES]:
        told = line.lstrip()
        if told and len(line) - len(told) <= len(found[1]):
            return False
        if told.lstrip("\"'").startswith(_SITE):
            return True
    return False


_SITE = "WebsiteConfiguration"
_SITE_LINES = 60
"""Lines of a resource in which its settings are looked for."""


def is_filled_by_a_build(text: str, name: str) -> bool:
    """Say whether a command of the file sends built pages to a bucket: ``aws s3 sync ./dist s3://...``."""
    return "aws s3" in text and re.search(_SENT.format(name=re.escape(name)), text) is not None
