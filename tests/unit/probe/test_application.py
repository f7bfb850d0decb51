"""The project's application by its name."""

import pytest

from locust_asyncdjango.probe.application import import_attribute


@pytest.mark.parametrize("name", ["json:dumps", "json.dumps", "os:path.join", "os.path.join"])
def test_an_attribute_of_a_module(name: str) -> None:
    assert import_attribute(name).__name__ in {"dumps", "join"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere_at_all:application", "No module named 'nowhere_at_all'"),
        ("json:application", "'json' has no attribute 'application', which LOCUST_ASYNCDJANGO_APPLICATION names"),
        ("json", "LOCUST_ASYNCDJANGO_APPLICATION must be module:attribute, not 'json'"),
        (":application", "LOCUST_ASYNCDJANGO_APPLICATION must be module:attribute, not ':application'"),
        ("json:", "LOCUST_ASYNCDJANGO_APPLICATION must be module:attribute, not 'json:'"),
    ],
)
def test_a_name_that_leads_nowhere(name: str, message: str) -> None:
    with pytest.raises(ImportError, match=f"^{message}$"):
        import_attribute(name)
