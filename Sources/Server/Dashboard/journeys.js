import { ahead, drawBox, layout, short, svg } from "/graph.js";
import { action, call, fact, milliseconds, node, number, percent, problemBox, table } from "/page.js";

// Journeys: where requests go, and what objectives would have meant for them.

export async function journeysPage() {
  const { journeys } = await call("GET", "/api/v1/journeys?limit=200");
  const rows = journeys.map((one) => node("tr", {}, node("td", {}, node("a", { href: `#/journeys/${one.id}` }, one.name), one.pinned ? " (pinned)" : ""),
    node("td", {}, one.service), number(short(one.requests)), number(percent(one.error_share, 2)), number(percent(one.confidence, 0)),
    node("td", { class: "quiet" }, `${one.services.length} services`)));
  return [node("h1", {}, "Journeys"), node("section", {}, rows.length
    ? table(["Journey", "Enters at", "#Requests", "#Failed", "#Confidence", ""], rows)
    : "None yet. They come from analyses: POST /api/v1/analyze, or sloscout analyze --server.")];
}

/** The steps as a map: what calls what, how long it takes, how much of it fails. */
function drawMap(journey) {
  // A step may call itself through others: a map has only the ways that lead on.
  const seen = new Set();
  const edges = journey.calls.filter((call) => call.from < call.to && !seen.has(`${call.from}-${call.to}`) && seen.add(`${call.from}-${call.to}`))
    .map((call) => ({ from: `${call.from}`, to: `${call.to}`, probability: call.probability, asynchronous: call.asynchronous }));
  const nodes = journey.steps.map((step, index) => ({ id: `${index}`, step }));
  const { place, width, height } = layout(nodes, edges);
  const label = `Map of ${nodes.length} steps: ${edges.map((edge) => `${journey.steps[edge.from].service} calls ${journey.steps[edge.to].service}`).join(", ")}`;
  const picture = svg("svg", { class: "graph map", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  for (const edge of edges) {
    picture.append(svg("path", {
      class: edge.asynchronous ? "edge side" : "edge", d: ahead(place.get(edge.from), place.get(edge.to)), "stroke-width": 0.8 + 2.4 * edge.probability,
    }));
  }
  for (const { id, step } of nodes) {
    picture.append(drawBox(place.get(id), {
      name: step.service, level: step.error_share > 0.05 ? 2 : step.error_share > 0.01 ? 1 : 0,
      title: `${step.service} ${step.operation}: half within ${milliseconds(step.p50)}, 95 % within ${milliseconds(step.p95)}, ${percent(step.error_share, 2)} failed, ${percent(step.critical_share)} of the journey's time`,
      lines: [step.operation, `p95 ${milliseconds(step.p95)} · ${percent(step.critical_share, 0)}`, `${percent(step.error_share, 2)} failed`],
    }));
  }
  return picture;
}

/** Pages a month by target, with the target that is chosen. */
function drawPages(curve, point) {
  const [width, height, left, base, top] = [340, 120, 8, 96, 26];
  const points = [...curve].reverse();
  const most = Math.max(1, ...points.map((one) => one.pages_per_month), point.pages_per_month);
  const x = (index) => left + (index * (width - 2 * left)) / (points.length - 1);
  const y = (pages) => base - (pages / most) * (base - top);
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, width: "100%", role: "img",
    "aria-label": `Pages a month by target: ${points.map((one) => `${one.target_percentage} % ${one.pages_per_month.toFixed(1)}`).join(", ")}`,
  });
  const text = (at, content, kind, anchor = "start") => {
    const element = svg("text", { x: at[0], y: at[1], class: kind, "text-anchor": anchor });
    element.textContent = content;
    return element;
  };
  picture.append(text([left, 14], "Pages a month by target", "name"), text([left, 114], `${points[0].target_percentage} %`, "quiet"),
    text([width - left, 114], `${points.at(-1).target_percentage} %`, "quiet", "end"), svg("line", { class: "axis", x1: left, x2: width - left, y1: base, y2: base }),
    svg("polyline", { class: "curve", points: points.map((one, index) => `${x(index)},${y(one.pages_per_month)}`).join(" ") }));
  const after = points.findIndex((one) => one.target_percentage >= point.target_percentage);
  const index = after < 0 ? points.length - 1 : after;
  picture.append(svg("line", { class: "mark", x1: x(index), x2: x(index), y1: top, y2: base }), svg("circle", { class: "bar", cx: x(index), cy: y(point.pages_per_month), r: 4 }));
  return picture;
}

