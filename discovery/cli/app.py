"""The first page: every command by name and first line, imported only when called."""

from __future__ import annotations

import click

from discovery.cli.lazy import Entry, Example, LazyGroup, Section

SECTIONS = (
    Section(
        "Find",
        (
            Entry(
                "scan", "discovery.cli.scan:scan", "Find AI systems in folders, repositories and accounts."
            ),
            Entry("daemon", "discovery.cli.daemon:daemon", "Scan on the schedule of the configuration."),
            Entry("worker", "discovery.cli.worker:worker", "Read scopes for the scans of other machines."),
        ),
    ),
    Section(
        "Look",
        (
            Entry(
                "systems",
                "discovery.cli.systems:systems",
                "List AI systems, show one, and say what is one system and where it stands.",
            ),
            Entry("assets", "discovery.cli.assets:assets", "List what the systems are made of and show one."),
            Entry(
                "alerts",
                "discovery.cli.alerts:alerts",
                "List what needs somebody's answer, and decide on it.",
            ),
            Entry(
                "cases",
                "discovery.cli.cases:cases",
                "See what each system wants as one case, and give it to somebody.",
            ),
            Entry("diff", "discovery.cli.diff:diff", "Say what changed between two days."),
            Entry("drift", "discovery.cli.drift:drift", "Compare code, what runs, and what was registered."),
            Entry("gaps", "discovery.cli.gaps:gaps", "List what the rules find missing or wrong."),
            Entry("runs", "discovery.cli.runs:runs", "List past scans, show one, accept a suspect one."),
            Entry(
                "coverage",
                "discovery.cli.coverage:coverage",
                "Say what was read, and what could not be seen.",
            ),
            Entry(
                "export",
                "discovery.cli.export:export",
                "Write the inventory as JSON lines, CSV, one JSON document, CycloneDX, or SARIF.",
            ),
        ),
    ),
    Section(
        "Answer for",
        (
            Entry("owner", "discovery.cli.owner:owner", "Say who answers for a system."),
            Entry(
                "oversight",
                "discovery.cli.oversight:oversight",
                "Record what a system is for and who watches it.",
            ),
            Entry(
                "organisation",
                "discovery.cli.organisation:organisation",
                "Say what is so for the organisation as a whole: policy, reviews, audits, controls.",
            ),
            Entry(
                "units",
                "discovery.cli.units:units",
                "Keep the units of the organisation: leads, legal entities, and what is whose.",
            ),
            Entry(
                "record",
                "discovery.cli.record:record",
                "Keep the record of a system: purpose, data, oversight, risk, suppliers.",
            ),
            Entry("attest", "discovery.cli.attest:attest", "Ask owners to confirm what is on record."),
            Entry(
                "evidence",
                "discovery.cli.evidence:evidence",
                "Keep documents that prove what records say, and check that nobody altered them.",
            ),
            Entry(
                "approvals",
                "discovery.cli.approvals:approvals",
                "Record decisions at the gates: register, pilot, production, change, retire.",
            ),
            Entry(
                "exceptions",
                "discovery.cli.exceptions:exceptions",
                "Let a gap stand for a time: with a reason, somebody else's approval, and an end.",
            ),
            Entry(
                "suppressions",
                "discovery.cli.suppressions:suppressions",
                "Keep alerts quiet by rule, until a day.",
            ),
            Entry("report", "discovery.cli.reports:report", "Write reports for people who were not there."),
        ),
    ),
    Section(
        "Set up",
        (
            Entry(
                "connectors",
                "discovery.cli.connectors:connectors",
                "List connectors, check them, see their rights.",
            ),
            Entry("config", "discovery.cli.config:config", "Check and show the configuration."),
            Entry(
                "rules",
                "discovery.cli.rules:rules",
                "List the rules, try them on a record, check rules of your own.",
            ),
            Entry(
                "catalogue",
                "discovery.cli.catalogue:catalogue",
                "Search what is known, check an extension, try it on a file.",
            ),
            Entry(
                "receivers",
                "discovery.cli.receivers:receivers",
                "See who is told what happens, and send them a test.",
            ),
            Entry(
                "outbox",
                "discovery.cli.outbox:outbox",
                "Send what waits for the receivers, and see what did not arrive.",
            ),
            Entry("db", "discovery.cli.db:db", "Upgrade, prune and describe the store."),
            Entry(
                "people", "discovery.cli.people:people", "See, hand out and erase what is kept about people."
            ),
            Entry("audit", "discovery.cli.audit:audit", "Verify the log of every decision."),
        ),
    ),
)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        from importlib.metadata import version

        click.echo(f"aicensus {version('aicensus')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    examples=(
        Example("aicensus scan", "Scan the current folder; needs no credential and no configuration."),
        Example("aicensus scan --connector aws", "Scan the AWS account that your credentials reach."),
        Example("aicensus systems", "See what was found so far."),
    ),
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Print the version and exit.",
)
def cli() -> None:
    """Find every AI system you run or use, and see which have no owner.

    Exit codes: 0 clean, 1 findings above --fail-on or a check that failed, 2 usage, configuration or
    store, 3 partial, 4 internal error.
    """
