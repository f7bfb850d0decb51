"""What people see: the target site's index page, and Locust's web UI with our shape."""

import json
import re
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect

from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.commands.report import write_report_files
from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.report import experiment_report, run_report
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from locust_asyncdjango.routes import ROUTES
from tests.support.experiments import at_full_load, experiment
from tests.support.figures import figures, ramp
from tests.support.programs import locust, running, wait_for_page

# They share what their module starts.
pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.without_debian]


def test_the_index_page_shows_every_route_and_leads_to_it(page: Page, wsgi_url: str) -> None:
    page.goto(wsgi_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("target_site on WSGI")
    expect(page.get_by_role("heading", level=3)).to_have_count(len(ROUTES))
    variants = sum(len(route.sync_variants) + len(route.async_variants) for route in ROUTES.values())
    expect(page.get_by_role("row")).to_have_count(variants)
    expect(page.get_by_text("Reads the first 25 posts and the number of all posts: two queries.")).to_be_visible()
    expect(page.locator("dl").first).to_contain_text("psycopg2")
    page.get_by_role("link", name="/io_read/", exact=True).click()
    expect(page.locator("body")).to_contain_text('"count":')


def test_the_templates_page_runs_its_scripts_and_shows_its_title_as_text(page: Page, wsgi_url: str) -> None:
    title = "</script><script>document.title = 'taken over'</script>"
    for variant in ("sync", "async", "class_sync", "class_async"):
        page.goto(f"{wsgi_url}/template/{variant}/?{urlencode({'title': title})}")
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page).to_have_title(title)
        expect(page.locator("html")).to_have_attribute("data-script", "head")
        expect(page.locator("html")).to_have_attribute("data-title", title)


def test_the_index_page_fits_a_phone(page: Page, wsgi_url: str) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(wsgi_url)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_web_ui_offers_the_shapes_cap_and_rate_and_runs_it(page: Page, other_url: str) -> None:
    ui = f"http://127.0.0.1:{(port := free_port())}"
    arguments = ["--shape", "RampTo500", "--path", "/blog/latest/", "-H", other_url]
    with running(
        *locust("-f", locustfile("io_read"), *arguments, "--web-host", "127.0.0.1", "--web-port", str(port))
    ) as ran:
        wait_for_page(ui)
        page.goto(ui)
        expect(page.get_by_label("Number of users")).to_have_value("500")
        expect(page.get_by_label("Ramp up")).to_have_value("5")
        page.get_by_label("Number of users").fill("10")
        page.get_by_role("button", name=re.compile("start", re.IGNORECASE)).click()
        expect(page.get_by_text("/blog/latest/").first).to_be_visible()
        page.get_by_role("button", name=re.compile("^stop$", re.IGNORECASE)).click()
        ran.wait_for("where this run saturated")


def test_a_page_of_another_site_reads_none_of_our_data(page: Page, other_url: str) -> None:
    ui = f"http://127.0.0.1:{(port := free_port())}"
    web = ["--web-host", "127.0.0.1", "--web-port", str(port), "--autostart", "-u", "1", "-r", "1"]
    with running(*locust("-f", locustfile("io_read"), *web, "--path", "/full/", "-H", other_url)):
        wait_for_page(ui)
        read = "url => fetch(url).then(response => response.text(), error => String(error))"
        paths = ("failure-kinds.json", "live-charts.json", "live-charts", "stats/requests")
        page.goto(f"{ui}/live-charts")
        own = [page.evaluate(read, f"{ui}/{path}") for path in paths]
        assert [text for text in own if text.startswith("TypeError")] == []
        page.goto(f"{other_url}/blog/latest/")
        others = [page.evaluate(read, f"{ui}/{path}") for path in paths]
        assert others == ["TypeError: Failed to fetch"] * len(paths)


def test_a_shape_of_the_catalogue_is_chosen_in_the_class_picker(page: Page, other_url: str) -> None:
    ui = f"http://127.0.0.1:{(port := free_port())}"
    arguments = ["--class-picker", "--path", "/blog/latest/", "-H", other_url]
    with running(
        *locust("-f", locustfile("io_read"), *arguments, "--web-host", "127.0.0.1", "--web-port", str(port))
    ) as ran:
        wait_for_page(ui)
        page.goto(ui)
        page.get_by_label("Shape Class").select_option("Spike")
        page.get_by_role("button", name=re.compile("start", re.IGNORECASE)).click()
        expect(page.get_by_text("/blog/latest/").first).to_be_visible()
        page.goto(f"{ui}/live-charts")
        expect(page.get_by_text(", Spike")).to_be_visible()
        expect(page.locator(".u-legend").first).to_contain_text("users planned")
        page.get_by_role("link", name="Back to Locust").click()
        page.get_by_role("button", name=re.compile("^stop$", re.IGNORECASE)).click()
        ran.wait_for("where this run saturated")


