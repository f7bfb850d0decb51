"""What follows from the declaration of the columns: merging, JSON, CSV and the tables of the docs."""

from collections import Counter
from pathlib import Path

import pytest

from locust_asyncdjango.metrics import interval, row
from locust_asyncdjango.metrics.columns import LARGEST_KNOWN, SUM_BY_KIND, Column, largest_known

PAGE = Path(__file__).parents[3] / "docs" / "saturation.md"


def rows_of_json() -> list[str]:
    return [f"| `{each.name}` | {each.meaning} |" for each in row.COLUMNS]


def rows_of_csv() -> list[str]:
    written = [each for each in interval.COLUMNS if each.csv]
    return [f"| {', '.join(f'`{name}`' for name in each.csv)} | {each.meaning} |" for each in written]


@pytest.mark.parametrize(
    ("head", "rows"), [("| member | meaning |", rows_of_json()), ("| columns | meaning |", rows_of_csv())]
)
def test_the_docs_have_every_column_with_its_meaning(head: str, rows: list[str]) -> None:
    assert "\n".join([head, "|---|---|", *rows, "", ""]) in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("each", [*row.COLUMNS, *interval.COLUMNS], ids=lambda each: each.name)
def test_every_column_has_a_meaning(each: Column) -> None:
    assert len(each.meaning.split()) > 2
    assert not each.meaning.endswith(".")


def test_adding_leaves_the_second_value_as_it_is() -> None:
    first, second = Counter(a=1), Counter(a=2, b=1)
    assert SUM_BY_KIND.add(first, second) == Counter(a=3, b=1)
    assert second == Counter(a=2, b=1)


@pytest.mark.parametrize(
    ("one", "other", "largest"), [(None, None, None), (None, 0, 0), (5, None, 5), (5, 7, 7), (0, 0, 0)]
)
def test_what_is_not_known_does_not_hide_what_is(one: int | None, other: int | None, largest: int | None) -> None:
    assert largest_known(one, other) == LARGEST_KNOWN.add(one, other) == largest
