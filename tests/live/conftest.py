"""What the tests with real programs share."""

from collections.abc import Iterator

import pytest

from tests.support.proxy import Proxied, proxied


@pytest.fixture(scope="session", autouse=True)
def _seeded_once(seeded_template: None) -> None:
    """Let all labs that tests start copy one database."""


@pytest.fixture(scope="module")
def shared_proxy() -> Iterator[Proxied]:
    """A proxy for tests that set all that they need."""
    with proxied() as proxy:
        yield proxy
