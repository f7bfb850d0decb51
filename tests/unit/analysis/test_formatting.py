"""Figures of a run in words."""

from locust_asyncdjango.analysis.formatting import format_count, format_onset, format_rate, key_figures
from locust_asyncdjango.analysis.saturation import Onset
from tests.support.figures import figures


def test_the_numbers_in_words() -> None:
    told = key_figures(figures(28.34, 105, 4210, Onset(3, 20, 15, 25)))
    assert [(number.name, number.text) for number in told] == [
        ("peak of successful requests", "28.3 (26.9-29.8) req/s at 105 (95-115) users"),
        ("successes", "4210 (4110-4310)"),
        ("slowdown starts", "at 20 (15-25) users, after 3 s"),
        ("errors start", "none"),
    ]


def test_an_interval_that_is_the_number_is_left_out_and_large_rates_have_no_decimal() -> None:
    assert (format_count(19, (19, 19)), format_rate(123.5, (99.96, 140.4))) == ("19", "124 (100-140)")
    assert format_onset(Onset(3, 20, 20, 20)) == "at 20 users, after 3 s"
