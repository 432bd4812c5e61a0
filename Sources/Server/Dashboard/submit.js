import { call, node, problemBox, TokenNeeded } from "/page.js";

// Submitting a job.

export function submitPage() {
  const text = node("textarea", { id: "document", rows: 24, spellcheck: "false" });
  const file = node("input", { id: "file", type: "file", accept: ".yaml,.yml" });
  file.addEventListener("change", async () => { if (file.files[0]) text.value = await file.files[0].text(); });
  const answer = node("div", { "aria-live": "polite" });
  const jobName = () => /kind:\s*Job[\s\S]*?name:\s*([\w.-]+)/.exec(text.value)?.[1] ?? "unnamed";
  const send = async (method, path, done) => {
    try { done(await call(method, path, text.value, { "Content-Type": "application/yaml" })); } catch (error) { if (!(error instanceof TokenNeeded)) answer.replaceChildren(problemBox(error)); }
  };
  return [node("h1", {}, "Submit a job"), node("label", { for: "document" }, "The Job document, and the Connection documents that it uses"), text,
    node("label", { for: "file" }, "or a file with them"), file,
    node("p", { class: "row" },
      node("button", {
        onclick: () => send("POST", `/api/v1/jobs/${jobName()}/plan`, ({ plan, warnings }) => answer.replaceChildren(node("p", {},
          `Fits. Goes on with the state of: ${plan.kept.join(", ") || "no step"}. Without state: ${plan.added.join(", ") || "no step"}. Loses the state of: ${plan.dropped.join(", ") || "no step"}.`),
        ...warnings.map((warning) => node("p", { class: "quiet" }, `line ${warning.line}: ${warning.message}`)))),
      }, "Check"),
      node("button", { class: "main", onclick: () => send("PUT", `/api/v1/jobs/${jobName()}`, (job) => { location.hash = `#/jobs/${job.name}`; }) }, "Submit")),
    answer];
}
