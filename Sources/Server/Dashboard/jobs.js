import { bytes, ceilingOfSeconds, drawBars, drawCurve, drawGraph, short } from "/graph.js";
import { call, clock, deed, fact, node, number, phase, seconds, table, wide } from "/page.js";

// All jobs, and one with its numbers as they move.

export async function jobsPage() {
  const { jobs } = await call("GET", "/api/v1/jobs");
  const rows = jobs.map((job) => node("tr", {}, node("td", {}, node("a", { href: `#/jobs/${job.name}` }, job.name)), node("td", {}, phase(job.status.phase)),
    number(`${short(job.status.rate)}/s`), number(short(job.status.records)), number(seconds(job.status.lag)), number(short(job.status.errors)),
    node("td", { class: "quiet" }, job.status.message)));
  return [node("h1", {}, "Jobs"), jobs.length
    ? wide("All jobs", table(["Job", "State", "#Rate", "#Records", "#Behind", "#Errors", "Message"], rows))
    : node("section", {}, "No job yet. ", node("a", { href: "#/submit" }, "Submit one"), ", or: ", node("code", {}, `curl -T jobs.yaml ${location.origin}/api/v1/jobs/NAME`))];
}

/** @param refresh draws the page at once. */
export async function jobPage(name, refresh) {
  const path = `/api/v1/jobs/${encodeURIComponent(name)}`;
  const job = await call("GET", path);
  const [graph, points, checkpoints, history] = await Promise.all([
    call("GET", `${path}/graph`).catch(() => null), call("GET", `${path}/points`), call("GET", `${path}/checkpoints`),
    call("GET", `${path}/history?limit=20`),
  ]);
  const { status } = job;
  return [
    node("h1", {}, name, " ", phase(status.phase)), ...steering(job, path, refresh),
    status.message ? node("p", { class: status.phase === "failed" ? "problem" : "quiet" }, status.message) : null,
    node("h2", {}, "Now"), node("section", {}, facts(status)),
    ...(status.shards ? shardsSection(status.shards) : []), ...(graph ? graphSection(graph) : []),
    node("h2", {}, "Last ten minutes"), node("div", { class: "charts" }, ...curves(points, status.shards)),
    ...(graph ? unusedSection(name, graph) : []), ...(graph?.splits.length ? inputsSection(graph.splits) : []),
    ...(status.shards ? [] : checkpointsSection(checkpoints)),
    node("h2", {}, "History"), wide("History", table(["At", "What", "Why"], history.map((entry) =>
      node("tr", {}, node("td", { class: "time" }, clock(entry.at)), node("td", {}, phase(entry.kind)), node("td", {}, entry.message))))),
    node("details", {}, node("summary", {}, "Document"), node("pre", { class: "card", tabindex: "0", "aria-label": "Document" }, job.spec.document)),
  ];
}

function steering(job, path, refresh) {
  const { name, status } = job;
  const isActive = ["starting", "waiting", "running", "restarting"].includes(status.phase);
  const act = (title, verb, disabled) => deed(title, async () => { await call("POST", `${path}/${verb}`); await refresh(); }, { disabled });
  const link = (title, page) => node("a", { href: `#/jobs/${encodeURIComponent(name)}/${page}` }, title);
  const many = node("input", { id: "parallelism", type: "number", min: "1", max: "720", inputmode: "numeric", value: job.spec.parallelism ?? "" });
  return [
    node("div", { class: "row" }, act("Start", "start", isActive), act("Stop with a checkpoint", "stop", !isActive), act("Restart", "restart", false),
      act("Checkpoint now", "checkpoint", status.phase !== "running"), link("Look at its records", "tap"), link("Savepoints", "savepoints")),
    node("details", {}, node("summary", {}, "More"),
      status.shards ? null : node("form", { class: "row", onsubmit: (event) => event.preventDefault() }, node("label", { for: "parallelism" }, "Subtasks for each step"), many,
      deed("Change and restart", async () => {
        const wanted = Number(document.getElementById("parallelism").value);
        await call("PATCH", path, JSON.stringify({ parallelism: wanted }));
        await refresh();
      })),
      node("div", { class: "row" }, act("Cancel without a checkpoint", "cancel", !isActive), deed("Delete the job", async () => {
        if (!confirm(`Stop ${name} and forget it? Its checkpoints and rows stay.`)) return;
        await call("DELETE", path);
        location.hash = "#/";
      }, { kind: "danger" }))),
  ];
}

function facts(status) {
  return node("dl", { class: "facts" }, fact("records", short(status.records)), fact("rate", `${short(status.rate)}/s`),
    fact("errors", short(status.errors), status.errors > 0 ? "bad" : null), ...(status.shards
      ? [fact("oldest checkpoint", seconds(status.shards.checkpointAge))]
      : [fact("behind", seconds(status.lag)), fact("watermark", clock(status.watermark)),
        fact("last checkpoint took", status.checkpoint ? `${status.checkpoint.duration.toFixed(0)} ms` : "–")]));
}

/** The shards of a job that workers run: who has which, and how it goes. */
function shardsSection(shards) {
  const rows = shards.list.map((one) => node("tr", {}, node("td", {}, `${one.stage}.${one.index}`), node("td", {}, one.worker ?? "–"),
    node("td", {}, phase(one.state)), number(`${one.epoch}`), number(seconds(one.age)), number(short(one.records)),
    node("td", { class: "quiet" }, one.error ?? "")));
  const refused = shards.refused.map((one) => node("p", { class: "problem" }, `${one.worker} cannot run it: ${one.error}`));
  return [node("h2", {}, "Shards"), ...refused, wide("Shards",
    node("p", { class: "quiet" }, `Version ${shards.version}: ${shards.running} of ${shards.total} run; workers: ${shards.workers}.`),
    table(["Shard", "Worker", "State", "#Checkpoint", "#Its age", "#Records", "Error"], rows))];
}

