import { action, call, deed, download, node, phase, table, wide } from "/page.js";

// Files that analyses wrote: what is in them, what changed, and their way to where they are used.

export async function artifactsPage() {
  const found = await call("GET", "/api/v1/artifacts?limit=1000");
  if (!found.artifacts.length) {
    return [node("h1", {}, "Artifacts"), node("section", {}, "None yet. Analyses write them: ", node("a", { href: "#/journeys" }, "analyze a service"), ".")];
  }
  const path = node("input", { id: "path", autocomplete: "off" });
  const choice = (name, label) => {
    const values = [...new Set(found.artifacts.map((one) => one[name]).filter(Boolean))].sort();
    const select = node("select", { id: name }, node("option", { value: "" }, "any"), ...values.map((value) => node("option", { value }, value)));
    return { name, select, part: node("div", {}, node("label", { for: name }, label), select) };
  };
  const choices = [choice("kind", "Kind"), choice("service", "Service"), choice("state", "State")];
  const count = node("p", { class: "quiet", role: "status" });
  const body = wide("Files");
  const show = () => {
    const fit = found.artifacts.filter((one) => one.path.includes(path.value) && choices.every(({ name, select }) => !select.value || one[name] === select.value));
    count.textContent = `${fit.length} of ${found.total_count} files`;
    body.replaceChildren(fit.length ? table(["File", "Kind", "Service", "State", "Decided by"], fit.map(fileRow)) : "No file fits.");
  };
  for (const input of [path, ...choices.map((one) => one.select)]) input.addEventListener("input", show);
  show();
  return [node("h1", {}, "Artifacts"), node("form", { class: "filters", onsubmit: (event) => event.preventDefault() },
    node("div", {}, node("label", { for: "path" }, "Path contains"), path), ...choices.map((one) => one.part)), count, body];
}

function fileRow(one) {
  return node("tr", {}, node("td", {}, node("a", { href: `#/artifacts/${one.id}` }, one.path)), node("td", {}, one.kind), node("td", {}, one.service),
    node("td", {}, phase(one.state)), node("td", { class: "quiet" }, one.decided_by ?? ""));
}

/** Lines of both texts: those that only the old one has, only the new one, or both. By the longest common part, O(old × new) within the changed middle. */
export function difference(before, after) {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  let [start, endOld, endFresh] = [0, old.length, fresh.length];
  while (start < endOld && start < endFresh && old[start] === fresh[start]) start += 1;
  while (endOld > start && endFresh > start && old[endOld - 1] === fresh[endFresh - 1]) { endOld -= 1; endFresh -= 1; }
  const [a, b] = [old.slice(start, endOld), fresh.slice(start, endFresh)];
  const lines = old.slice(0, start).map((text) => [" ", text]);
  if (a.length * b.length > 4e6) {
    lines.push(...a.map((text) => ["-", text]), ...b.map((text) => ["+", text]));
  } else {
    const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
    for (let i = a.length - 1; i >= 0; i -= 1) {
      for (let j = b.length - 1; j >= 0; j -= 1) common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
    let [i, j] = [0, 0];
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) { lines.push([" ", a[i]]); i += 1; j += 1; }
      else if (j >= b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) { lines.push(["-", a[i]]); i += 1; }
      else { lines.push(["+", b[j]]); j += 1; }
    }
  }
  return lines.concat(old.slice(endOld).map((text) => [" ", text]));
}

const kinds = { "+": "added", "-": "removed", " ": null };

export async function artifactPage(id) {
  const path = `/api/v1/artifacts/${encodeURIComponent(id)}`;
  const { artifact, content, deployed_content: before } = await call("GET", `${path}/preview`);
  const refresh = () => window.dispatchEvent(new Event("hashchange"));
  const act = (title, verb, states, kind) => (states.includes(artifact.state) ? action(title, "POST", `${path}/${verb}`, refresh, null, kind) : null);
  const lines = before === undefined ? content.split("\n").map((text) => [" ", text]) : difference(before, content);
  return [node("h1", { class: "path" }, artifact.path, " ", phase(artifact.state)),
    node("p", { class: "quiet" }, before === undefined ? "No file of this path was deployed before." : "Against the file of this path that was deployed last."),
    node("div", { class: "row" }, act("Approve", "approve", ["draft", "rejected"], "main"), act("Reject", "reject", ["draft", "approved", "rolled-back"]),
      ["approved", "rolled-back"].includes(artifact.state)
        ? action("Deploy", "POST", "/api/v1/artifacts/deploy", refresh, { artifacts: [artifact.id] }, "main") : null,
      act("Roll back", "rollback", ["deployed"]), deed("Download", () => download(`${path}/content`, artifact.path.split("/").at(-1)))),
    node("pre", { class: "card diff", tabindex: "0", "aria-label": "Content" }, ...lines.map(([mark, text]) =>
      node("span", { class: kinds[mark] }, `${before === undefined ? "" : `${mark} `}${text}\n`)))];
}
