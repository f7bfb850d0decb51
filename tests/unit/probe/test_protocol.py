"""The names that the lab and a server's process have in common."""

import pytest

from locust_asyncdjango.probe import protocol


def test_the_site_has_the_same_names() -> None:
    pytest.importorskip("django", reason="needs Django: pip install 'locust-asyncdjango[target]'")
    from django.urls import resolve

    from target_site.site_info import access, preflight

    assert (access.TOKEN_VARIABLE, access.TOKEN_HEADER) == (protocol.TOKEN_VARIABLE, protocol.TOKEN_HEADER)
    assert resolve(protocol.PREFLIGHT_PATH).func is preflight.preflight_json
    assert resolve(protocol.SLOTS_PATH).func is preflight.slots


def test_locust_does_not_get_the_token() -> None:
    # The lab leaves all variables of this prefix out of the environment that it gives to Locust.
    assert protocol.TOKEN_VARIABLE.startswith("LOCUST_")
