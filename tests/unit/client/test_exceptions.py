"""Failures as exceptions, and what request events tell."""

import errno
from typing import Any

import pytest
import requests
from locust.exception import CatchResponseError

from locust_asyncdjango.client import exceptions
from locust_asyncdjango.client.exceptions import FailedRequestError, failure_from_event, make_error
from locust_asyncdjango.failures.classify import DEFAULT_CLASSIFIER
from locust_asyncdjango.failures.counts import MESSAGES_LIMIT
from locust_asyncdjango.failures.model import Failure


def failure(message: str, kind: str = "app_error") -> Failure:
    return Failure(kind, "server", message, "")


def test_each_kind_has_a_class_whose_name_opentelemetry_takes() -> None:
    error = make_error("/", failure("too many", "db_too_many_clients"), 500)
    assert type(error).__name__ == "db_too_many_clients"
    assert type(error) is type(make_error("/", failure("x", "db_too_many_clients"), 503))
    assert type(error) is not type(make_error("/", failure("too many"), 500))
    assert isinstance(error, FailedRequestError)
    assert (repr(error), str(error), error.code) == ("db_too_many_clients: too many",) * 2 + (500,)


def test_locusts_table_gets_a_bounded_number_of_messages_and_they_stay_the_same() -> None:
    DEFAULT_CLASSIFIER.start_run()
    errors = [make_error("/", failure(f"message {n}"), 500) for n in range(MESSAGES_LIMIT + 100)]
    shown = [repr(error) for error in errors]
    assert len(set(shown)) == MESSAGES_LIMIT + 1
    assert shown[-1] == "app_error: other"
    assert [repr(error) for error in errors] == shown
    assert errors[-1].failure.message == f"message {MESSAGES_LIMIT + 99}"
    DEFAULT_CLASSIFIER.start_run()
    assert repr(errors[-1]) == f"app_error: message {MESSAGES_LIMIT + 99}"


class Response:
    """Any client's."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class BrokenResponse:
    status_code = property(lambda _self: 1 / 0)


REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "x")
FULL = Response(status_code=500, headers={}, content=b"sorry, too many clients already")


@pytest.mark.parametrize(
    ("exception", "response", "kind"),
    [
        pytest.param(make_error("/", failure("x", "timeout"), 0), None, "timeout", id="named already"),
        pytest.param(ValueError("500"), FULL, "db_too_many_clients", id="a client of any kind"),
        pytest.param(requests.HTTPError("500", response=FULL), None, "db_too_many_clients", id="its answer with it"),
        pytest.param("no good", Response(status_code=200), "check_failed", id="a string for an exception"),
        pytest.param(
            CatchResponseError("x"), Response(status_code=0, error=REFUSED), "connect_refused", id="no answer"
        ),
        pytest.param(CatchResponseError("x"), Response(status_code=0), "check_failed", id="nobody knows why"),
        pytest.param(
            CatchResponseError("x"),
            Response(status_code=0, error=exceptions.wrap_exception("/", REFUSED)),
            "connect_refused",
            id="no answer, and named",
        ),
        pytest.param(
            ValueError("x"), Response(status_code=500, _content=False, content=None), "app_error", id="unread"
        ),
        pytest.param(ValueError("x"), Response(status_code="503", content="busy"), "unavailable_503", id="as text"),
        pytest.param(ValueError("x"), BrokenResponse(), "no_response", id="a response that cannot be read"),
        pytest.param(ValueError("x"), None, "no_response", id="no answer, and nothing known"),
    ],
)
def test_the_kind_of_a_request_event(exception: Any, response: Any, kind: str) -> None:
    assert failure_from_event(exception, response).kind == kind