function graphSection(graph) {
  const key = (kind, text) => node("span", { class: "key" }, node("span", { class: `swatch ${kind}` }), text);
  return [node("h2", {}, "Graph"), wide("Graph", drawGraph(graph),
    node("p", { class: "quiet keys" }, "How busy a step's thread is:", key("b0", "up to 40 %"), key("b1", "up to 80 %"), key("b2", "more"),
      key("waits", "held back by a later step for more than half of the time"), key("side", "errors and late records"))),
  graph.waitsFor ? node("p", { class: "quiet" }, `Why windows wait: ${graph.waitsFor.replace(/\.\d+Z/, "Z")}.`) : null].filter(Boolean);
}

function curves(points, shards) {
  const card = (picture) => node("div", { class: "card" }, picture);
  const share = (value) => `${Math.round(value * 100)} %`;
  const rate = card(drawCurve("Records a second", points, (point) => point.rate));
  if (shards) return [rate];
  return [rate, card(drawCurve("Watermark behind the newest", points, (point) => point.lag, seconds, ceilingOfSeconds)),
    card(drawCurve("Busiest thread", points, (point) => point.busy, share)),
    card(drawCurve("Errors and late records a second", points, (point) => point.refused))];
}

/** Records that did not go on, by step, and where to see them. */
function unusedSection(name, graph) {
  const kinds = ["errors", "late", "filtered", "duplicates"];
  const steps = graph.nodes.filter((one) => kinds.some((kind) => one[kind] > 0));
  const rows = steps.map((one) => {
    const sides = graph.edges.filter((edge) => edge.from === one.id && edge.side);
    return node("tr", {}, node("td", {}, one.id), ...kinds.map((kind) => number(short(one[kind]))),
      node("td", {}, sides.length ? [...new Set(sides.map((edge) => edge.to))].join(", ") : "–"),
      node("td", {}, ...[...new Set(sides.map((edge) => edge.side))].map((side) =>
        node("a", { class: "inline", href: `#/jobs/${encodeURIComponent(name)}/tap?edge=${encodeURIComponent(`${one.id}.${side}`)}` }, `look at ${side}`))));
  });
  return [node("h2", {}, "Records that were not used"), rows.length
    ? wide("Records that were not used", table(["Step", "#Errors", "#Late", "#Filtered", "#Duplicates", "Errors and late go to", "As they pass"], rows),
      node("p", { class: "quiet" }, "What was kept stands under ", node("a", { href: "#/dead-letters" }, "Dead letters"), ", if the job writes there."))
    : node("section", {}, "None: every record so far was used.")];
}

function inputsSection(splits) {
  const times = splits.map((split) => (split.newest ? Date.parse(split.newest) : null));
  const newest = Math.max(...times.filter((time) => time !== null));
  const behind = times.map((time) => (time === null ? null : (newest - time) / 1000));
  const most = Math.max(1, ...behind);
  const rows = splits.slice(0, 100).map((split, index) => node("tr", {}, node("td", {}, split.name), node("td", { class: "time" }, clock(split.newest)),
    number(seconds(behind[index])), node("td", {}, behind[index] === null ? "no record yet" : most <= 1 ? "" : node("meter", {
      min: "0", max: `${most}`, value: `${behind[index]}`, "aria-label": `${seconds(behind[index])} behind the newest input`,
    })), node("td", {}, split.isIdle ? "idle: holds nothing back" : "")));
  return [node("h2", {}, "Inputs"), wide("Inputs", table(["Input", "Newest record", "#Behind the newest input", "", "State"], rows),
    splits.length > 100 ? node("p", { class: "quiet" }, `100 of ${splits.length}.`) : null)];
}

function checkpointsSection(checkpoints) {
  if (!checkpoints.length) return [node("h2", {}, "Checkpoints"), node("section", {}, "None since the server started.")];
  const card = (picture) => node("div", { class: "card" }, picture);
  const shown = checkpoints.slice(0, 60).reverse();
  const time = (value) => `${value >= 100 ? Math.round(value) : value.toFixed(1)} ms`;
  const at = (one) => one.at.slice(11, 19);
  return [node("h2", {}, "Checkpoints"), node("div", { class: "charts" }, card(drawBars("Took", shown, (one) => one.duration, time, at)),
    card(drawBars("Longest pause of a subtask", shown, (one) => one.pause, (value) => `${value.toFixed(2)} ms`, at)),
    card(drawBars("Written", shown, (one) => one.storedBytes, bytes, at)), card(drawBars("State in all", shown, (one) => one.fullBytes, bytes, at))),
  wide("Checkpoints", table(["#Epoch", "At", "#Took", "#Pause", "#Written", "#In all"], checkpoints.slice(0, 10).map((one) => node("tr", {}, number(`${one.epoch}`),
    node("td", { class: "time" }, clock(one.at)), number(time(one.duration)),
    node("td", { class: "number", title: one.pauses.map((pause) => `${pause.step} ${pause.subtask}: ${pause.milliseconds.toFixed(2)} ms`).join("\n") },
      `${one.pause.toFixed(2)} ms`), number(bytes(one.storedBytes)),
    number(bytes(one.fullBytes))))))];
}
