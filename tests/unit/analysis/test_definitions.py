"""The definitions are spelled once: README and docs repeat the sentences of the code."""

from pathlib import Path

import pytest

from locust_asyncdjango.analysis.definitions import (
    CAPACITY,
    DUE_LATENCY,
    ERRORS,
    GOODPUT,
    PEAK,
    PLATEAU_LATENCY,
    SATURATED,
    SLOWDOWN,
    SUCCESSES,
    WARM_UP,
)
from locust_asyncdjango.analysis.saturation import PEAK_WINDOW_S, SLOW_FACTOR
from locust_asyncdjango.analysis.saturation.plateau import SHORTEST_S
from locust_asyncdjango.metrics.statistics import FEWEST_CORRELATED

WORDS = {1.5: "one and a half times", 10: "ten", 30: "thirty seconds"}
"""How the definitions spell the constants that the figures are computed with."""
ROOT = Path(__file__).parents[3]
SENTENCES = {
    "README.md": [each.sentence for each in (CAPACITY, GOODPUT, PEAK, SLOWDOWN, ERRORS)],
    "docs/saturation.md": [
        *(
            text
            for each in (CAPACITY, GOODPUT, PEAK, SUCCESSES, SLOWDOWN, ERRORS)
            for text in (each.sentence, each.interval)
        ),
        *(PLATEAU_LATENCY, SATURATED, WARM_UP, DUE_LATENCY),
    ],
}


@pytest.mark.parametrize(("page", "sentences"), SENTENCES.items())
def test_a_page_has_the_definitions_word_for_word(page: str, sentences: list[str]) -> None:
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split()).lower()
    assert [sentence for sentence in sentences if sentence.lower() not in text] == []


@pytest.mark.parametrize(
    ("sentence", "constant"),
    [
        (GOODPUT.sentence, SHORTEST_S),
        (GOODPUT.interval, FEWEST_CORRELATED),
        (SATURATED, SLOW_FACTOR),
        (PEAK.sentence, PEAK_WINDOW_S),
        (SLOWDOWN.sentence, SLOW_FACTOR),
        (WARM_UP, SLOW_FACTOR),
    ],
    ids=["plateau", "interval", "saturated", "peak", "slowdown", "warm-up"],
)
def test_a_sentence_has_the_number_that_is_computed_with(sentence: str, constant: float) -> None:
    assert WORDS[constant] in sentence


def test_a_definition_is_one_sentence_with_its_interval() -> None:
    assert ERRORS.text == (
        "the users from which a larger share of the requests fails; a failure by chance is no such moment, and neither"
        " is what fails at every load; in brackets: the fewest and the most users that it may have been"
    )
