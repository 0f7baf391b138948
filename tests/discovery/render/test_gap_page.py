from __future__ import annotations

from html.parser import HTMLParser

from connectors import clock
from discovery.render import html_page
from discovery.render.gap_page import gap_page
from discovery.service import gap_report
from discovery.service.rule_sets import built_in
from store import Store
from tests.estate import Estate, finding

EVIL = '<script>alert(1)</script><img src=x onerror="x">&amp;\x1b[31m'


class Tags(HTMLParser):
    """Collect the tags and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.leads: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.leads += [
            value or "" for name, value in attrs if name in ("href", "src") or name.startswith("on")
        ]

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def test_hostile_names_are_text_and_nothing_leads_out_of_the_page(store: Store) -> None:
    Estate(store).show(*(finding(f"{EVIL}{number}") for number in range(6)))
    made = gap_report.make(store, rules=built_in(), organisation=EVIL)

    page = read(gap_page(made, "UTC"))

    assert not page.tags & {"script", "img", "iframe", "link", "a", "form"}
    assert page.leads == []
    assert "alert(1)" in page.text
    assert "\x1b" not in page.text


def test_a_report_says_what_it_rests_on_and_is_no_verdict(store: Store) -> None:
    Estate(store).show(finding("helper"))

    text = read(gap_page(gap_report.make(store, rules=built_in()), "UTC")).text

    assert "1 of 1 parts of 1 scopes were read to their end" in text
    assert f"; rules {built_in().hash} of {clock.to_text(clock.now())[:10]}. " in text
    assert "no verdict" in text
    assert "non-compliant" not in text
    assert "OWN-01" in text
    assert "02024R1689-20260727" in text


def test_a_report_by_control_has_a_row_for_each(store: Store) -> None:
    Estate(store).show(finding("helper"))

    made = gap_report.make(store, rules=built_in(), framework="iso42001", system="helper")

    owner = [one.control for one in made.gaps if one.rule == "OWN-01"]
    assert owner == ["5.3", "A.3.2"]
    assert made.due["high"] == len({one.rule for one in made.gaps if one.severity == "high"})
    assert made.maturity is None


def test_a_bar_stays_inside_its_bounds() -> None:
    bar = html_page.interval(-5, 250, 120)

    assert 'style="left:0.0%;right:0.0%"' in bar
    assert 'style="left:100.0%"' in bar
