// What all pages are made with: elements, calls of the server, and how values are written.

export const main = document.getElementById("main");
const notice = document.getElementById("notice");
const shown = document.getElementById("page");

export function node(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// The page

/** Shows other elements. */
export const show = (parts) => shown.replaceChildren(...parts.filter(Boolean));

/** Shows the same page with newer values: what is alike stays in its place, and with it focus, selection and scrolling. */
export const renew = (parts) => match(shown, parts.filter(Boolean));

function match(parent, parts) {
  const before = [...parent.childNodes];
  parts.forEach((part, index) => {
    const old = before[index];
    if (!old) parent.append(part);
    else if (!isAlike(old, part)) old.replaceWith(part);
    else if (old.nodeType === Node.TEXT_NODE) { if (old.data !== part.data) old.data = part.data; } else {
      for (const { name } of [...old.attributes]) if (!part.hasAttribute(name) && name !== "open") old.removeAttribute(name);
      for (const { name, value } of part.attributes) {
        if (old.getAttribute(name) === value) continue;
        // The policy of the page lets no attribute set a style.
        if (name === "style") old.style.cssText = value; else old.setAttribute(name, value);
      }
      match(old, [...part.childNodes]);
    }
  });
  before.slice(parts.length).forEach((old) => old.remove());
}

/** What listens to an element stays with it: a control is only alike when it says the same. */
function isAlike(old, fresh) {
  if (old.nodeName !== fresh.nodeName) return false;
  return !["BUTTON", "A"].includes(old.nodeName) || (old.textContent === fresh.textContent && old.getAttribute("href") === fresh.getAttribute("href"));
}

/** Says above the page what the server objects to, until something else is done; nothing clears it. */
export const tell = (error = null) => notice.replaceChildren(...(error ? [problemBox(error)] : []));

// The server

export class Refused extends Error {
  constructor(problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }
}

/** The page asks for a token now; whoever wanted something else from the server has nothing to add. */
export class TokenNeeded extends Error {}

/** The answer as it comes, for those who read it bit by bit. */
export async function send(method, path, body, headers = {}, signal = undefined) {
  const token = sessionStorage.getItem("token");
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(path, { method, body, headers, signal });
  if (response.status === 401) { askForToken(token); throw new TokenNeeded(); }
  return response;
}

export async function call(method, path, body, headers = {}) {
  const response = await send(method, path, body, headers);
  const text = await response.text();
  const value = text ? JSON.parse(text) : null;
  if (!response.ok) throw new Refused(value ?? { title: response.statusText });
  return value;
}

/** Saves what the server answers with as a file. A link would send no token. */
export async function download(path, name) {
  const response = await send("GET", path);
  if (!response.ok) throw new Refused(await response.json());
  const link = node("a", { href: URL.createObjectURL(await response.blob()), download: name });
  link.click();
  URL.revokeObjectURL(link.href);
}

/** @param refused the token that the server did not take, if there was one */
function askForToken(refused) {
  const said = refused ? "The server does not know this token." : "";
  const asked = document.getElementById("token-note");
  if (asked) { asked.textContent = said; return; }
  const input = node("input", { id: "token", type: "password", autocomplete: "off" });
  show([node("h1", {}, "Token"), node("form", {
    class: "token",
    onsubmit: (event) => { event.preventDefault(); sessionStorage.setItem("token", input.value); window.dispatchEvent(new Event("hashchange")); },
  }, node("label", { for: "token" }, "This server asks for a token"), input, node("p", { id: "token-note", role: "status" }, said),
  node("button", { class: "main" }, "Go on"))]);
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

/** A button that does something which the server may object to. */
export function deed(title, work, { kind = null, disabled = false } = {}) {
  return node("button", {
    class: kind, disabled, onclick: async (event) => {
      const button = event.currentTarget;
      tell();
      button.setAttribute("aria-busy", "true");
      try { await work(); } catch (error) { if (!(error instanceof TokenNeeded)) tell(error); }
      button.removeAttribute("aria-busy");
    },
  }, title);
}

/** A button that calls the server. */
export const action = (title, method, path, done, body = null, kind = null) =>
  deed(title, async () => { await call(method, path, body && JSON.stringify(body)); await done(); }, { kind });

// Values

export const phase = (name) => node("span", { class: `phase ${name}` }, name);
export const number = (text) => node("td", { class: "number" }, text);
/** A time without its fractions of a second. */
export const clock = (time) => (time ? time.replace(/\.\d+Z$/, "Z").replace("T", " ") : "–");
export const seconds = (value) => (value === null || value === undefined ? "–" : value === 0 ? "0 s" : value >= 120 ? `${Math.round(value / 60)} min` : `${value.toFixed(1)} s`);
export const percent = (value, places = 1) => (value === null || value === undefined ? "–" : `${(100 * value).toFixed(places)} %`);
export const milliseconds = (value) => (value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value >= 10 ? Math.round(value) : value.toFixed(1)} ms`);
export const fact = (title, value, kind = null) => node("div", { class: kind }, node("dt", {}, title), node("dd", {}, value));

export function table(heads, rows) {
  const head = heads.map((title) => (title ? node("th", { scope: "col", class: title.startsWith("#") ? "number" : null }, title.replace("#", "")) : node("td")));
  return node("table", {}, node("thead", {}, node("tr", {}, ...head)), node("tbody", {}, ...rows));
}

/** A part of the page that may be wider than the window: with the keyboard it is scrolled like with a finger. */
export const wide = (label, ...children) => node("section", { tabindex: "0", role: "region", "aria-label": label }, ...children);