/** One objective: drag the target, and see what it would have meant. */
async function whatIf(slo, refresh) {
  const path = `/api/v1/slo/${slo.id}`;
  const { curve } = await call("POST", `${path}/simulate`, "{}");
  const steps = [...curve].reverse();
  const nearest = (target) => steps.reduce((best, one, index) =>
    (Math.abs(one.target_percentage - target) < Math.abs(steps[best].target_percentage - target) ? index : best), 0);
  const slider = node("input", { type: "range", id: `target-${slo.id}`, min: "0", max: `${steps.length - 1}`, step: "1" });
  slider.value = `${nearest(slo.target_percentage)}`;
  const numbers = node("dl", { class: "facts", "aria-live": "polite" });
  const chart = node("div", { class: "chart" });
  const notes = node("p", { class: "quiet" });
  const save = node("button", {
    onclick: async () => {
      try { await call("PATCH", path, JSON.stringify({ target_percentage: steps[slider.value].target_percentage })); refresh(); } catch (error) { save.before(problemBox(error)); }
    },
  }, "Take this target");
  const show = () => {
    const point = steps[slider.value];
    slider.setAttribute("aria-valuetext", `${point.target_percentage} %`);
    const left = point.budget_remaining;
    numbers.replaceChildren(fact("target", `${point.target_percentage} %`), fact("pages a month", point.pages_per_month.toFixed(1)), fact("tickets", `${point.tickets}`),
      node("div", { class: left !== undefined && left < 0 ? "bad" : null }, node("dt", {}, "budget left"),
        node("dd", {}, percent(left, Math.abs(left) >= 1 ? 0 : 1))), fact("minutes above", `${point.minutes_breached}`));
    notes.textContent = point.notes.join("; ");
    chart.replaceChildren(curve.some((one) => one.pages_per_month > 0) ? drawPages(curve, point)
      : node("p", { class: "quiet" }, "None of these targets would have paged anybody."));
    save.disabled = point.target_percentage === slo.target_percentage;
  };
  slider.addEventListener("input", show);
  show();
  return node("section", { class: "objective" }, node("h3", {}, slo.name, " ", node("span", { class: `phase ${slo.status}` }, slo.status)),
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
    node("section", {}, node("dl", { class: "facts" }, fact("requests", short(journey.requests)), fact("failed", percent(journey.error_share, 2)),
      fact("half within", milliseconds(journey.latency.p50)), fact("95 % within", milliseconds(journey.latency.p95)),
      fact("99 % within", milliseconds(journey.latency.p99)), fact("confidence", percent(journey.confidence, 0)))),
    node("h2", {}, "Map"), node("section", { tabindex: "0", role: "region", "aria-label": "Map" }, drawMap(journey), node("p", { class: "quiet" },
      "Each step with what it does, 95 % of its durations, its share of the journey's time, and what failed. Thick lines are taken more often; dashed ones are not waited for.")),
    node("h2", {}, "Objectives"), ...await Promise.all(slos.map((slo) => whatIf(slo, refresh))),
    node("h2", {}, "Why it can be trusted so far"), node("section", {}, table(["What", "#Factor", "Why"], journey.confidence_factors.map((one) =>
      node("tr", {}, node("td", {}, one.name), number(one.value.toFixed(2)), node("td", {}, one.reason))))),
    node("h2", {}, "Name"), node("form", {
      class: "row", onsubmit: async (event) => {
        event.preventDefault();
        try { await call("PATCH", `/api/v1/journeys/${id}`, JSON.stringify({ name: name.value })); refresh(); } catch (error) { event.target.before(problemBox(error)); }
      },
    }, node("label", { for: "name" }, "What people call it"), name, node("button", {}, "Rename"),
    action(journey.pinned ? "Unpin" : "Pin", "PATCH", `/api/v1/journeys/${id}`, refresh, { pinned: !journey.pinned }))];
}