def test_the_tabs_and_the_charts_with_a_base_path_and_a_login(page: Page, other_url: str, tmp_path: Path) -> None:
    login_locustfile = tmp_path / "mine.py"
    login_locustfile.write_text(LOGIN)
    ui = f"http://127.0.0.1:{(port := free_port())}/load"
    web = ["--web-host", "127.0.0.1", "--web-port", str(port), "--web-base-path", "/load", "--web-login"]
    with running(*locust("-f", login_locustfile, *web, "-H", other_url)):
        wait_for_page(f"{ui}/login")
        for path in ("failure-kinds.json", "live-charts", "live-charts.json", "live-charts/charts.js"):
            with urllib.request.urlopen(f"{ui}/{path}") as response:
                assert response.url.startswith(f"{ui}/login")
        page.goto(f"{ui}/in")
        page.get_by_role("button", name=re.compile("start", re.IGNORECASE)).click()
        page.get_by_role("tab", name="Failure kinds").click()
        row = page.get_by_role("row").filter(has_text="db_too_many_clients (server)")
        expect(row).to_contain_text("HTTP 500, FATAL: sorry, too many clients already")
        expect(row).to_contain_text("raise max_connections")
        expect(row).to_contain_text("GET /full/")
        page.get_by_role("tab", name="Download data").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download failure kinds (JSON)").click()
        assert json.loads(download.value.path().read_text())["failures"][0]["kind"] == "db_too_many_clients"
        page.get_by_role("tab", name="Saturation").click()
        expect(page.get_by_role("row").filter(has_text="errors start")).to_contain_text("fails at every load")
        expect(page.get_by_role("row").filter(has_text="charts")).to_contain_text("/load/live-charts")
        page.get_by_role("tab", name="Download data").click()
        page.get_by_role("link", name="Live charts").click()
        expect(page.get_by_role("status")).to_have_text("running")
        expect(page.get_by_text("Full on http://127.0.0.1:")).to_be_visible()
        figures = page.get_by_role("figure")
        expect(figures).to_have_count(3)
        failures_chart = page.get_by_role("img", name="Failures a second by kind")
        expect(failures_chart).to_have_attribute("aria-label", re.compile("db_too_many_clients"))
        # The page updates itself: the last second, which the legend shows, changes.
        last = page.locator(".u-legend td").first
        before = last.text_content()
        expect(last).not_to_have_text(before or "")
        expect(page.get_by_role("row").filter(has_text="raise max_connections")).to_contain_text("db_too_many_clients")
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        page.get_by_role("link", name="Back to Locust").click()
        expect(page.get_by_role("tab", name="Saturation")).to_be_visible()


def test_a_report_is_read_without_a_network_on_a_phone_and_on_paper(page: Page, tmp_path: Path) -> None:
    rows = [
        Row(
            t,
            5 * t,
            ok := min(50 * t, 600),
            Counter({"db_too_many_clients": t} if t > 20 else {}),
            ok_ms=Counter({5000.0 * t / max(ok, 1): ok}),
        )
        for t in range(40)
    ]
    failures: dict[str, Any] = {"failures": [], "samples": []}
    content = run_report.build_report(
        Series.from_rows({"user_classes": ["</script><script>alert(1)</script>"]}, rows), failures
    )
    write_report_files(file := tmp_path / "run.html", run_report.render_all(content))
    requested = opened_offline(page, file)
    expect(page.get_by_role("heading", level=1)).to_have_text("Where </script><script>alert(1)</script> saturated")
    expect(
        page.get_by_text("the first failure was db_too_many_clients, at 102 (100-105) users, after 21 s")
    ).to_be_visible()
    expect(page.get_by_role("figure")).to_have_count(5)
    expect(page.locator("figure canvas")).to_have_count(5)
    expect(page.get_by_role("img", name="Successful requests a second over users")).to_be_visible()
    fits_screens_and_paper(page)
    assert [url for url in requested if not url.startswith(("file:", "data:"))] == []


