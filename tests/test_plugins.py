"""Plugins are found by kind and name."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from regrove import plugins
from regrove.errors import InvalidInput


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Pretend that these entry points are installed."""

    def offer(*values: tuple[str, str]) -> None:
        entries = tuple(EntryPoint(name, value, "regrove.colours") for name, value in values)
        monkeypatch.setattr(plugins, "_entries", lambda kind: entries)

    return offer


class TestLoad:
    def test_the_built_in_format_comes_in_by_the_same_door(self) -> None:
        """skops is found as any stranger's format would be."""
        assert "skops" in plugins.names("model_formats")
        assert plugins.load("model_formats", "skops").name == "skops"
        assert plugins.load("model_formats", "skops") is plugins.load("model_formats", "skops")

    def test_an_unknown_name_is_answered_with_the_nearest(self) -> None:
        """A typo costs one look."""
        with pytest.raises(InvalidInput, match="did you mean 'skops'"):
            plugins.load("model_formats", "skop")

    def test_a_kind_that_nobody_offers_says_where_plugins_come_from(self) -> None:
        """The group of entry points is named."""
        with pytest.raises(InvalidInput, match=r"regrove\.dragons"):
            plugins.load("dragons", "green")

    def test_what_is_no_kind_is_refused(self) -> None:
        """A kind is a word."""
        with pytest.raises(InvalidInput, match="not a kind"):
            plugins.names("model formats")

    def test_a_plugin_that_cannot_be_imported_is_named(self, offered: Any) -> None:
        """The error says which one and why, not just ImportError."""
        offered(("red", "no_such_module_anywhere:RED"), ("blue", "math:no_such_thing"))
        for name in ("red", "blue"):
            with pytest.raises(plugins.BrokenPlugin, match=f"{name}.*cannot be imported"):
                plugins.load("colours", name)

    def test_two_packages_cannot_offer_one_name(self, offered: Any) -> None:
        """Which of the two would be loaded must not be chance."""
        offered(("red", "math:pi"), ("red", "math:e"))
        with pytest.raises(InvalidInput, match="Two installed packages"):
            plugins.load("colours", "red")

    def test_one_package_listed_twice_is_one(self, offered: Any) -> None:
        """An editable and a plain installation of the same package do not collide."""
        offered(("red", "math:pi"), ("red", "math:pi"))
        assert plugins.load("colours", "red") > 3
