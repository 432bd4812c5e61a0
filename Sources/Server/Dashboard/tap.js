import { call, clock, node, send, tell, TokenNeeded } from "/page.js";

// Records of an edge as they pass: sampled by the server, and without personal data.

const SHOWN = 50;
let stop = null;

/** Ends what a page has begun; called whenever another page is shown. */
export function leave() {
  stop?.abort();
  stop = null;
}

export async function tapPage(name) {
  const path = `/api/v1/jobs/${encodeURIComponent(name)}`;
  const graph = await call("GET", `${path}/graph`);
  const steps = graph.nodes.filter((one) => one.role !== "sink").map((one) => one.id);
  const sides = graph.edges.filter((edge) => edge.side).map((edge) => `${edge.from}.${edge.side}`);
  const select = node("select", { id: "edge" }, ...steps.concat([...new Set(sides)]).map((edge) => node("option", { value: edge }, edge)));
  const wanted = new URLSearchParams(location.hash.split("?")[1] ?? "").get("edge");
  if (wanted) select.value = wanted;
  const list = node("ol", { class: "records", tabindex: "0", "aria-label": "Records, the newest first" });
  const state = node("p", { class: "quiet", role: "status" }, "Nothing is looked at.");
  const start = node("button", { class: "main" }, "Look");
  const end = node("button", { disabled: true, onclick: leave }, "Stop");
  start.addEventListener("click", async () => {
    leave();
    const own = new AbortController();
    stop = own;
    [start.disabled, end.disabled] = [true, false];
    list.replaceChildren();
    tell();
    try { await follow(path, select.value, own, list, state); } catch (error) { if (!own.signal.aborted && !(error instanceof TokenNeeded)) tell(error); }
    [start.disabled, end.disabled] = [false, true];
    state.textContent = `${state.textContent.replace(/^Now:/, "Was:")}`;
  });
  return [node("h1", {}, "Records of ", node("a", { href: `#/jobs/${encodeURIComponent(name)}` }, name)),
    node("p", { class: "quiet" }, "At most ten a second are shown, for ten minutes; what looks like personal data is taken out."),
    node("div", { class: "row" }, node("label", { for: "edge" }, "Behind the step"), select, start, end), state, list];
}

/** A record: its time, and each field with its name. */
function recordItem({ time, fields }) {
  // What people read first; ids and times, which are long, last.
  const rank = (name) => (/^(message|template|body|raw)$/.test(name) ? 0 : /(^|_)(id|timestamp|time)$/.test(name) ? 2 : 1);
  const parts = Object.entries(fields).filter(([, value]) => value !== null).sort(([a], [b]) => rank(a) - rank(b))
    .map(([name, value]) => node("span", { class: "field" }, node("span", { class: "quiet" }, `${name} `), node("code", {}, typeof value === "string" ? value : JSON.stringify(value))));
  return node("li", {}, node("span", { class: "quiet time" }, time ? clock(time) : "no time"), node("span", {}, ...parts));
}

async function follow(path, edge, own, list, state) {
  const response = await send("GET", `${path}/tap?edge=${encodeURIComponent(edge)}&rate=10&seconds=600`, undefined, {}, own.signal);
  if (!response.ok) { const problem = await response.json(); throw Object.assign(new Error(problem.title), { problem }); }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let [rest, passed, shown] = ["", 0, 0];
  while (true) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts.filter((one) => one.startsWith("data: "))) {
      const event = JSON.parse(part.slice(6));
      passed += event.passed;
      shown += 1;
      list.prepend(recordItem(event.record));
    }
    while (list.children.length > SHOWN) list.lastChild.remove();
    state.textContent = `Now: ${passed} records passed ${edge}, ${shown} of them were shown.`;
  }
}
