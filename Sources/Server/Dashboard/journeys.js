import { ahead, ceiling, drawBox, drawChoice, layout, sheet, short, svg } from "/graph.js";
import { analysesSection } from "/analyses.js";
import { action, call, deed, fact, milliseconds, node, number, percent, phase, table, wide } from "/page.js";

// Journeys: where requests go, and what objectives would have meant for them.

/** A share of what failed, in words where nothing in the telemetry tells of errors. */
const failures = (journey) => (journey.error_evidence === "none" ? "unknown" : percent(journey.error_share, 2));

export async function journeysPage() {
  const { journeys } = await call("GET", "/api/v1/journeys?limit=200");
  const rows = journeys.map((one) => node("tr", {}, node("td", {}, node("a", { href: `#/journeys/${one.id}` }, one.name), one.pinned ? " (pinned)" : ""),
    node("td", {}, one.service), number(short(one.requests)), number(failures(one)), number(percent(one.confidence, 0)),
    node("td", { class: "quiet" }, `${one.services.length} services`)));
  return [node("h1", {}, "Journeys"), rows.length
    ? wide("Journeys", table(["Journey", "Enters at", "#Requests", "#Failed", "#Confidence", "Touches"], rows))
    : node("section", {}, "None yet. They come from analyses: of this page, of POST /api/v1/analyze, or of sloscout analyze --server."),
  ...await analysesSection()];
}

/** The steps as a map: what calls what, how long it takes, how much of it fails. */
function drawMap(journey) {
  // A step may call itself through others: a map has only the ways that lead on.
  const seen = new Set();
  const edges = journey.calls.filter((call) => call.from < call.to && !seen.has(`${call.from}-${call.to}`) && seen.add(`${call.from}-${call.to}`))
    .map((call) => ({ from: `${call.from}`, to: `${call.to}`, probability: call.probability, asynchronous: call.asynchronous }));
  const failed = (share) => (journey.error_evidence === "none" ? "failures unknown" : `${percent(share, 2)} failed`);
  const nodes = journey.steps.map((step, index) => ({ id: `${index}`, step }));
  const { place, width, height } = layout(nodes, edges);
  const label = `Map of ${nodes.length} steps: ${edges.map((edge) => `${journey.steps[edge.from].service} calls ${journey.steps[edge.to].service}`).join(", ")}`;
  const picture = sheet("graph", width, height, label);
  for (const edge of edges) {
    picture.append(svg("path", {
      class: edge.asynchronous ? "edge side" : "edge", d: ahead(place.get(edge.from), place.get(edge.to)), "stroke-width": 0.8 + 2.4 * edge.probability,
    }));
  }
  for (const { id, step } of nodes) {
    picture.append(drawBox(place.get(id), {
      name: step.service, level: step.error_share > 0.05 ? 2 : step.error_share > 0.01 ? 1 : 0,
      title: `${step.service} ${step.operation}: half within ${milliseconds(step.p50)}, 95 % within ${milliseconds(step.p95)}, ${failed(step.error_share)}, ${percent(step.critical_share)} of the journey's time`,
      lines: [step.operation, `p95 ${milliseconds(step.p95)} · ${percent(step.critical_share, 0)}`, failed(step.error_share)],
    }));
  }
  return picture;
}

/** Pages a month by target, with the target that is chosen. */
function drawPages(curve, point) {
  const points = [...curve].reverse();
  const most = ceiling(Math.max(1, ...points.map((one) => one.pages_per_month), point.pages_per_month));
  const after = points.findIndex((one) => one.target_percentage >= point.target_percentage);
  const index = after < 0 ? points.length - 1 : after;
  return drawChoice("Pages a month by target", points.map((one) => one.pages_per_month), index, most, [`${points[0].target_percentage} %`, `${points.at(-1).target_percentage} %`],
    points.map((one) => `${one.target_percentage} % ${one.pages_per_month.toFixed(1)}`).join(", "));
}

