"""The form of the route orm_post."""

import json

import pytest

from target_site.routes.orm_post import PostForm, invalid_form_response


def test_a_valid_form_loses_white_space_around_its_fields() -> None:
    form = PostForm({"title": " t ", "content": "c\n"})
    assert form.is_valid()
    assert form.cleaned_data == {"title": "t", "content": "c"}


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        ({}, {"title": ["required"], "content": ["required"]}),
        ({"title": "t" * 101, "content": " "}, {"title": ["max_length"], "content": ["required"]}),
        ({"title": "t", "content": "c" * 100_001}, {"content": ["max_length"]}),
    ],
    ids=["empty", "long title", "long content"],
)
def test_an_invalid_form_is_a_problem_with_its_errors(data: dict[str, str], codes: dict[str, list[str]]) -> None:
    form = PostForm(data)
    assert not form.is_valid()
    response = invalid_form_response(form)
    body = json.loads(response.content)
    assert (response.status_code, body["status"], body["detail"]) == (400, 400, "the form is not valid")
    assert {field: [error["code"] for error in errors] for field, errors in body["errors"].items()} == codes
