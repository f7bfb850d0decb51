"""Numbers with their nouns: "1 user", "2 users"."""


def counted(count: object, noun: str) -> str:
    """Return a number and a noun, which gets an s unless the number is 1. count: a whole number, or its text."""
    return f"{count} {noun}{'' if str(count) == '1' else 's'}"
