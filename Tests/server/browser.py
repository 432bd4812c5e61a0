"""A person with a browser: submits a job, looks at it, stops it, and sees it resume after the server was killed. axe looks for barriers.

usage: browser.py SLOSCOUT_BINARY POSTGRES_URL [FOLDER_FOR_SCREENSHOTS]

Needs playwright, axe-playwright-python and Chromium. Exit status 1 when a claim does not hold.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from control_server import Server, claim, database, document, traces
from product import analyze


def check(page, name, pictures):
    """No barrier that axe calls serious, and nothing that the page logged as an error."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        if pictures:
            page.screenshot(path=pictures / f"{name}-{scheme}.png", full_page=True)
        serious = [
            f"{violation['id']}: {violation['nodes'][0]['html'][:120]}"
            for violation in Axe().run(page).response["violations"] if violation["impact"] in ("serious", "critical")]
        claim(f"{name} in {scheme} has no serious barrier", not serious, serious)


def walk(page, binary, url, folder, pictures):
    traces(folder / "traces.otlp.jsonl", 2000, carts=True)
    telemetry = ("--telemetry", str(folder / "traces.otlp.jsonl"))
    server = Server(binary, url, *telemetry)
    address = f"http://127.0.0.1:{server.port}"
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.wait_for_selector("text=No job yet")
    check(page, "empty", pictures)

    page.click("text=Submit a job")
    page.fill("textarea", document("seen", folder / "state", records=200000, rate=4000).replace("type: require", "type: requir"))
    page.click("button:has-text('Submit')")
    page.wait_for_selector("[role=alert]:has-text('line ')")
    claim("a mistake is shown with its line", "did you mean" in page.inner_text("[role=alert]") or "hint" in page.inner_text("[role=alert]"))
    check(page, "mistake", pictures)
    page.fill("textarea", document("seen", folder / "state", records=200000, rate=4000))
    page.click("button:has-text('Check')")
    page.wait_for_selector("text=Fits.")
    page.click("button:has-text('Submit')")
    page.wait_for_selector("h1:has-text('seen') .running")
    page.wait_for_selector("svg.graph .name:has-text('capsules')")
    page.wait_for_selector("table:has-text('Epoch') td.number")
    page.wait_for_selector("svg .curve")
    check(page, "job", pictures)

    server.kill()
    page.wait_for_selector("#connection.bad")
    again = Server(binary, url, *telemetry, port=server.port)
    page.wait_for_selector("#connection.bad", state="detached", timeout=60000)
    page.wait_for_selector("td:text-is('restored')")
    page.wait_for_selector("h1 .running")
    claim("the page finds the server again, and the job goes on", True)

    records(page, pictures)
    capsules(page, again, pictures)
    journeys(page, again, pictures)
    artifacts(page, again, pictures)

    page.goto(f"{address}/#/jobs/seen")
    page.keyboard.press("Tab")
    page.click("text=Stop with a checkpoint")
    page.locator("h1").click()
    page.wait_for_selector("h1 .suspended")
    page.click("nav >> text=Jobs")
    page.wait_for_selector("td .suspended")
    check(page, "jobs", pictures)
    shards(page, again, binary, url, folder, pictures)
    claim("no page had an error", not errors, errors)
    again.stop()


SHARED = """apiVersion: sloscout/v1
kind: Connection
metadata: {{ name: lines }}
spec: {{ type: local, config: {{ path: "{folder}/topics" }} }}
---
apiVersion: sloscout/v1
kind: Job
metadata: {{ name: shared }}
spec:
  guarantee: at-least-once
  checkpoint: {{ interval: 1s, store: "{folder}/state" }}
  exchange: {{ connection: lines, partitions: 2, readers: 2 }}
  sources:
    made: {{ type: generate, config: {{ records: 1000000, rate: 2000 }} }}
  sinks:
    nowhere: {{ type: discard, inputs: [made] }}
"""


def shards(page, server, binary, url, folder, pictures):
    """A job over workers: it waits, a worker comes, and the page says which shard it has."""
    claim("a job over workers is taken", server.call("PUT", "/api/v1/jobs/shared", SHARED.format(folder=folder))[0] == 201)
    page.goto(f"http://127.0.0.1:{server.port}/#/jobs/shared")
    page.wait_for_selector("h1 .waiting")
    page.wait_for_selector("text=waits for workers")
    worker = subprocess.Popen([binary, "worker", "--database", url, "--as", "worker-1"], stderr=subprocess.DEVNULL)
    try:
        page.wait_for_selector("h1 .running")
        page.wait_for_selector("table:has-text('Shard') tr:has-text('0.1') td:has-text('worker-1')")
        check(page, "shards", pictures)
    finally:
        worker.terminate()
    claim("the worker ends well", worker.wait(30) == 0)


