"""Addresses of web servers, as users write them."""

from urllib.parse import urlsplit


def is_web_address(url: str) -> bool:
    """Return whether a text begins like the address of a web server: http:// or https://, a host and perhaps a port."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
