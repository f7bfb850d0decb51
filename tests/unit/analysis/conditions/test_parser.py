"""The parser of conditions, by way of thresholds: texts -> thresholds, or what is wrong with the text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from locust_asyncdjango.analysis.conditions.parser import METRICS
from locust_asyncdjango.analysis.thresholds import Crossing, Threshold, ThresholdError, parse_threshold
from locust_asyncdjango.failures import classify
from locust_asyncdjango.failures.classify import FailureClassifier
from locust_asyncdjango.failures.kinds import KINDS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("db_too_many_clients>0", ("db_too_many_clients", ">", 0.0, "", 0), id="a kind is counted"),
        pytest.param("timeout>=2%", ("timeout", ">=", 0.02, "%", 0), id="a kind's share"),
        pytest.param("failures>10", ("failures", ">", 10.0, "", 0), id="all failures"),
        pytest.param("failures>10%", ("failures", ">", 0.1, "%", 0), id="their share"),
        pytest.param("ratio>2.3%", ("ratio", ">", 0.023, "%", 0), id="per cent, without a rounding"),
        pytest.param("ratio>0.023", ("ratio", ">", 0.023, "%", 0), id="the same as a share"),
        pytest.param("ratio>=1", ("ratio", ">=", 1.0, "%", 0), id="everything failed"),
        pytest.param("p95>800ms", ("p95", ">", 800.0, "ms", 0), id="a percentile"),
        pytest.param("p95>800", ("p95", ">", 800.0, "ms", 0), id="milliseconds unless said"),
        pytest.param("p99.9>=2s", ("p99.9", ">=", 2000.0, "ms", 0), id="a percentile with decimals, in seconds"),
        pytest.param("p50>.5s", ("p50", ">", 500.0, "ms", 0), id="no digit before the point"),
        pytest.param("mean>300ms", ("mean", ">", 300.0, "ms", 0), id="the mean"),
        pytest.param("rps<50", ("rps", "<", 50.0, "/s", 0), id="a rate"),
        pytest.param("rps<=50/s", ("rps", "<=", 50.0, "/s", 0), id="a rate with its unit"),
        pytest.param("requests<1000", ("requests", "<", 1000.0, "", 0), id="all requests"),
        pytest.param("p95>800ms for 10s", ("p95", ">", 800.0, "ms", 10), id="seconds"),
        pytest.param("p95>800ms for 2m", ("p95", ">", 800.0, "ms", 120), id="minutes"),
        pytest.param("p95>800ms for 1h", ("p95", ">", 800.0, "ms", 3600), id="an hour"),
        pytest.param("p95>800ms for 7", ("p95", ">", 800.0, "ms", 7), id="seconds unless said"),
        pytest.param("p 95\t>= 0.5 s  for 2 m", ("p95", ">=", 500.0, "ms", 120), id="white space is free"),
        pytest.param("p95>800msfor10s", ("p95", ">", 800.0, "ms", 10), id="and not needed"),
    ],
)
def test_a_threshold_is_parsed(text: str, expected: tuple[str, str, float, str, int]) -> None:
    assert parse_threshold(f" {text}\n") == Threshold(text, *expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("p95{GET /posts/}>800ms", ("p95", ">", 800.0, "ms", 0, "GET /posts/"), id="method and name"),
        pytest.param("failures{/login/}>1% for 10s", ("failures", ">", 0.01, "%", 10, "/login/"), id="any method"),
        pytest.param("rps { POST / } < 5", ("rps", "<", 5.0, "/s", 0, "POST /"), id="white space is free"),
        pytest.param("p95{GET /{id}/for/}>1 for 2", ("p95", ">", 1.0, "ms", 2, "GET /{id}/for/"), id="braces in it"),
        pytest.param("timeout{GET /?a=1>2}>=3", ("timeout", ">=", 3.0, "", 0, "GET /?a=1>2"), id="comparisons in it"),
        pytest.param(
            "mean{GET /?token=abc}>1s", ("mean", ">", 1000.0, "ms", 0, "GET /?token=***"), id="a secret in it"
        ),
    ],
)
def test_a_threshold_may_be_about_the_requests_with_one_name(text: str, expected: tuple[object, ...]) -> None:
    assert parse_threshold(text) == Threshold(text, *expected)  # type: ignore[arg-type]


BRACES = "write the name of the requests between two braces, as in p95{GET /posts/}>800ms"
COMPARE = "say what it is compared with, as in p95>800ms"
SHARE = "a share is at most 1, which is 100%; for one per cent write 1% or 0.01"
PERCENTILE = "a percentile is above 0 and at most 100, as in p95 or p99.9"
DURATION = "is not a duration; give at least one whole second, as in for 10s or for 2m"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", COMPARE, id="nothing"),
        pytest.param("p95", COMPARE, id="no comparison"),
        pytest.param("p95 800ms", COMPARE, id="a comparison forgotten"),
        pytest.param("p95>", COMPARE, id="no value"),
        pytest.param("p95> for 10s", COMPARE, id="no value, but a duration"),
        pytest.param("p95{}>1", BRACES, id="no name"),
        pytest.param("p95{GET />1", BRACES, id="a brace forgotten"),
        pytest.param("p95GET /}>1", BRACES, id="the first one forgotten"),
        pytest.param("p95=1", "there is no comparison '='; use one of > >= < <=", id="equality"),
        pytest.param("p95=>1", "there is no comparison '=>'; use one of > >= < <=", id="swapped"),
        pytest.param(
            "db_to_many_clients>0",
            "there is no metric or kind 'db_to_many_clients'; did you mean db_too_many_clients?",
            id="a slip in a kind",
        ),
        pytest.param("RPS<5", "there is no metric or kind 'RPS'; did you mean rps?", id="capitals"),
        pytest.param(
            "zz>1",
            f"there is no metric or kind 'zz'; choose one of p95, mean, rps, requests, failures, ratio, "
            f"{', '.join(KINDS)}",
            id="like nothing there is",
        ),
        pytest.param("p0>1", PERCENTILE, id="the 0th percentile"),
        pytest.param("p100.1>1", PERCENTILE, id="more than all"),
        pytest.param("p95>fast", "'fast' is not a number; write p95>1 or p95>1ms or p95>1s", id="a word"),
        pytest.param("p95>-5", "'-5' is not a number; write p95>1 or p95>1ms or p95>1s", id="below zero"),
        pytest.param("rps<1e3", "'1e3' is not a number; write rps>1 or rps>1/s", id="an exponent"),
        pytest.param("requests<1,000", "'1,000' is not a number; write requests>1", id="a separator"),
        pytest.param(
            "failures>1ms",
            "failures is not measured in 'ms'; give a plain number or with %",
            id="time of a count",
        ),
        pytest.param("requests<1%", "requests is not measured in '%'; give a plain number", id="share of everything"),
        pytest.param(
            "mean>1m",
            "mean is not measured in 'm'; give a plain number or with ms or with s",
            id="minutes of latency",
        ),
        pytest.param("ratio>5", SHARE, id="per cent forgotten"),
        pytest.param("timeout>101%", SHARE, id="more than all requests"),
        pytest.param("rps<5 for 0s", f"'0s' {DURATION}", id="no second"),
        pytest.param("rps<5 for 1.5s", f"'1.5s' {DURATION}", id="half a second"),
        pytest.param("rps<5 for", f"'' {DURATION}", id="a duration forgotten"),
        pytest.param("rps<5 for 10 days", f"'10 days' {DURATION}", id="days"),
    ],
)
def test_what_is_refused_and_what_to_do(text: str, message: str) -> None:
    with pytest.raises(ThresholdError) as raised:
        parse_threshold(text)
    assert str(raised.value) == f"{text!r}: {message}"


def test_a_kind_of_the_users_own_is_known_once_it_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = FailureClassifier()
    monkeypatch.setattr(classify, "DEFAULT_CLASSIFIER", classifier)
    with pytest.raises(ThresholdError):
        parse_threshold("search_index_stale>0")
    classifier.add_rule("search_index_stale", status=410)
    assert parse_threshold("search_index_stale>0").metric == "search_index_stale"


fragments = st.sampled_from(
    [
        *METRICS,
        "p50",
        "p99.9",
        "p100",
        "timeout",
        ">",
        ">=",
        "<",
        "=",
        "0",
        "7",
        "99.9",
        ".",
        "%",
        "ms",
        "s",
        "/s",
        " ",
        "\n",
        "for",
    ]
)


@given(st.text() | st.lists(fragments).map("".join))
@example(f"p95>1 for {'9' * 5000}")
@example(f"failures>{'9' * 500}")
def test_any_text_is_a_threshold_or_refused_in_one_line(text: str) -> None:
    try:
        read = parse_threshold(text)
    except ThresholdError as error:
        message = str(error)
    else:
        message = Crossing(read, 0, 0, read.value).text
        assert parse_threshold(read.text) == read
    assert message.isprintable()