def records(page, pictures):
    page.click("text=Look at its records")
    page.select_option("#edge", "complete")
    page.click("button:has-text('Look')")
    page.wait_for_selector(".records li >> nth=5")
    claim("records of a step are seen, and how many passed", "records passed complete" in page.inner_text("[role=status].quiet"))
    claim("without e-mail addresses", "@" not in page.inner_text(".records").replace("@example", "@"), page.inner_text(".records")[:400])
    check(page, "records", pictures)
    page.click("button:has-text('Stop')")
    page.wait_for_selector("button.main:not([disabled])")


def capsules(page, server, pictures):
    for _ in range(300):
        if server.call("GET", "/api/v1/capsules")[1]["total_count"] > 5:
            break
        time.sleep(0.1)
    page.click("nav >> text=Capsules")
    page.wait_for_selector("td svg .bar")
    check(page, "capsules", pictures)
    word = max(page.inner_text("tbody tr:first-child code").split(), key=len)
    page.fill("#q", word)
    page.click("button:has-text('Search')")
    page.wait_for_function("word => location.hash.includes('q=') && [...document.querySelectorAll('tbody code')].every((one) => one.textContent.toLowerCase().includes(word.toLowerCase()))", arg=word)
    page.select_option("#how", "means")
    page.click("button:has-text('Search')")
    page.wait_for_selector("th:has-text('Score')")
    claim("a question is answered, and how", "words" in page.inner_text("main p.quiet"), page.inner_text("main p.quiet"))
    check(page, "search", pictures)
    page.click("tbody tr:first-child a")
    page.wait_for_selector("th:has-text('Sample')")
    check(page, "capsule", pictures)


def journeys(page, server, pictures):
    analyze(server, "shop")
    page.click("nav >> text=Journeys")
    page.wait_for_selector("td a")
    check(page, "journeys", pictures)
    page.click("tr:has-text('checkout') a, tr:has-text('Checkout') a")
    page.wait_for_selector("svg.graph .name:has-text('payment')")
    objective = page.locator(".objective", has_text="errors").first
    slider = objective.locator("input[type=range]")
    pages = lambda: objective.locator("dd").all_inner_texts()
    slider.focus()
    page.keyboard.press("Home")
    loose = pages()
    page.keyboard.press("End")
    strict = pages()
    claim("another target shows other pages and another budget", loose[0] != strict[0] and loose[3] != strict[3], (loose, strict))
    claim("a budget that is overdrawn is told", strict[3].startswith("-"), strict)
    check(page, "journey", pictures)
    slider.focus()
    page.keyboard.press("Home")
    while objective.locator("button:has-text('Take this target')").is_disabled() or pages()[0] == strict[0]:
        page.keyboard.press("ArrowRight")
    taken = pages()[0]
    objective.locator("button:has-text('Take this target')").click()
    page.wait_for_selector(f".objective:has-text('errors') >> text={taken.replace(' %', '')} % of requests")
    page.locator(".objective", has_text="errors").first.locator("button:has-text('Approve the indicator')").click()
    page.wait_for_selector(".objective:has-text('errors') >> text=The indicator is approved.")
    page.locator(".objective", has_text="errors").first.locator("button:has-text('Approve the objective')").click()
    page.wait_for_selector(".objective:has-text('errors') .phase.approved")
    claim("an objective is approved in the browser", True)


def artifacts(page, server, pictures):
    page.click("nav >> text=Artifacts")
    page.wait_for_selector("td .draft")
    check(page, "artifacts", pictures)
    page.click("td a:has-text('index.html')")
    page.click("button:has-text('Approve')")
    page.click("button:has-text('Deploy')")
    page.wait_for_selector("h1 .deployed")
    analyze(server, "payment")
    page.click("nav >> text=Artifacts")
    page.wait_for_selector("td .draft")
    page.click("td a:has-text('index.html')")
    page.wait_for_selector(".diff .added")
    page.wait_for_selector(".diff .removed")
    check(page, "difference", pictures)
    page.click("button:has-text('Approve')")
    page.click("button:has-text('Reject')")
    page.wait_for_selector("h1 .rejected")


def main():
    binary, url = sys.argv[1:3]
    pictures = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    browser_path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    claim("Chromium is installed", browser_path)
    with tempfile.TemporaryDirectory(prefix="sloscout-browser-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(30000)
        walk(page, binary, database(url, "server_browser"), Path(folder), pictures)
        browser.close()


if __name__ == "__main__":
    main()
