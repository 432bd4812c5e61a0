"""A person with a browser: submits a job, looks at it, stops it, and sees it resume after the server was killed. axe looks for barriers.

usage: browser.py SLOSCOUT_BINARY POSTGRES_URL [FOLDER_FOR_SCREENSHOTS]

Needs playwright, axe-playwright-python and Chromium. Exit status 1 when a claim does not hold.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from control_server import Server, claim, database, document


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
    server = Server(binary, url)
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
    again = Server(binary, url, port=server.port)
    page.wait_for_selector("#connection.bad", state="detached", timeout=60000)
    page.wait_for_selector("td:text-is('restored')")
    page.wait_for_selector("h1 .running")
    claim("the page finds the server again, and the job goes on", True)

    page.keyboard.press("Tab")
    page.click("text=Stop with a checkpoint")
    page.locator("h1").click()
    page.wait_for_selector("h1 .suspended")
    page.click("nav >> text=Jobs")
    page.wait_for_selector("td .suspended")
    check(page, "jobs", pictures)
    claim("no page had an error", not errors, errors)
    again.stop()


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
