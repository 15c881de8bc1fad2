"""Fitting again at an earlier time."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.pipelines import Train
from regrove.pipelines.origins import ROW, forecast, stretch
from regrove.pipelines.rolling import Fit, Rolling, Want

DAY = 86_400_000_000


def told(place: int = 1, origins: int = 2, span: str = "60d", embargo: str = "0s") -> Rolling:
    fit = Fit("model", "tests.pipelines.test_origins", (Want("train", "train", "train", ""),), ())
    return Rolling("binary", place, origins, span, embargo, (fit,))


class Share:
    """Answers with the share of the positives that it saw, and says how many rows that were."""

    classes_ = np.array([False, True])

    def __init__(self, train: Train) -> None:
        assert train.event_time is not None
        self.seen = train.event_time.to_physical().to_numpy()
        self.share = train.target.mean()

    def predict_proba(self, features: pl.DataFrame) -> np.ndarray:
        return np.tile([1 - self.share, self.share], (features.height, 1))


fitted: list[Share] = []


def model(train: Train) -> Share:
    """A function of a project."""
    if train.target.n_unique() < 2:
        raise ValueError("one class only")
    fitted.append(Share(train))
    return fitted[-1]


def side(times: list[int], late: list[bool] | None = None) -> Train:
    labels = late or [place % 3 == 0 for place in range(len(times))]
    stamps = pl.Series("t", times, dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
    return Train(pl.DataFrame({"x": np.arange(float(len(times)))}), pl.Series("y", labels), stamps)


class TestStretch:
    """Where origins stand."""

    @given(
        st.lists(st.integers(0, 300 * DAY), min_size=2, max_size=60),
        st.integers(1, 5),
        st.integers(1, 200),
        st.integers(0, 30),
    )
    def test_every_row_of_the_span_is_predicted_once_and_from_the_past(self, times, origins, days, embargo):
        """The stretches do not overlap, end with the side, and each begins after what is fitted on and the embargo."""
        at = np.array(times)
        found = [stretch(at, told(place, origins, f"{days}d", f"{embargo}d")) for place in range(1, origins + 1)]
        if any(each is None for each in found):
            assert all(each is None for each in found)
            return
        covered = np.sum([each.after for each in found], axis=0)
        start = found[0].origin_at
        assert covered.max() <= 1
        assert (covered == (at > start)).all()
        assert at.max() - start <= min(days * DAY, (at.max() - at.min()) // 2)
        for each in found:
            if each.before.any() and each.after.any():
                assert at[each.before].max() + embargo * DAY <= each.origin_at < at[each.after].min()

    def test_rows_of_one_moment_have_no_origin(self):
        """There is no earlier time to fit at."""
        assert stretch(np.array([5, 5, 5]), told()) is None


class TestForecast:
    """What the fit at an origin says of what followed."""

    def test_only_earlier_rows_are_seen(self):
        """The answers are those of a model of the rows before the origin, less the embargo."""
        train = side([DAY * place for place in range(40)])
        found = forecast(told(2, span="10d", embargo="3d"), train, {"seeds": {"model": 1}})
        assert found.frame[ROW].to_list() == [35, 36, 37, 38, 39]
        assert found.fitted == 32
        assert fitted[-1].seen.max() == 31 * DAY
        assert set(found.frame["output.score"]) == {train.target[:32].mean()}

    def test_what_cannot_be_fitted_is_told_and_no_failure(self):
        """A class that comes late, rows that are too few: nothing is predicted, and the answer says why."""
        train = side([DAY * place for place in range(40)], [False] * 36 + [True] * 4)
        found = forecast(told(1, span="10d"), train, {"seeds": {"model": 1}})
        assert (found.frame.height, found.frame.columns) == (0, [ROW])
        assert "one class only" in found.why
        early = forecast(told(1, origins=1, span="90d", embargo="90d"), train, {"seeds": {"model": 1}})
        assert early.why == "there are no rows to fit on before this origin"

    @pytest.mark.parametrize(
        ("answer", "says"), [(np.nan, "NaN or infinity"), (None, "answered in another shape")], ids=["nan", "shape"]
    )
    def test_an_answer_that_is_none_counts_as_no_fit(self, monkeypatch, answer, says):
        """It would be no evidence of anything."""
        wrong = np.zeros((1, 1)) if answer is None else None

        def predict(self, features):
            return wrong if wrong is not None else np.full((features.height, 2), answer)

        monkeypatch.setattr(Share, "predict_proba", predict)
        found = forecast(told(2), side([DAY * place for place in range(40)]), {"seeds": {"model": 1}})
        assert says in found.why

    def test_functions_before_the_trainer_run_again_too(self, monkeypatch):
        """What stands on train is made of the earlier rows, with its params, its seed and what was made before."""
        here = SimpleNamespace(
            scale=lambda train, params: train.features["x"].max() * params.factor,
            model=lambda train, scale, seed, table: (seen.append((scale, seed, table)), Share(train))[1],
        )
        seen: list[tuple[float, int, str]] = []
        monkeypatch.setitem(__import__("sys").modules, "made_for_this", here)
        wants = (
            Want("train", "train", "train", ""),
            Want("scale", "made", "scale", ""),
            Want("seed", "given", "seed", ""),
            Want("table", "kept", "weather", "lazy"),
        )
        fits = (
            Fit("scale", "made_for_this", (wants[0], Want("params", "given", "params", "")), ("factor",)),
            Fit("model", "made_for_this", wants, ()),
        )
        rolling = Rolling("binary", 2, 2, "10d", "0s", fits)
        values = {"seeds": {"scale": 1, "model": 77}, "params": {"factor": 10, "other": 1}, "weather:lazy": "rain"}
        found = forecast(rolling, side([DAY * place for place in range(40)]), values)
        assert not found.why
        assert seen == [(340.0, 77, "rain")]
