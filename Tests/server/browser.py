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


WIDE, NARROW = 1280, 600


def check(page, name, pictures):
    """No barrier that axe calls serious, and nothing wider than the window, in wide and in narrow ones."""
    for width, scheme in ((WIDE, "light"), (WIDE, "dark"), (NARROW, "dark"), (NARROW, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        if pictures:
            page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True)
        serious = [
            f"{violation['id']}: {violation['nodes'][0]['html'][:120]}"
            for violation in Axe().run(page).response["violations"] if violation["impact"] in ("serious", "critical")]
        claim(f"{name}, {width} wide, in {scheme} has no serious barrier", not serious, serious)
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        claim(f"{name} fits {width} points", beyond <= 0, beyond)
    page.set_viewport_size({"width": WIDE, "height": 900})


def walk(page, binary, url, folder, pictures):
    traces(folder / "traces.otlp.jsonl", 2000, carts=True, reports=True)
    telemetry = ("--telemetry", str(folder / "traces.otlp.jsonl"))
    server = Server(binary, url, *telemetry)
    address = f"http://127.0.0.1:{server.port}"
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.wait_for_selector("text=No job yet")
    check(page, "empty", pictures)

    page.click("text=Submit a job")
    page.fill("textarea", document("seen", folder / "state", records=2000000, rate=4000).replace("type: require", "type: requir"))
    page.click("button:has-text('Submit')")
    page.wait_for_selector("[role=alert]:has-text('line ')")
    claim("a mistake is shown with its line", "did you mean" in page.inner_text("[role=alert]") or "hint" in page.inner_text("[role=alert]"))
    check(page, "mistake", pictures)
    page.fill("textarea", document("seen", folder / "state", records=2000000, rate=4000))
    page.click("button:has-text('Check')")
    page.wait_for_selector("text=Fits.")
    page.click("button:has-text('Submit')")
    page.wait_for_selector("h1:has-text('seen') .running")
    page.wait_for_selector("svg.graph .name:has-text('capsules')")
    page.wait_for_selector("table:has-text('Epoch') td.number")
    page.wait_for_selector("svg.chart .curve")
    page.wait_for_selector("svg.chart .bar")
    check(page, "job", pictures)
    live(page)
    savepoints(page, pictures)

    server.kill()
    page.wait_for_selector("#connection.bad")
    again = Server(binary, url, *telemetry, port=server.port)
    page.wait_for_selector("#connection.bad", state="detached", timeout=60000)
    page.wait_for_selector("td .restored")
    page.wait_for_selector("h1 .running")
    claim("the page finds the server again, and the job goes on", True)

    records(page, pictures)
    capsules(page, again, pictures)
    dead_letters(page, pictures)
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
    tokens(page, again, binary, url, pictures)
    claim("no page had an error", not errors, errors)


def live(page):
    """Numbers move under somebody who is at a control, and what the server objects to can be read."""
    page.focus("button:has-text('Restart')")
    records = lambda: page.inner_text("dl.facts div:has(dt:text-is('records')) dd")
    before = records()
    page.wait_for_function("old => document.querySelector('dl.facts dd').textContent !== old", arg=before)
    claim("numbers move, and the focus stays", page.evaluate("document.activeElement.textContent") == "Restart")
    page.click("summary:has-text('More')")
    page.fill("#parallelism", "1000")
    page.click("button:has-text('Change and restart')")
    page.wait_for_selector("#notice [role=alert]:has-text('720')")
    before = records()
    page.wait_for_function("old => document.querySelector('dl.facts dd').textContent !== old", arg=before)
    claim("an objection stays while numbers move", page.locator("#notice [role=alert]").count() == 1)
    claim("and so does what was typed", page.input_value("#parallelism") == "1000" and page.is_visible("#parallelism"))


def savepoints(page, pictures):
    page.click("a:text-is('Savepoints')")
    page.wait_for_selector("text=None yet.")
    page.fill("#name", "seen-here")
    page.click("button:has-text('Take one now')")
    page.wait_for_selector("td:text-is('seen-here')")
    claim("a job that runs starts from no savepoint", page.is_disabled("button:has-text('Start from it')"))
    check(page, "savepoints", pictures)
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("button:has-text('Remove')")
    page.wait_for_selector("text=None yet.")
    page.click("h1 a")
    page.wait_for_selector("h1 .running")


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
    page.wait_for_selector("text=the first report of the workers")
    card, window = page.locator(".charts .card").bounding_box(), page.viewport_size
    claim("a single curve is no wider than one of many", card["width"] < window["width"] / 2, card)
    worker = subprocess.Popen([binary, "worker", "--database", url, "--as", "worker-1"], stderr=subprocess.DEVNULL)
    try:
        page.wait_for_selector("h1 .running")
        page.wait_for_selector("table:has-text('Shard') tr:has-text('0.1') td:has-text('worker-1')")
        page.wait_for_selector("text=Why windows wait", state="detached")
        claim("a job that has records and asks for no times waits for nothing", True)
        check(page, "shards", pictures)
    finally:
        worker.terminate()
    claim("the worker ends well", worker.wait(30) == 0)


def tokens(page, server, binary, url, pictures):
    """A server with tokens asks for one, says when it is wrong, and lets in with the right one."""
    server.stop()
    made = subprocess.run([binary, "server", "token", "create", "reader", "--role", "read", "--database", url], capture_output=True, text=True)
    closed = Server(binary, url, port=server.port)
    page.goto(f"http://127.0.0.1:{closed.port}/#/")
    page.reload()
    page.wait_for_selector("#token")
    check(page, "token", pictures)
    page.fill("#token", "slo_wrong")
    page.click("button:has-text('Go on')")
    page.wait_for_selector("text=does not know this token")
    page.fill("#token", made.stdout.strip())
    page.click("button:has-text('Go on')")
    page.wait_for_selector("td:has-text('seen')")
    page.click("td a:text-is('seen')")
    page.click("button:has-text('Restart')")
    page.wait_for_selector("#notice [role=alert]")
    claim("who may only read is told so", "role" in page.inner_text("#notice"), page.inner_text("#notice"))
    closed.stop()


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
    page.click("h1 a")
    page.click("a:has-text('look at errors') >> nth=0")
    claim("errors of a step are one click away", page.input_value("#edge").endswith(".errors"), page.input_value("#edge"))


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


def dead_letters(page, pictures):
    page.click("nav >> text=Dead letters")
    page.wait_for_selector("td svg .bar")
    check(page, "dead-letters", pictures)
    reason = page.inner_text("tbody tr:first-child a")
    page.click("tbody tr:first-child a")
    page.wait_for_selector("text=All reasons")
    page.wait_for_function("reason => [...document.querySelectorAll('.records strong')].every((one) => one.textContent === reason)", arg=reason)
    claim("records of a reason are shown", page.locator(".records li").count() > 0)


def journeys(page, server, pictures):
    page.click("nav >> text=Journeys")
    page.fill("#service", "shop")
    page.click("button:has-text('Analyze')")
    page.wait_for_selector("td .completed")
    page.wait_for_selector("td a:has-text('heckout')")
    failed = {row.split("\t")[0]: row.split("\t")[3] for row in page.locator("tbody tr:has(td.number)").all_inner_texts()}
    claim("where nothing tells of errors they are unknown", [failed[name] for name in failed if "report" in name] == ["unknown"], failed)
    claim("and elsewhere they are counted", [failed[name] for name in failed if "heckout" in name] == ["5.00 %"], failed)
    check(page, "journeys", pictures)
    page.click("tr:has-text('checkout') a, tr:has-text('Checkout') a")
    page.wait_for_selector("svg.graph .name:has-text('payment')")
    objective = page.locator(".objective", has_text="errors").first
    unproven = page.locator(".objective", has=page.locator("h3:has-text('not proven')")).first
    said = unproven.locator("> p.quiet").last.inner_text()
    claim("a proposal that history does not prove says why", "suits the history" in said or "prove no target" in said, said)
    slider = objective.locator("input[type=range]")
    pages = lambda: objective.locator("dd").all_inner_texts()
    slider.focus()
    page.keyboard.press("Home")
    loose = pages()
    page.keyboard.press("End")
    strict = pages()
    claim("another target shows other pages and another budget", loose[0] != strict[0] and loose[3] != strict[3], (loose, strict))
    claim("a budget that is overdrawn is told in words", strict[3].startswith("spent "), strict)
    claim("and why", "broken already" in objective.inner_text(), objective.inner_text())
    claim("what a short history proposes is not taken for proven", page.locator("h3:has-text('not proven')").count() > 0)
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
    page.select_option("#kind", "runbook")
    page.wait_for_function("[...document.querySelectorAll('tbody td:nth-child(2)')].every((one) => one.textContent === 'runbook')")
    claim("files are found by their kind", page.locator("tbody tr").count() > 0)
    page.select_option("#kind", "")
    page.fill("#path", "index.html")
    page.click("td a:has-text('index.html')")
    with page.expect_download() as saving:
        page.click("button:has-text('Download')")
    claim("a file is saved", saving.value.suggested_filename == "index.html" and "<!doctype html>" in Path(saving.value.path()).read_text())
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
