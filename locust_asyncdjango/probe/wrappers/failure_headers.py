"""The headers that a failed response gets."""

from ..protocol import DETAILS_HEADER, FAILURE_HEADER, FailureDetails, write_details
from ..recording.record import RequestRecord


def failure_headers(record: RequestRecord, *, wants_details: bool) -> list[tuple[str, str]]:
    """Return the headers that name what failed, and the details where the request asks for them.

    A server error without an exception has them too, so that the lab knows it from one that the project has not made.
    """
    headers = [(FAILURE_HEADER, record.failure)] if record.failure else []
    if wants_details and record.details:
        headers.append((DETAILS_HEADER, record.details))
    elif wants_details and record.status >= 500 and not record.failure:
        headers.append((DETAILS_HEADER, write_details(FailureDetails())))
    return headers
