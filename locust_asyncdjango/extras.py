"""The extras of this package, and how a message says that one of them is missing."""


def install_command(extra: str) -> str:
    """Return the command that installs an extra of this package, and that for a checkout, as a part of a message."""
    return f"pip install 'locust-asyncdjango[{extra}]', or in a checkout pip install -e '.[{extra}]'"


def missing_extra(user: str, extra: str, package: str | None) -> str:
    """Return the message for a package that is not installed. user: what needs the extra. package: of the extra."""
    return f"{user} needs the extra {extra} ({package} is not installed): {install_command(extra)}"
