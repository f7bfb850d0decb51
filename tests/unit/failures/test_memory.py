"""Results are remembered within a limit in bytes."""

from locust_asyncdjango.failures.memory import MAX_ITEM_SIZE, remember


def test_results_of_small_arguments_are_remembered() -> None:
    calls: list[tuple[str, bool]] = []

    @remember(2, lambda text, upper=False: len(text))  # noqa: ARG005
    def changed(text: str, upper: bool = False) -> str:
        """Return the text in another case."""
        calls.append((text, upper))
        return text.upper() if upper else text.lower()

    small, large = "A" * MAX_ITEM_SIZE, "A" * (MAX_ITEM_SIZE + 1)
    for _ in range(2):
        assert changed(small) == small.lower()
        assert changed(small, upper=True) == small
        assert changed(large) == large.lower()
    assert calls == [(small, False), (small, True), (large, False), (large, False)]
    assert changed.__doc__ == "Return the text in another case."


def test_no_more_results_than_the_number_are_remembered() -> None:
    calls: list[str] = []

    @remember(2, len)
    def recorded(text: str) -> str:
        calls.append(text)
        return text

    for text in ("a", "b", "c", "a"):
        recorded(text)
    assert calls == ["a", "b", "c", "a"]
