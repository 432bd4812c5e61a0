import { call, clock, deed, download, node, phase, table, wide } from "/page.js";

// Analyses: asking for one, and how far the newest are.

const isOver = (one) => ["completed", "failed", "cancelled"].includes(one.status);

export async function analysesSection() {
  const { services } = await call("GET", "/api/v1/services?limit=500");
  const service = node("input", { id: "service", autocomplete: "off", list: "services", required: true });
  const hours = node("input", { id: "hours", type: "number", min: "1", max: "2160", value: "24" });
  const list = node("div");
  const notes = node("div");
  let wasBusy = false;
  const draw = async () => {
    const { analyses } = await call("GET", "/api/v1/analyze?limit=5");
    const isBusy = analyses.some((one) => !isOver(one));
    // What it found stands above.
    if (wasBusy && !isBusy) return window.dispatchEvent(new Event("hashchange"));
    wasBusy = isBusy;
    list.replaceChildren(analyses.length ? wide("Analyses", table(["Asked for", "Service", "#Hours", "Status", "What came of it", "Files"], analyses.map((one) => row(one, draw))))
      : node("section", {}, "None yet."));
    const newest = analyses.find((one) => one.status === "completed");
    if (newest) notes.replaceChildren(...mind(await call("GET", `/api/v1/analyze/${newest.job_id}`)));
    if (isBusy) setTimeout(() => { if (list.isConnected) draw().catch(() => {}); }, 1000);
  };
  await draw();
  return [node("h2", {}, "Analyses"), node("form", { class: "filters", onsubmit: (event) => event.preventDefault() },
    node("div", {}, node("label", { for: "service" }, "Service to analyze"), service),
    node("datalist", { id: "services" }, ...services.map((one) => node("option", { value: one.name }))),
    node("div", {}, node("label", { for: "hours" }, "Hours back"), hours),
    deed("Analyze", async () => {
      await call("POST", "/api/v1/analyze", JSON.stringify({ service_name: service.value, lookback_hours: Number(hours.value) }), { "Content-Type": "application/json" });
      await draw();
    }, { kind: "main" })), list, notes];
}

/** What to mind about the newest result, and what can be done about it. */
function mind(analysis) {
  const found = (analysis.warnings ?? []).filter((one) => one.weight !== "note");
  if (!found.length) return [];
  return [node("h2", {}, `What the telemetry of ${analysis.service_name} lacks`), node("section", {}, node("ul", {}, ...found.map((one) =>
    node("li", {}, node("strong", {}, one.message), node("span", { class: "quiet" }, `: ${one.advice}`)))))];
}

function row(one, draw) {
  const path = `/api/v1/analyze/${one.job_id}`;
  const report = `${path}/artifacts/index.html`;
  const files = one.status !== "completed" ? null
    : sessionStorage.getItem("token") ? deed("Report", () => download(report, `${one.service_name}.html`)) : node("a", { href: report, target: "_blank", rel: "noopener" }, "Report");
  return node("tr", {}, node("td", { class: "time" }, clock(one.created_at)), node("td", {}, one.service_name), node("td", { class: "number" }, `${one.lookback_hours}`),
    node("td", {}, phase(one.status)), isOver(one) ? node("td", {}, one.message)
      : node("td", {}, node("progress", { max: "100", value: `${one.progress_percent}`, "aria-label": "progress" }), ` ${one.stage ?? one.message} `),
    node("td", {}, isOver(one) ? files : deed("Cancel", async () => { await call("DELETE", path); await draw(); })));
}
