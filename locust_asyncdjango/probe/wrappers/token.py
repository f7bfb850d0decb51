"""The token of a start of the server: the probe answers, and records, for those alone who send it."""

import hmac


class Token:
    """The token of this start. value: "" for a server that was started without one; then no token is right."""

    def __init__(self, value: str) -> None:
        self._value = value.encode("utf-8", "replace")

    def is_right(self, sent: bytes) -> bool:
        """Return whether a request has the token. The time that this takes says nothing about the token."""
        return bool(self._value) and hmac.compare_digest(sent, self._value)
