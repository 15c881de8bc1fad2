"""Reports as people and machines are given them."""

from __future__ import annotations

from xml.etree import ElementTree

from regrove.gates import ChampionConfig, GateConfig, LeakageConfig, QualityConfig, SlicesConfig, junit, page

FULL = GateConfig(
    quality=QualityConfig("roc_auc", at_least=0.99, severity="warn"),
    champion=ChampionConfig(),
    slices=SlicesConfig(["kind"], margin=0.1),
    leakage=LeakageConfig(),
)


def test_the_page_has_all_of_it(world):
    """Verdict, each check with its reason, the days, the slices, and what it rests on."""
    world.champion("x")
    world.config = FULL
    report = world.gates.run(world.version("xz"))
    html = page(report)
    for words in (report.reason, report.ref, report.model_digest, report.basis, "PROMOTE"):
        assert words in html
    for each in report.checks:
        assert each.name in html
        assert each.reason in html
    assert "kind = r" in html
    assert "Champion and candidate by day" in html
    assert page(world.gates.get(report.ref)) == html  # the same report, the same bytes


def test_a_page_without_a_champion_needs_no_script(world):
    """There is nothing to draw."""
    world.config = GateConfig(leakage=LeakageConfig())
    html = page(world.gates.run(world.version("xz")))
    assert "Champion and candidate by day" not in html
    assert len(html) < 100_000


def test_words_of_others_are_escaped(world):
    """A slice may be called anything."""
    import polars as pl

    from tests.gates.world import estimator

    world.champion("x")
    world.config = FULL
    rows = world.rows(estimator("binary", "xz"), (-60, 0), (0, 20))
    rows = rows.with_columns(pl.col("request.kind").replace("q", "<script>alert(1)</script>"))
    html = page(world.gates.run(world.version("xz", rows=rows)))
    assert "<script>alert(1)" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_junit_fails_unless_it_is_promoted(world):
    """Each check is a case; a warning that did not pass is skipped, as it decides nothing."""
    world.champion("x")
    world.config = FULL
    report = world.gates.run(world.version("xz"))
    suite = ElementTree.fromstring(junit(report)).find("testsuite")
    assert suite is not None
    assert suite.get("failures") == "0"
    cases = {each.get("name"): [inner.tag for inner in each] for each in suite.findall("testcase")}
    assert cases["champion"] == cases["verdict"] == []
    assert cases["quality"] == cases["slices.small"] == ["skipped"]
    rejected = world.gates.run("late@1", champion="late@2")
    suite = ElementTree.fromstring(junit(rejected)).find("testsuite")
    failed = {each.get("name"): each.find("failure") for each in suite.findall("testcase")}
    assert rejected.reason in failed["verdict"].get("message")
    assert failed["champion"] is not None
    assert int(suite.get("failures")) >= 2