def test_the_report_of_an_experiment_shows_every_trial_and_every_difference(page: Page, tmp_path: Path) -> None:
    planned_experiment = experiment(servers=("gunicorn-sync", "gunicorn-uvicorn"), latencies_ms=(0, 100), repeats=2)
    planned = trials(planned_experiment)
    series = Series.from_rows({}, [Row(t, 5 * t, ok := min(5 * t, 60), ok_ms=Counter({100.0: ok})) for t in range(30)])
    results = (
        Result(
            trial, at_full_load(figures(50.0 + number, 60, 900)), "", {}, caveats=("</ul><script>alert(1)</script>",)
        )
        for number, trial in enumerate(planned)
    )
    findings = Findings(planned_experiment, tuple(results), {trial.id: series for trial in planned})
    file = tmp_path / "report.html"
    file.write_text(experiment_report.render_html(findings, {"versions": {"python": "3"}}), encoding="utf-8")
    requested = opened_offline(page, file)
    # Two charts of each of eight trials without failures; three of each of two subjects; the peaks over latency.
    expect(page.locator("figure canvas")).to_have_count(2 * 8 + 3 * 2 + 1)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    expect(page.get_by_role("img", name="Peak over latency")).to_be_visible()
    expect(page.locator("svg.whiskers")).to_have_count(2)
    expect(page.get_by_text("caveat: io_read on gunicorn-sync: </ul><script>alert(1)</script>")).to_be_visible()
    fits_screens_and_paper(page)
    assert [url for url in requested if not url.startswith(("file:", "data:"))] == []


def test_the_first_screen_of_a_report_has_the_answer(page: Page, tmp_path: Path) -> None:
    wanted = experiment(servers=("gunicorn-sync", "gunicorn-uvicorn"))
    planned = trials(wanted)
    series = {trial.id: ramp(breaks_at=200, slots=60 * number) for number, trial in enumerate(planned, 1)}
    results = tuple(Result(trial, find_saturation(series[trial.id].intervals), "", {}) for trial in planned)
    file = tmp_path / "report.html"
    file.write_text(experiment_report.render_html(Findings(wanted, results, series), {}), encoding="utf-8")
    opened_offline(page, file)
    for width, height in ((1400, 900), (400, 800)):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            expect(page.get_by_role("heading", level=1)).to_have_text("Should io_read be sync or async?")
            lead = page.get_by_text("Async, on gunicorn-uvicorn")
            assert bottom(lead) < height / 2
            assert bottom(page.locator("figure canvas").first) <= height + 60  # its axis may be below
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert contrast(lead) >= 7
            assert contrast(page.locator(".context")) >= 4.5
    rows = page.get_by_role("table").first.locator("tbody tr")
    expect(rows.first).to_contain_text("gunicorn-uvicorn")
    expect(rows).to_have_count(2)
    expect(page.get_by_role("img", name="Latency, p95")).to_have_attribute("aria-label", re.compile("objective: p95"))
    page.set_viewport_size({"width": 1400, "height": 900})
    assert bottom(rows.last) <= 900
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the values (CSV)").first.click()
    assert download.value.path().read_text().startswith("users,Goodput: gunicorn-uvicorn,Goodput: gunicorn-sync")


def bottom(element: Locator) -> float:
    box = element.bounding_box()
    assert box
    return box["y"] + box["height"]


def contrast(element: Locator) -> float:
    """Return the contrast of a text with the background of the nearest element that has one, as WCAG defines it."""
    return float(
        element.evaluate(
            """(element) => {
              const luminance = (colour) => {
                const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
                const linear = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
                return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
              };
              let behind = element;
              while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
              const [text, back] = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
              const [darker, lighter] = [luminance(text), luminance(back)].sort((a, b) => a - b);
              return (lighter + 0.05) / (darker + 0.05);
            }"""
        )
    )


def opened_offline(page: Page, file: Path) -> list[str]:
    """Open a page without a network, and return the list of URLs that it requests."""
    requested: list[str] = []
    page.context.set_offline(True)
    page.on("request", lambda request: requested.append(request.url))
    page.goto(file.as_uri())
    return requested


def fits_screens_and_paper(page: Page) -> None:
    for scheme in ("light", "dark"):
        for width in (400, 1400):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme, media="screen")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.emulate_media(media="print")
    expect(page.locator("figure canvas").first).to_be_visible()


# As Locust's manual has it.
LOGIN = """
import flask
from flask_login import UserMixin, login_user
from locust import FastHttpUser, constant, events, task
import locust_asyncdjango.plugin


class Tester(UserMixin):
    def get_id(self):
        return "tester"


class Full(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def full(self):
        self.client.get("/full/")


@events.init.add_listener
def log_in(environment, **_):
    ui = environment.web_ui
    if ui is None:
        return
    ui.app.secret_key = "for this test"
    ui.login_manager.user_loader(lambda user: Tester())

    @ui.app.route("/load/in")
    def enter():
        login_user(Tester())
        return flask.redirect("/load/")
"""
