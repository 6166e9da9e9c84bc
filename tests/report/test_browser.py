"""The report in a real browser: sorting, filtering, no complaint, no request, any screen."""

import shutil
import threading

import pandas as pd
import pytest
from browser import CHROMIUM, Browser

from sweeps.report import render
from sweeps.report.serve import LivePage, server
from sweeps.results.outcome import Outcome, read_outcome
from sweeps.results.stored import stored_sweep

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"
)

COLUMN = """(name => {
  const heads = [...document.querySelectorAll('#head button')].map(b => b.textContent);
  const n = heads.indexOf(name);
  return [...document.querySelectorAll('#body tr')].map(row => row.children[n].textContent);
})(%r)"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def outcome(small_results) -> Outcome:
    return read_outcome(*stored_sweep("small", str(small_results)))


@pytest.fixture(scope="module")
def page(small_report) -> str:
    return small_report.as_uri()


@pytest.fixture
def opened(browser, page):
    browser.errors.clear()
    browser.requests.clear()
    browser.open("about:blank#")
    browser.open(page)
    return browser


def column(browser, name):
    return browser.evaluate(COLUMN % name)


def head(name):
    """Selects the heading of a column by what it says of itself."""
    return f'#head button[title^="{name}"]'


def test_a_click_sorts_and_another_turns_the_order(opened, outcome):
    assert (
        column(opened, "trial id")[0]
        == outcome.done.loc[outcome.done["test_neg_elbo"].idxmin(), "trial_id"]
    )
    opened.click(head("KL(q(z|x)"))
    rates = [float(text) for text in column(opened, "test kl")]
    assert rates == sorted(rates)
    assert len(rates) == 28
    opened.click(head("KL(q(z|x)"))
    assert [float(text) for text in column(opened, "test kl")] == rates[::-1]
    sorted_by = "document.querySelector('[aria-sort]').textContent"
    assert opened.evaluate(sorted_by) == "test kl"
    assert opened.errors == []


def test_words_and_comparisons_filter(opened, outcome):
    opened.type("#filter", "family=gaussian kl_weight<1")
    chosen = outcome.trials.query("family == 'gaussian' and kl_weight < 1")
    assert sorted(column(opened, "trial id")) == sorted(chosen["trial_id"])
    said = opened.evaluate("document.getElementById('count').textContent")
    assert said == f"{len(chosen)} of 28 trials"
    opened.type("#filter", "LOGIT latent_dim!=2")
    assert set(column(opened, "family")) == {"logit_normal"}
    assert set(column(opened, "latent dim")) == {"4"}
    opened.type("#filter", "<script>alert(1)</script>")
    assert column(opened, "trial id") == []
    assert opened.errors == []


def test_nothing_is_asked_of_a_network(opened, page):
    asked = {address for address in opened.requests if not address.startswith("data:")}
    assert asked <= {page, "about:blank#"}
    assert page in asked
    assert opened.errors == []
    loaded = "[...document.images].every(image => image.complete && image.naturalWidth > 0)"
    assert opened.evaluate(loaded)


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_a_page_is_as_wide_as_its_screen(opened, width):
    screen = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    opened.call("Emulation.setDeviceMetricsOverride", **screen)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    opened.call("Emulation.clearDeviceMetricsOverride")


def test_dark_screens_and_paper_have_their_own_looks(opened):
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    opened.call("Emulation.setEmulatedMedia", features=dark)
    assert opened.evaluate(ground) == "rgb(15, 19, 24)"
    opened.call("Emulation.setEmulatedMedia", media="print", features=[])
    assert opened.evaluate(ground) == "rgb(255, 255, 255)"
    assert opened.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    opened.call("Emulation.setEmulatedMedia", media="", features=[])


def test_two_thousand_trials_open_with_the_first_hundred(browser, outcome, tmp_path):
    one = outcome.trials.iloc[:25]
    many = pd.concat([one.assign(trial_id=one["trial_id"] + f"-{n}") for n in range(80)])
    shown = Outcome(
        outcome.sweep, many, outcome.epochs.head(0), outcome.panel.head(0), outcome.ledger
    )
    path = tmp_path / "many.html"
    path.write_text(render(shown, []), encoding="utf-8")
    browser.errors.clear()
    browser.open(path.as_uri())
    browser.wait("document.querySelectorAll('#body tr').length === 100")
    browser.type("#filter", "-7")
    browser.click("#more")
    assert len(column(browser, "trial id")) == 25 * 11
    browser.type("#filter", " ")
    browser.click("#more")
    assert len(column(browser, "trial id")) == 2000
    assert browser.errors == []


def test_a_served_page_follows_the_sweep_and_keeps_its_place(browser, small_results, tmp_path):
    shutil.copytree(small_results / "small", tmp_path / "small")
    trials = tmp_path / "small" / "trials"
    later = {part.name: part.read_bytes() for part in sorted(trials.glob("*.parquet"))[5:]}
    for name in later:
        (trials / name).unlink()
    page = LivePage("small", str(tmp_path), redraw=float("inf"), refresh=1)
    with server(page, 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        browser.errors.clear()
        browser.open(f"http://127.0.0.1:{running.server_port}/")
        assert len(column(browser, "trial id")) == 5
        browser.type("#filter", "kl_weight>0.2")
        browser.click(head("KL(q(z|x)"))
        browser.evaluate("window.mark = 'not loaded again'")
        for name, content in later.items():
            (trials / name).write_bytes(content)
        browser.wait("document.getElementById('counts').textContent.includes('28done')")
        rates = [float(text) for text in column(browser, "test kl")]
        expected = read_outcome(*stored_sweep("small", str(tmp_path))).trials
        assert len(rates) == (expected["kl_weight"] > 0.2).sum()
        assert rates == sorted(rates)
        assert browser.evaluate("window.mark") == "not loaded again"
        assert browser.errors == []
        browser.open("about:blank#")
        running.shutdown()
