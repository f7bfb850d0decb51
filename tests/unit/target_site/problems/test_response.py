"""The response that carries a problem."""

import json

from target_site.problems.response import problem_response


def test_a_problem_has_its_members_behind_type_title_and_status() -> None:
    response = problem_response(409, "Conflict", detail="taken", exception="x.Error")
    assert (response.status_code, response["Content-Type"]) == (409, "application/problem+json")
    assert list(json.loads(response.content).items()) == [
        ("type", "about:blank"),
        ("title", "Conflict"),
        ("status", 409),
        ("detail", "taken"),
        ("exception", "x.Error"),
    ]


def test_a_problem_needs_no_more_than_a_title() -> None:
    assert json.loads(problem_response(404, "Not Found").content) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
    }
