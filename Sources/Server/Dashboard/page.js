// What all pages are made with: elements, calls of the server, and how values are written.

export const main = document.getElementById("main");

export function node(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export class Refused extends Error {
  constructor(problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
}

/** The answer as it comes, for those who read it bit by bit. */
export async function send(method, path, body, headers = {}, signal = undefined) {
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, { method, body, headers, signal });
  if (response.status === 401) { askForToken(); throw new Refused({ title: "a token is needed" }); }
  return response;
}

export async function call(method, path, body, headers = {}) {
  const response = await send(method, path, body, headers);
  const text = await response.text();
  const value = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Refused(value ?? { title: response.statusText });
  return value;
}

function askForToken() {
  const input = node("input", { id: "token", type: "password", autocomplete: "off" });
  main.replaceChildren(node("h1", {}, "Token"), node("form", {
    onsubmit: (event) => { event.preventDefault(); sessionStorage.setItem("token", input.value); window.dispatchEvent(new Event("hashchange")); },
  }, node("label", { for: "token" }, "This server asks for a token"), input, node("p", {}, node("button", { class: "main" }, "Go on"))));
  input.focus();
}

export function problemBox(error) {
  const problem = error.problem ?? { title: "the server does not answer", detail: `${error}` };
  const lines = [problem.title, problem.detail, problem.hint ? `hint: ${problem.hint}` : ""];
  for (const place of problem.errors ?? []) {
    lines.push(`line ${place.line ?? "?"}, column ${place.column ?? "?"}: ${place.code}: ${place.message}${place.hint ? `\n  hint: ${place.hint}` : ""}`);
  }
  return node("div", { class: "problem", role: "alert" }, lines.filter(Boolean).join("\n"));
}

export const phase = (status) => node("span", { class: `phase ${status.phase}` }, status.phase);
export const number = (text) => node("td", { class: "number" }, text);
/** A time without its fractions of a second. */
export const clock = (time) => (time ? time.replace(/\.\d+Z$/, "Z").replace("T", " ") : "–");
export const seconds = (value) => (value === null || value === undefined ? "–" : value >= 120 ? `${Math.round(value / 60)} min` : `${value.toFixed(1)} s`);

export function table(heads, rows) {
  const head = heads.map((title) => node("th", { scope: "col", class: title.startsWith("#") ? "number" : null }, title.replace("#", "")));
  return node("table", {}, node("thead", {}, node("tr", {}, ...head)), node("tbody", {}, ...rows));
}


export const percent = (value, places = 1) => (value === null || value === undefined ? "–" : `${(100 * value).toFixed(places)} %`);
export const milliseconds = (value) => (value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value >= 10 ? Math.round(value) : value.toFixed(1)} ms`);

/** A button that calls the server; what it objects to is shown above. */
export function action(title, method, path, done, body = null, kind = null) {
  return node("button", {
    class: kind, onclick: async (event) => {
      event.target.disabled = true;
      document.querySelectorAll(".problem").forEach((old) => old.remove());
      try { await call(method, path, body && JSON.stringify(body)); await done(); } catch (error) { main.prepend(problemBox(error)); }
      event.target.disabled = false;
    },
  }, title);
}

export const fact = (title, value) => node("div", {}, node("dt", {}, title), node("dd", {}, value));
