import { artifactPage, artifactsPage } from "/artifacts.js";
import { capsulePage, capsulesPage } from "/capsules.js";
import { drawCurve, drawGraph, short } from "/graph.js";
import { journeyPage, journeysPage } from "/journeys.js";
import { call, clock, fact, main, node, number, phase, problemBox, seconds, table } from "/page.js";
import { leave, tapPage } from "/tap.js";

// The pages of jobs, and which page is shown. Each is a function that gives elements; those with live numbers are called again every second.

const connection = document.getElementById("connection");

// Jobs

async function jobsPage() {
  const { jobs } = await call("GET", "/api/v1/jobs");
  const rows = jobs.map((job) => node("tr", {}, node("td", {}, node("a", { href: `#/jobs/${job.name}` }, job.name)), node("td", {}, phase(job.status)),
    number(`${short(job.status.rate)}/s`), number(short(job.status.records)), number(seconds(job.status.lag)), number(short(job.status.errors)),
    node("td", { class: "quiet" }, job.status.message)));
  return [node("h1", {}, "Jobs"), jobs.length
    ? node("section", {}, table(["Job", "State", "#Rate", "#Records", "#Behind", "#Errors", ""], rows))
    : node("section", {}, "No job yet. ", node("a", { href: "#/submit" }, "Submit one"), ", or: ", node("code", {}, "curl -T jobs.yaml http://localhost:8000/api/v1/jobs/NAME"))];
}

// One job

async function jobPage(name) {
  const path = `/api/v1/jobs/${encodeURIComponent(name)}`;
  const job = await call("GET", path);
  const [graph, points, checkpoints, history] = await Promise.all([
    call("GET", `${path}/graph`).catch(() => null), call("GET", `${path}/points`), call("GET", `${path}/checkpoints`),
    call("GET", `${path}/history?limit=20`),
  ]);
  const active = ["starting", "waiting", "running", "restarting"].includes(job.status.phase);
  const act = (title, action, disabled) => node("button", {
    disabled, onclick: async (event) => {
      event.target.disabled = true;
      try { await call("POST", `${path}/${action}`); } catch (error) { main.prepend(problemBox(error)); }
      refresh();
    },
  }, title);
  const parts = [
    node("h1", {}, name, " ", phase(job.status)),
    node("div", { class: "row" }, act("Start", "start", active), act("Stop with a checkpoint", "stop", !active), act("Restart", "restart", false),
      act("Checkpoint now", "checkpoint", job.status.phase !== "running"),
      job.status.shards ? null : node("a", { href: `#/jobs/${encodeURIComponent(name)}/tap` }, "Look at its records")),
    job.status.message ? node("p", { class: job.status.phase === "failed" ? "problem" : "quiet" }, job.status.message) : null,
    node("h2", {}, "Now"),
    node("section", {}, node("dl", { class: "facts" }, fact("records", short(job.status.records)), fact("rate", `${short(job.status.rate)}/s`),
      fact("errors", short(job.status.errors)), ...(job.status.shards
      ? [fact("oldest checkpoint", seconds(job.status.shards.checkpointAge))]
      : [fact("behind", seconds(job.status.lag)), fact("watermark", clock(job.status.watermark)),
        fact("last checkpoint", job.status.checkpoint ? `${job.status.checkpoint.duration.toFixed(0)} ms` : "–")]))),
  ];
  if (job.status.shards) parts.push(...shardsSection(job.status.shards));
  if (graph) {
    parts.push(node("h2", {}, "Graph"), node("section", {}, drawGraph(graph),
      node("p", { class: "quiet" }, "Percent: how busy the step's thread is. Dashed: errors and late records."), graph.waitsFor ? node("p", { class: "quiet" }, graph.waitsFor.replace(/\.\d+Z/, "Z")) : null));
  }
  const rate = node("div", { class: "card" }, drawCurve("Records a second", points, (point) => point.rate));
  parts.push(node("h2", {}, "Last ten minutes"), job.status.shards ? node("div", { class: "charts" }, rate) : node("div", { class: "charts" }, rate,
    node("div", { class: "card" }, drawCurve("Watermark behind the newest record", points, (point) => point.lag, seconds)),
    node("div", { class: "card" }, drawCurve("Busiest thread", points, (point) => point.busy, (value) => `${Math.round(value * 100)} %`))));
  if (graph?.splits.length) {
    parts.push(node("h2", {}, "Inputs"), node("section", {}, table(["Input", "Newest record", ""], graph.splits.slice(0, 100).map((split) =>
      node("tr", {}, node("td", {}, split.name), node("td", {}, clock(split.newest)), node("td", {}, split.isIdle ? "idle" : ""))))));
  }
  if (!job.status.shards) parts.push(node("h2", {}, "Checkpoints"), node("section", {}, checkpoints.length
    ? table(["#Epoch", "At", "#Took", "#Pause", "#Written", "#In all"], checkpoints.slice(0, 15).map((one) => node("tr", {}, number(`${one.epoch}`),
      node("td", {}, clock(one.at)), number(`${one.duration.toFixed(1)} ms`), number(`${one.pause.toFixed(2)} ms`), number(`${short(one.storedBytes)}B`),
      number(`${short(one.fullBytes)}B`))))
    : "None since the server started."));
  parts.push(node("h2", {}, "History"), node("section", {}, table(["At", "What", ""], history.map((entry) =>
    node("tr", {}, node("td", {}, clock(entry.at)), node("td", {}, entry.kind), node("td", {}, entry.message))))));
  parts.push(node("details", {}, node("summary", {}, "Document"), node("pre", { class: "card" }, job.spec.document)));
  return parts;
}

