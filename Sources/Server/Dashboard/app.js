import { artifactPage, artifactsPage } from "/artifacts.js";
import { capsulePage, capsulesPage } from "/capsules.js";
import { deadLettersPage } from "/deadletters.js";
import { jobPage, jobsPage } from "/jobs.js";
import { journeyPage, journeysPage } from "/journeys.js";
import { main, problemBox, renew, show, tell, TokenNeeded } from "/page.js";
import { savepointsPage } from "/savepoints.js";
import { submitPage } from "/submit.js";
import { leave, tapPage } from "/tap.js";

// Which page is shown. Each is a function that gives elements; those with live numbers are called again every second.

const connection = document.getElementById("connection");
let timer = null;
/** Grows with every page: what an older one still waited for is thrown away. */
let visit = 0;

function pageOf(hash) {
  const [, first, name, third] = hash.split("?")[0].split("/").map(decodeURIComponent);
  if (first === "jobs" && third === "tap") return { title: `Records of ${name}`, part: "", make: () => tapPage(name) };
  if (first === "jobs" && third === "savepoints") return { title: `Savepoints of ${name}`, part: "", make: () => savepointsPage(name) };
  if (first === "jobs" && name) return { title: name, part: "", make: () => jobPage(name, refresh), isLive: true };
  if (first === "journeys") return { title: "Journeys", part: first, make: () => (name ? journeyPage(name) : journeysPage()) };
  if (first === "capsules") return { title: "Capsules", part: first, make: () => (name ? capsulePage(name) : capsulesPage()) };
  if (first === "artifacts") return { title: "Artifacts", part: first, make: () => (name ? artifactPage(name) : artifactsPage()) };
  if (first === "dead-letters") return { title: "Dead letters", part: first, make: deadLettersPage };
  if (first === "submit") return { title: "Submit a job", part: first, make: submitPage };
  return { title: "Jobs", part: "", make: jobsPage, isLive: true };
}

/** Draws a page; one that is drawn again changes what has changed. */
async function draw(page, own, isAgain) {
  clearTimeout(timer);
  try {
    const parts = await page.make();
    if (own !== visit) return;
    (isAgain ? renew : show)(parts);
    connection.textContent = "";
    connection.className = "";
  } catch (error) {
    if (own !== visit || error instanceof TokenNeeded) return;
    if (error.problem) show([problemBox(error)]);
    else {
      connection.textContent = "the server does not answer; trying again";
      connection.className = "bad";
    }
    if (!page.isLive && !error.problem) timer = setTimeout(() => draw(page, own, false), 1000);
  }
  if (!page.isLive) return;
  // Another draw may have begun meanwhile: one goes on.
  clearTimeout(timer);
  timer = setTimeout(() => again(page, own), 1000);
}

/** Draws again, unless nobody looks. */
function again(page, own) {
  if (document.hidden) timer = setTimeout(() => again(page, own), 1000);
  else draw(page, own, true);
}

function route() {
  visit += 1;
  leave();
  tell();
  const page = pageOf(location.hash);
  document.title = `${page.title} · sloscout`;
  for (const link of document.querySelectorAll("header nav a")) {
    if (link.getAttribute("href") === `#/${page.part}`) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  return draw(page, visit, false);
}

/** Shows at once what was changed. */
const refresh = () => draw(pageOf(location.hash), visit, true);

window.addEventListener("hashchange", () => { main.focus(); route(); });
route();