/** One objective: drag the target, and see what it would have meant. */
async function whatIf(slo, refresh) {
  const path = `/api/v1/slo/${slo.id}`;
  const { curve } = await call("POST", `${path}/simulate`, "{}");
  const steps = [...curve].reverse();
  const nearest = (target) => steps.reduce((best, one, index) =>
    (Math.abs(one.target_percentage - target) < Math.abs(steps[best].target_percentage - target) ? index : best), 0);
  const isProven = !slo.variants.some((one) => !one.feasible && one.target_percentage === slo.target_percentage);
  const slider = node("input", { type: "range", id: `target-${slo.id}`, min: "0", max: `${steps.length - 1}`, step: "1" });
  slider.value = `${nearest(slo.target_percentage)}`;
  const numbers = node("dl", { class: "facts", "aria-live": "polite" });
  const chart = node("div", { class: "chart" });
  const notes = node("p", { class: "quiet" });
  const save = deed("Take this target", async () => {
    await call("PATCH", path, JSON.stringify({ target_percentage: steps[slider.value].target_percentage }));
    refresh();
  });
  const show = () => {
    const point = steps[slider.value];
    slider.setAttribute("aria-valuetext", `${point.target_percentage} %`);
    const left = point.budget_remaining;
    numbers.replaceChildren(fact("target", `${point.target_percentage} %`), fact("pages a month", point.pages_per_month.toFixed(1)), fact("tickets", `${point.tickets}`),
      fact("budget left", left < 0 ? `spent ${(1 - left).toFixed(1)} times over` : percent(left), left < 0 ? "bad" : null),
      fact("minutes above", `${point.minutes_breached}`));
    // Why a target is proposed that its history does not prove is said with the proposal.
    const proposed = slo.variants.filter((one) => one.target_percentage === point.target_percentage).flatMap((one) => one.notes);
    notes.textContent = [...new Set([...point.notes, ...proposed])].join("; ");
    chart.replaceChildren(curve.some((one) => one.pages_per_month > 0) ? drawPages(curve, point)
      : node("p", { class: "quiet" }, "None of these targets would have paged anybody."));
    save.disabled = point.target_percentage === slo.target_percentage;
  };
  slider.addEventListener("input", show);
  show();
  return node("section", { class: "objective" }, node("h3", {}, slo.name, " ", phase(slo.status), isProven ? null : node("span", { class: "phase failed" }, " not proven by its history")),
    node("p", { class: "quiet" }, slo.sentence), node("div", { class: "whatif" },
      node("div", {}, node("label", { for: slider.id }, "Target"), slider, numbers), chart), notes,
    node("div", { class: "row" }, save,
      slo.sli_status === "approved" ? node("span", { class: "quiet" }, "The indicator is approved.") : action("Approve the indicator", "POST", `/api/v1/sli/${slo.sli_id}/approve`, refresh),
      slo.status === "approved" || slo.sli_status !== "approved" ? null : action("Approve the objective", "POST", `${path}/approve`, refresh, null, "main")));
}

export async function journeyPage(id) {
  const journey = await call("GET", `/api/v1/journeys/${encodeURIComponent(id)}`);
  const { slos } = await call("GET", `/api/v1/slo?journey_id=${encodeURIComponent(id)}`);
  const refresh = () => window.dispatchEvent(new Event("hashchange"));
  const name = node("input", { id: "name", autocomplete: "off" });
  name.value = journey.name;
  return [node("h1", {}, journey.name), journey.pending ? node("p", { class: "quiet" }, "A merge or a split waits for the next analysis.") : null,
    node("section", {}, node("dl", { class: "facts" }, fact("requests", short(journey.requests)), fact("failed", failures(journey)),
      fact("half within", milliseconds(journey.latency.p50)), fact("95 % within", milliseconds(journey.latency.p95)),
      fact("99 % within", milliseconds(journey.latency.p99)), fact("confidence", percent(journey.confidence, 0)))),
    node("h2", {}, "Map"), wide("Map", drawMap(journey), node("p", { class: "quiet" },
      "Each step with what it does, 95 % of its durations, its share of the journey's time, and what failed. Thick lines are taken more often; dashed ones are not waited for.")),
    node("h2", {}, "Objectives"), ...await Promise.all(slos.map((slo) => whatIf(slo, refresh))),
    node("h2", {}, "Why it can be trusted so far"), node("section", {}, table(["What", "#Factor", "Why"], journey.confidence_factors.map((one) =>
      node("tr", {}, node("td", {}, one.name), number(one.value.toFixed(2)), node("td", {}, one.reason))))),
    node("h2", {}, "Name"), node("form", {
      class: "row", onsubmit: (event) => event.preventDefault(),
    }, node("label", { for: "name" }, "What people call it"), name,
    deed("Rename", async () => { await call("PATCH", `/api/v1/journeys/${id}`, JSON.stringify({ name: name.value })); refresh(); }),
    action(journey.pinned ? "Unpin" : "Pin", "PATCH", `/api/v1/journeys/${id}`, refresh, { pinned: !journey.pinned }))];
}
