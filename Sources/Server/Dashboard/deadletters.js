import { short, svg } from "/graph.js";
import { call, node, number, table, wide } from "/page.js";

// Records that could not be used: how many for which reason, and what they look like.

function bar(count, most, label) {
  const picture = svg("svg", { width: 260, height: 14, viewBox: "0 0 260 14", role: "img", "aria-label": label });
  picture.append(svg("rect", { class: "bar", x: 0, y: 1, width: Math.max(1, (count / most) * 260), height: 12, rx: 2 }));
  return picture;
}

const address = (changes) => `#/dead-letters?${new URLSearchParams(changes)}`;

export async function deadLettersPage() {
  const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const offset = Number(query.get("offset") ?? 0);
  const chosen = Object.fromEntries(["step", "reason"].filter((name) => query.get(name)).map((name) => [name, query.get(name)]));
  const found = await call("GET", `/api/v1/dead-letters?${new URLSearchParams({ limit: "50", offset: `${offset}`, ...chosen })}`);
  if (!found.groups.length) {
    return [node("h1", {}, "Dead letters"), node("section", {},
      "None. Jobs that route errors and late records into the table dead_letter of the server's database, as jobs.yaml does, keep them here.")];
  }
  const most = Math.max(...found.groups.map((one) => one.count));
  const all = found.groups.reduce((sum, one) => sum + one.count, 0);
  const rows = found.groups.map((one) => node("tr", {}, node("td", {}, one.step),
    node("td", {}, node("a", { href: address({ step: one.step, reason: one.reason }) }, one.reason)), number(short(one.count)),
    node("td", {}, bar(one.count, most, `${Math.round((100 * one.count) / all)} % of all`))));
  const last = offset + found.dead_letters.length;
  return [node("h1", {}, "Dead letters"), node("p", { class: "quiet" }, `${short(all)} records could not be used, or came too late; what looks like personal data is taken out.`),
    wide("By reason", table(["Step", "Reason", "#Records", "Share"], rows)),
    node("h2", {}, chosen.reason ? `${chosen.step ?? "any step"}: ${chosen.reason}` : "The newest of each input"),
    node("div", { class: "row" }, chosen.reason ? node("a", { href: "#/dead-letters" }, "All reasons") : null,
      node("span", { class: "quiet" }, found.dead_letters.length ? `${offset + 1} to ${last} of ${short(found.total_count)}` : ""),
      offset > 0 ? node("a", { href: address({ ...chosen, offset: Math.max(0, offset - 50) }) }, "Before") : null,
      last < found.total_count ? node("a", { href: address({ ...chosen, offset: last }) }, "Next") : null),
    node("ol", { class: "records", tabindex: "0", "aria-label": "Records" }, ...found.dead_letters.map((one) => node("li", {},
      node("span", {}, node("strong", {}, one.reason), ` at ${one.step}`, one.detail ? `: ${one.detail}` : "", node("span", { class: "quiet" }, ` · ${one.source}${one.offset === undefined ? "" : ` at ${one.offset}`}`)),
      node("code", {}, one.record))))];
}
