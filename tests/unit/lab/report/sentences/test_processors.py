"""How busy the machine was, in words."""

from dataclasses import replace

from locust_asyncdjango.lab.report.sentences.processors import processor_sentences
from tests.support.experiments import ASYNC, SYNC, findings_of, repeated, with_busy_processors


def test_the_share_of_the_generator_is_said() -> None:
    findings = with_busy_processors(repeated((50.0, 100.0), (51.0, 99.0)), 98.0, 60.0, generator_percent=70.0)
    assert processor_sentences(findings) == [
        "processor time at full load (2 processors): 79 % of it was used, 35 % of it by the generator"
    ]
    assert processor_sentences(repeated((50.0, 100.0))) == []


def test_arms_on_which_it_differs_have_a_range() -> None:
    quiet = with_busy_processors(findings_of([SYNC, ASYNC]), 20.0, 10.0, generator_percent=8.0)
    busy = with_busy_processors(findings_of([SYNC, ASYNC]), 98.0, 60.0, generator_percent=70.0)
    samples = {**quiet.resource_samples, ASYNC.trial.id: busy.resource_samples[ASYNC.trial.id]}
    assert processor_sentences(replace(quiet, resource_samples=samples)) == [
        "processor time at full load (2 processors): 15 to 79 % of it was used, 4 to 35 % of it by the generator"
    ]
