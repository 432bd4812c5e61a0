import { bytes } from "/graph.js";
import { call, clock, deed, node, number, table, wide } from "/page.js";

// Savepoints of a job: state that stays until somebody removes it.

export async function savepointsPage(job) {
  const path = `/api/v1/jobs/${encodeURIComponent(job)}`;
  const [{ savepoints }, { status }] = await Promise.all([call("GET", `${path}/savepoints`), call("GET", path)]);
  const again = () => window.dispatchEvent(new Event("hashchange"));
  const isRunning = ["starting", "waiting", "running", "restarting", "stopping"].includes(status.phase);
  const name = node("input", { id: "name", autocomplete: "off", pattern: "[a-z0-9][a-z0-9-]{0,39}" });
  const rows = savepoints.map((one) => {
    const own = `${path}/savepoints/${encodeURIComponent(one.name)}`;
    return node("tr", {}, node("td", {}, one.name), node("td", {}, clock(one.at)), number(`${one.epoch}`), number(bytes(one.storedBytes)),
      node("td", {}, node("div", { class: "row" },
        deed("Start from it", async () => { await call("POST", `${own}/start`); location.hash = `#/jobs/${job}`; }, { disabled: isRunning }),
        deed("Remove", async () => { if (confirm(`Remove the savepoint ${one.name}?`)) { await call("DELETE", own); again(); } }))));
  });
  return [node("h1", {}, "Savepoints of ", node("a", { href: `#/jobs/${encodeURIComponent(job)}` }, job)),
    node("p", { class: "quiet" }, "A savepoint is a checkpoint that retention does not remove. A job that does not run can be started from it."),
    node("div", { class: "row" }, node("label", { for: "name" }, "Name"), name,
      deed("Take one now", async () => { await call("POST", `${path}/savepoints`, JSON.stringify(name.value ? { name: name.value } : {})); again(); }, { kind: "main" }),
      node("span", { class: "quiet" }, "Left empty it is named after its checkpoint.")),
    node("h2", {}, "What there is"),
    rows.length ? wide("Savepoints", table(["Name", "Of", "#Checkpoint", "#Size", ""], rows)) : node("section", {}, "None yet.")];
}
