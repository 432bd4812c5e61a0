import { drawCurve, drawGraph, short } from "/graph.js";

// The pages: each is a function that draws into `main` and is called again every second while its address stands.

const main = document.getElementById("main");
const connection = document.getElementById("connection");

function node(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

class Refused extends Error {
  constructor(problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
}

async function call(method, path, body, headers = {}) {
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, { method, body, headers });
  if (response.status === 401) { askForToken(); throw new Refused({ title: "a token is needed" }); }
  const text = await response.text();
  const value = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Refused(value ?? { title: response.statusText });
  return value;
}

function askForToken() {
  const input = node("input", { id: "token", type: "password", autocomplete: "off" });
  main.replaceChildren(node("h1", {}, "Token"), node("form", {
    onsubmit: (event) => { event.preventDefault(); sessionStorage.setItem("token", input.value); route(); },
  }, node("label", { for: "token" }, "This server asks for a token"), input, node("p", {}, node("button", { class: "main" }, "Go on"))));
  input.focus();
}

function problemBox(error) {
  const problem = error.problem ?? { title: "the server does not answer", detail: `${error}` };
  const lines = [problem.title, problem.detail, problem.hint ? `hint: ${problem.hint}` : ""];
  for (const place of problem.errors ?? []) {
    lines.push(`line ${place.line ?? "?"}, column ${place.column ?? "?"}: ${place.code}: ${place.message}${place.hint ? `\n  hint: ${place.hint}` : ""}`);
  }
  return node("div", { class: "problem", role: "alert" }, lines.filter(Boolean).join("\n"));
}

const phase = (status) => node("span", { class: `phase ${status.phase}` }, status.phase);
const number = (text) => node("td", { class: "number" }, text);
/** A time without its fractions of a second. */
const clock = (time) => (time ? time.replace(/\.\d+Z$/, "Z").replace("T", " ") : "–");
const seconds = (value) => (value === null || value === undefined ? "–" : value >= 120 ? `${Math.round(value / 60)} min` : `${value.toFixed(1)} s`);

function table(heads, rows) {
  const head = heads.map((title) => node("th", { scope: "col", class: title.startsWith("#") ? "number" : null }, title.replace("#", "")));
  return node("table", {}, node("thead", {}, node("tr", {}, ...head)), node("tbody", {}, ...rows));
}

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
  const fact = (title, value) => node("div", {}, node("dt", {}, title), node("dd", {}, value));
  const active = ["starting", "running", "restarting"].includes(job.status.phase);
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
      act("Checkpoint now", "checkpoint", job.status.phase !== "running")),
    job.status.message ? node("p", { class: job.status.phase === "failed" ? "problem" : "quiet" }, job.status.message) : null,
    node("h2", {}, "Now"),
    node("section", {}, node("dl", { class: "facts" }, fact("records", short(job.status.records)), fact("rate", `${short(job.status.rate)}/s`),
      fact("behind", seconds(job.status.lag)), fact("errors", short(job.status.errors)), fact("watermark", clock(job.status.watermark)),
      fact("last checkpoint", job.status.checkpoint ? `${job.status.checkpoint.duration.toFixed(0)} ms` : "–"))),
  ];
  if (graph) {
    parts.push(node("h2", {}, "Graph"), node("section", {}, drawGraph(graph),
      node("p", { class: "quiet" }, "Percent: how busy the step's thread is. Dashed: errors and late records."), graph.waitsFor ? node("p", { class: "quiet" }, graph.waitsFor.replace(/\.\d+Z/, "Z")) : null));
  }
  parts.push(node("h2", {}, "Last ten minutes"), node("div", { class: "charts" },
    node("div", { class: "card" }, drawCurve("Records a second", points, (point) => point.rate)),
    node("div", { class: "card" }, drawCurve("Watermark behind the newest record", points, (point) => point.lag, seconds)),
    node("div", { class: "card" }, drawCurve("Busiest thread", points, (point) => point.busy, (value) => `${Math.round(value * 100)} %`))));
  if (graph?.splits.length) {
    parts.push(node("h2", {}, "Inputs"), node("section", {}, table(["Input", "Newest record", ""], graph.splits.slice(0, 100).map((split) =>
      node("tr", {}, node("td", {}, split.name), node("td", {}, clock(split.newest)), node("td", {}, split.isIdle ? "idle" : ""))))));
  }
  parts.push(node("h2", {}, "Checkpoints"), node("section", {}, checkpoints.length
    ? table(["#Epoch", "At", "#Took", "#Pause", "#Written", "#In all"], checkpoints.slice(0, 15).map((one) => node("tr", {}, number(`${one.epoch}`),
      node("td", {}, clock(one.at)), number(`${one.duration.toFixed(1)} ms`), number(`${one.pause.toFixed(2)} ms`), number(`${short(one.storedBytes)}B`),
      number(`${short(one.fullBytes)}B`))))
    : "None since the server started."));
  parts.push(node("h2", {}, "History"), node("section", {}, table(["At", "What", ""], history.map((entry) =>
    node("tr", {}, node("td", {}, clock(entry.at)), node("td", {}, entry.kind), node("td", {}, entry.message))))));
  parts.push(node("details", {}, node("summary", {}, "Document"), node("pre", { class: "card" }, job.spec.document)));
  return parts;
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
  const [, first, name] = location.hash.split("/");
  if (first === "jobs" && name) return draw(() => jobPage(decodeURIComponent(name)), true);
  if (first === "submit") return draw(submitPage, false);
  return draw(jobsPage, true);
}

function refresh() {
  clearTimeout(timer);
  route();
}

window.addEventListener("hashchange", () => { route(); main.focus(); });
route();