/** The shards of a job that workers run: who has which, and how it goes. */
function shardsSection(shards) {
  const rows = shards.list.map((one) => node("tr", {}, node("td", {}, `${one.stage}.${one.index}`), node("td", {}, one.worker ?? "–"),
    node("td", {}, node("span", { class: `phase ${one.state}` }, one.state)), number(`${one.epoch}`), number(seconds(one.age)), number(short(one.records)),
    node("td", { class: "quiet" }, one.error ?? "")));
  const refused = shards.refused.map((one) => node("p", { class: "problem" }, `${one.worker} cannot run it: ${one.error}`));
  return [node("h2", {}, "Shards"), ...refused, node("section", {},
    node("p", { class: "quiet" }, `Version ${shards.version}: ${shards.running} of ${shards.total} run; workers: ${shards.workers}.`),
    table(["Shard", "Worker", "State", "#Checkpoint", "#Its age", "#Records", ""], rows))];
}

// Submitting

function submitPage() {
  const text = node("textarea", { id: "document", rows: 24, spellcheck: "false" });
  const answer = node("div", { "aria-live": "polite" });
  const jobName = () => /kind:\s*Job[\s\S]*?name:\s*([\w.-]+)/.exec(text.value)?.[1] ?? "unnamed";
  const send = async (method, path, done) => {
    try { done(await call(method, path, text.value, { "Content-Type": "application/yaml" })); } catch (error) { answer.replaceChildren(problemBox(error)); }
  };
  return [node("h1", {}, "Submit a job"), node("label", { for: "document" }, "The Job document, and the Connection documents that it uses"), text,
    node("p", { class: "row" },
      node("button", {
        onclick: () => send("POST", `/api/v1/jobs/${jobName()}/plan`, ({ plan, warnings }) => answer.replaceChildren(node("p", {},
          `Fits. Keeps the state of ${plan.kept.join(", ") || "nothing"}; new: ${plan.added.join(", ") || "nothing"}; loses: ${plan.dropped.join(", ") || "nothing"}.`),
        ...warnings.map((warning) => node("p", { class: "quiet" }, `line ${warning.line}: ${warning.message}`)))),
      }, "Check"),
      node("button", { class: "main", onclick: () => send("PUT", `/api/v1/jobs/${jobName()}`, (job) => { location.hash = `#/jobs/${job.name}`; }) }, "Submit")),
    answer];
}

// Which page

let timer = null;

async function draw(page, repeats) {
  try {
    const parts = await page();
    const open = main.querySelector("details")?.open;
    main.replaceChildren(...parts.filter(Boolean));
    if (open) main.querySelector("details").open = true;
    connection.textContent = "";
    connection.className = "";
  } catch (error) {
    if (error.problem) { main.replaceChildren(problemBox(error)); } else {
      connection.textContent = "the server does not answer; trying again";
      connection.className = "bad";
    }
  }
  if (repeats) timer = setTimeout(() => again(page), 1000);
}

/** Draws again, unless nobody looks or somebody is at a button: what has the focus must not be replaced. */
function again(page) {
  const isInUse = main.contains(document.activeElement) && document.activeElement !== main;
  if (document.hidden || isInUse) timer = setTimeout(() => again(page), 1000);
  else draw(page, true);
}

function route() {
  clearTimeout(timer);
  leave();
  const [, first, name, third] = location.hash.split("?")[0].split("/").map(decodeURIComponent);
  if (first === "jobs" && third === "tap") return draw(() => tapPage(name), false);
  if (first === "jobs" && name) return draw(() => jobPage(name), true);
  if (first === "journeys") return draw(() => (name ? journeyPage(name) : journeysPage()), false);
  if (first === "capsules") return draw(() => (name ? capsulePage(name) : capsulesPage()), false);
  if (first === "artifacts") return draw(() => (name ? artifactPage(name) : artifactsPage()), false);
  if (first === "submit") return draw(submitPage, false);
  return draw(jobsPage, true);
}

function refresh() {
  clearTimeout(timer);
  route();
}

window.addEventListener("hashchange", () => { route(); main.focus(); });
route();
