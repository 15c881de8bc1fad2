"""The text of /metrics, judged by the reader of the Prometheus client."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from regrove.serving.counters import Counters
from regrove.serving.metrics import render


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestRender:
    """Counters of two workers."""

    def test_totals_are_added_up_and_gauges_stand_for_each_worker(self):
        """A generation has no sum."""
        one, two = Counters(), Counters()
        for counters, generation in ((one, 1), (two, 2)):
            counters.request("/predict", 200)
            counters.put("generation", generation)
        found = samples(render("late", {"0": one.values(), "1": two.values()}))
        here = ("deployment", "late")
        requests = (here, ("route", "/predict"), ("status", "200"))
        assert found["regrove_http_requests_total", requests] == 2
        assert found["regrove_generation", (here, ("worker", "0"))] == 1
        assert found["regrove_generation", (here, ("worker", "1"))] == 2

    def test_the_histogram_is_cumulative_and_in_seconds(self):
        """Its last bucket is its count."""
        counters = Counters()
        for seconds in (0.0004, 0.004, 0.004, 99.0):
            counters.took(seconds)
        text = render("late", {"0": counters.values()})
        [family] = [each for each in text_string_to_metric_families(text) if each.type == "histogram"]
        buckets = [each.value for each in family.samples if each.name.endswith("_bucket")]
        assert family.name == "regrove_predict_duration_seconds"
        assert buckets == sorted(buckets) and buckets[0] == 1 and buckets[-1] == 4 and buckets[-2] == 3
        found = samples(text)
        assert found["regrove_predict_duration_seconds_count", (("deployment", "late"),)] == 4
        assert abs(found["regrove_predict_duration_seconds_sum", (("deployment", "late"),)] - 99.0084) < 1e-9

    def test_each_family_says_what_it_is(self):
        """With a sentence and a type."""
        for family in text_string_to_metric_families(render("late", {"0": Counters().values()})):
            assert family.documentation and family.type in ("counter", "gauge", "histogram")
            assert family.name.startswith("regrove_")
