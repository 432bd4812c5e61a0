import { drawBars, short, svg } from "/graph.js";
import { call, clock, fact, node, number, table, wide } from "/page.js";

// Capsules: what services log, by template, with counts over time.

/** Counts of windows as bars. */
function sparkline(windows) {
  const [width, height] = [120, 24];
  const most = Math.max(1, ...windows.map((one) => one.count));
  const step = width / Math.max(12, windows.length);
  const picture = svg("svg", {
    width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${windows.length} windows, at most ${short(most)} in one`,
  });
  windows.forEach((one, index) => {
    const bar = Math.max(1, (one.count / most) * height);
    picture.append(svg("rect", { class: "bar", x: index * step, y: height - bar, width: Math.max(1, step - 1), height: bar }));
  });
  return picture;
}

const severities = (capsule) => capsule.severities.map((one) => `${one.name} ${short(one.count)}`).join(", ");

/** Goes to the page of other filters. */
function visit(query, changes) {
  const next = new URLSearchParams([...query].filter(([name]) => name !== "offset"));
  for (const [name, value] of Object.entries(changes)) { if (value) next.set(name, value); else next.delete(name); }
  location.hash = `#/capsules?${next}`;
}

function filters(query) {
  const input = (name, label) => {
    const field = node("input", { id: name, name, autocomplete: "off" });
    field.value = query.get(name) ?? "";
    return node("div", {}, node("label", { for: name }, label), field);
  };
  const how = node("select", { id: "how", name: "how" }, node("option", { value: "" }, "contains it"), node("option", { value: "means" }, "means it"));
  how.value = query.get("how") ?? "";
  return node("form", {
    class: "filters", role: "search",
    onsubmit: (event) => { event.preventDefault(); visit(query, Object.fromEntries(new FormData(event.target))); },
  }, input("q", "What to look for"), node("div", {}, node("label", { for: "how" }, "The template"), how), input("service", "Service"),
  input("severity", "Severity"), node("button", { class: "main" }, "Search"));
}

/** The templates that fit a question in one's own words. */
async function meaningPage(query) {
  const wanted = new URLSearchParams({ limit: "50" });
  for (const name of ["q", "service", "severity"]) if (query.get(name)) wanted.set(name, query.get(name));
  const found = await call("GET", `/api/v1/capsules/search?${wanted}`);
  const rows = found.hits.map((one) => node("tr", {},
    node("td", {}, node("a", { href: `#/capsules/${encodeURIComponent(one.fingerprint)}` }, node("code", {}, one.template))),
    node("td", {}, one.services.join(", "), node("span", { class: "quiet" }, ` ${one.environments.join(", ")}`)), number(short(one.count)),
    number(one.score.toFixed(2)), node("td", { class: "quiet" }, severities(one))));
  const how = found.model ? `By meaning (${found.model}) and words` : `By words only. ${found.note ?? ""}`;
  return [node("h1", {}, "Capsules"), filters(query), node("p", { class: "quiet" }, `${how}, among ${short(found.searched)} templates.`),
    rows.length ? wide("What fits", table(["Template", "Service", "#Records", "#Score", "Severities"], rows)) : node("section", {}, "Nothing fits.")];
}

export async function capsulesPage() {
  const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const offset = Number(query.get("offset") ?? 0);
  if (query.get("how") === "means" && query.get("q")) return meaningPage(query);
  const wanted = new URLSearchParams({ limit: "50", offset: `${offset}` });
  for (const name of ["q", "service", "severity"]) if (query.get(name)) wanted.set(name, query.get(name));
  const found = await call("GET", `/api/v1/capsules?${wanted}`);
  const form = filters(query);
  const go = (changes) => visit(query, changes);
  const rows = found.capsules.map((one) => node("tr", {},
    node("td", {}, node("a", { href: `#/capsules/${encodeURIComponent(one.fingerprint)}` }, node("code", {}, one.template))),
    node("td", {}, one.service, one.environment ? node("span", { class: "quiet" }, ` ${one.environment}`) : null), number(short(one.count)),
    node("td", {}, sparkline(one.windows)), node("td", { class: "quiet severities" }, severities(one))));
  const last = offset + found.capsules.length;
  return [node("h1", {}, "Capsules"), form,
    rows.length ? wide("Templates", table(["Template", "Service", "#Records", "Over time", "Severities"], rows))
      : node("section", {}, "Nothing. Capsules are written by a job like the fingerprint job of jobs.yaml, into the server's database."),
    node("div", { class: "row" }, node("span", { class: "quiet" }, rows.length ? `${offset + 1} to ${last} of ${found.total_count}` : ""),
      offset > 0 ? node("button", { onclick: () => go({ offset: `${Math.max(0, offset - 50)}` }) }, "Before") : null,
      last < found.total_count ? node("button", { onclick: () => go({ offset: `${last}` }) }, "Next") : null)];
}

export async function capsulePage(fingerprint) {
  const found = await call("GET", `/api/v1/capsules/${encodeURIComponent(fingerprint)}`);
  return [node("h1", { class: "template" }, found.capsules[0].template), node("p", { class: "quiet" }, `Fingerprint ${fingerprint}`),
    ...found.capsules.flatMap((one) => [node("h2", {}, `${one.service}${one.environment ? `, ${one.environment}` : ""}`),
      node("section", {}, node("dl", { class: "facts" }, fact("records", short(one.count)), fact("first seen", clock(one.first_seen)),
        fact("last seen", clock(one.last_seen)), fact("severities", severities(one)))),
      node("div", { class: "card" }, drawBars("Records a window", one.windows, (window) => window.count, short, (window) => window.start.slice(5, 16).replace("T", " "))),
      wide(`Samples of ${one.service} ${one.environment ?? ""}`, table(["Sample", "Trace"], (one.samples ?? []).map((sample) =>
        node("tr", {}, node("td", {}, node("code", {}, sample.message)), node("td", { class: "quiet" }, sample.trace_id ?? "–")))))])];
}
