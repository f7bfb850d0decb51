"""What people see: the target site's overview, and Locust's web UI with our shape."""

import json
import re
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from locust_asyncdjango.lab.process import free_port
from locust_asyncdjango.lab.trial import locustfile
from locust_asyncdjango.routes import ROUTES
from tests.support import locust, running, wait_for_page


def test_the_overview_shows_every_route_and_leads_to_it(page: Page, wsgi_url: str) -> None:
    page.goto(wsgi_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("target_site on WSGI")
    expect(page.get_by_role("heading", level=3)).to_have_count(len(ROUTES))
    variants = sum(len(route.sync_variants) + len(route.async_variants) for route in ROUTES.values())
    expect(page.get_by_role("row")).to_have_count(variants)
    expect(page.get_by_text("The first 25 posts and the count of all: two queries.")).to_be_visible()
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


def test_the_overview_fits_a_phone(page: Page, wsgi_url: str) -> None:
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


def test_the_tab_of_failure_kinds_with_a_base_path_and_a_login(page: Page, other_url: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(LOGIN)
    ui = f"http://127.0.0.1:{(port := free_port())}/load"
    web = ["--web-host", "127.0.0.1", "--web-port", str(port), "--web-base-path", "/load", "--web-login"]
    with running(*locust("-f", mine, *web, "-H", other_url)):
        wait_for_page(f"{ui}/login")
        with urllib.request.urlopen(f"{ui}/failure-kinds.json") as response:
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
