// Drawings: a job's graph as layers from left to right, and curves over time. Pure functions from data to SVG elements.

const NS = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) element.append(child);
  return element;
}

export function short(value) {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} G`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  return value >= 100 || Number.isInteger(value) ? `${Math.round(value)}` : value.toFixed(1);
}

export const bytes = (value) => (value >= 1e4 ? `${short(value)}B` : `${short(value)} B`);

/** The layer of each node: one more than the deepest of what it reads from. */
function layers(nodes, edges) {
  const depth = new Map(nodes.map((node) => [node.id, 0]));
  // A job has no cycles: as many rounds as nodes are enough.
  for (let round = 0; round < nodes.length; round += 1) {
    for (const edge of edges) depth.set(edge.to, Math.max(depth.get(edge.to), depth.get(edge.from) + 1));
  }
  return depth;
}

/** The row of each node: what only side outputs lead to stands below the main path. */
function rows(nodes, edges, depth) {
  const aside = new Map(nodes.map((node) => {
    const inputs = edges.filter((edge) => edge.to === node.id);
    return [node.id, inputs.length > 0 && inputs.every((edge) => edge.side)];
  }));
  for (const node of [...nodes].sort((a, b) => depth.get(a.id) - depth.get(b.id))) {
    const inputs = edges.filter((edge) => edge.to === node.id);
    if (inputs.length && inputs.every((edge) => aside.get(edge.from))) aside.set(node.id, true);
  }
  const taken = new Map();
  const row = new Map();
  for (const below of [false, true]) {
    for (const node of nodes.filter((candidate) => aside.get(candidate.id) === below)) {
      const column = depth.get(node.id);
      row.set(node.id, taken.get(column) ?? 0);
      taken.set(column, row.get(node.id) + 1);
    }
    const deepest = Math.max(0, ...taken.values());
    if (!below) for (const column of depth.values()) taken.set(column, deepest);
  }
  return row;
}

const pen = document.createElement("canvas").getContext("2d");

/** As much of a text as there is room for. */
function fit(text, room, isBold) {
  pen.font = `${isBold ? 700 : 400} 12px system-ui, sans-serif`;
  if (pen.measureText(text).width <= room) return text;
  let count = text.length;
  while (count > 1 && pen.measureText(`${text.slice(0, count)}…`).width > room) count -= 1;
  return `${text.slice(0, count)}…`;
}

const [WIDTH, HEIGHT, GAP_X, GAP_Y] = [154, 76, 30, 30];

/** Where each node stands, and how large the picture is. */
export function layout(nodes, edges) {
  const depth = layers(nodes, edges);
  const row = rows(nodes, edges, depth);
  const place = new Map(nodes.map((node) => [node.id, {
    x: 4 + depth.get(node.id) * (WIDTH + GAP_X), y: 4 + row.get(node.id) * (HEIGHT + GAP_Y),
  }]));
  const width = 8 + (Math.max(...depth.values()) + 1) * (WIDTH + GAP_X) - GAP_X;
  const height = 8 + (Math.max(...row.values()) + 1) * (HEIGHT + GAP_Y) - GAP_Y;
  return { place, width, height };
}

/** An empty picture of such a size. It shrinks with the window as long as it can be read; then it is scrolled. */
export function sheet(kind, width, height, label) {
  const picture = svg("svg", { class: kind, width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  picture.style.minWidth = `${Math.round(width * 0.8)}px`;
  return picture;
}

/** The graph, steps coloured by how busy they are; dashed edges carry errors or late records. */
export function drawGraph(graph) {
  const { place, width, height } = layout(graph.nodes, graph.edges);
  const picture = sheet("graph", width, height, describe(graph));
  for (const edge of graph.edges) {
    const [from, to] = [place.get(edge.from), place.get(edge.to)];
    picture.append(svg("path", { class: edge.side ? "edge side" : "edge", d: edge.side ? aside(from, to) : ahead(from, to) }));
  }
  for (const node of graph.nodes) picture.append(drawNode(node, place.get(node.id)));
  return picture;
}

/** From the right side of a step to the left of the next. */
export function ahead(from, to) {
  const [x1, y1, x2, y2] = [from.x + WIDTH, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
  const bend = Math.max(16, (x2 - x1) / 2);
  return `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

/** From below a step, under the main path, to the left of what takes its errors. */
function aside(from, to) {
  const [x1, y1, x2, y2] = [from.x + WIDTH / 2, from.y + HEIGHT, to.x, to.y + HEIGHT / 2];
  return `M${x1} ${y1} C${x1} ${y2} ${x1 + 20} ${y2} ${Math.max(x1 + 24, x2 - 20)} ${y2} L${x2} ${y2}`;
}

/** A box with a name and three lines; `level` 0, 1 or 2 colours it, `waits` frames it. */
export function drawBox({ x, y }, { name, lines, title, level, waits = false }) {
  const text = (dy, content, kind) => {
    const element = svg("text", { x: x + 10, y: y + dy, class: kind });
    element.textContent = fit(content, WIDTH - 20, kind === "name");
    return element;
  };
  const label = svg("title");
  label.textContent = title;
  return svg("g", {}, label, svg("rect", { class: `node b${level}${waits ? " waits" : ""}`, x, y, width: WIDTH, height: HEIGHT, rx: 7 }), text(18, name, "name"),
    ...lines.map((line, index) => text(34 + 16 * index, line, index === 1 ? "" : "quiet")));
}

function drawNode(node, place) {
  const lost = [["late", node.late], ["errors", node.errors], ["filtered", node.filtered], ["duplicates", node.duplicates]]
    .filter(([, count]) => count > 0).map(([name, count]) => `${short(count)} ${name}`).join(", ");
  return drawBox(place, {
    name: node.id, waits: node.backPressure > 0.5, level: node.busy > 0.8 ? 2 : node.busy > 0.4 ? 1 : 0,
    title: `${node.id} (${node.type}): ${node.received} in, ${node.emitted} out${lost ? `, ${lost}` : ""}`,
    lines: [node.backPressure < 0.005 ? `${Math.round(node.busy * 100)} % · ${node.type}`
      : `${Math.round(node.busy * 100)} % · held back ${Math.round(node.backPressure * 100)} %`, `${short(node.rate)}/s · ${short(node.received)} in`,
      lost || (node.queued ? `${node.queued} batches wait` : `${short(node.emitted)} out`)],
  });
}

function describe(graph) {
  return `Graph: ${graph.edges.map((edge) => `${edge.from} to ${edge.to}${edge.side ? ` (${edge.side})` : ""}`).join(", ")}`;
}

/** The next of 1, 2, 5, 10, 20, … that is not below the value. */
export function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((one) => one * power >= value * 0.999) * power;
}

/** The same for seconds that are shown as minutes from two on. */
export function ceilingOfSeconds(value) { return value < 120 ? ceiling(value) : 60 * 2 * ceiling(value / 120); }

// Numbers of the scale stand right of the picture.
const [CHART, TOP, BASE, LEFT, RIGHT] = [{ width: 260, height: 146 }, 46, 122, 2, 206];

/** An empty chart: its name, what it says in words, lines at nothing, half and all of `most`, and what its ends are called. */
function chart(label, caption, most, format, ends) {
  const picture = svg("svg", { class: "chart", viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: "img", "aria-label": `${label}: ${caption}` });
  const text = (x, y, content, kind, anchor = "start") => {
    const element = svg("text", { x, y, class: kind, "text-anchor": anchor });
    element.textContent = content;
    picture.append(element);
  };
  text(LEFT, 14, label, "name");
  text(LEFT, 31, caption, "quiet");
  for (const part of [0, 0.5, 1]) {
    const y = BASE - part * (BASE - TOP);
    picture.append(svg("line", { class: "axis", x1: LEFT, x2: RIGHT, y1: y, y2: y }));
    if (most !== null) text(RIGHT + 6, y + 4, format(most * part), "tick");
  }
  text(LEFT, BASE + 17, ends[0], "tick");
  text(RIGHT, BASE + 17, ends[1], "tick", "end");
  return picture;
}

const ago = (milliseconds) => (milliseconds < 90000 ? `${Math.round(milliseconds / 1000)} s ago` : `${Math.round(milliseconds / 60000)} min ago`);

/** A curve over time with its newest and largest value. `pick` gives null where there is none. */
export function drawCurve(label, points, pick, format = short, scale = ceiling) {
  const known = points.map((point) => [point.at, pick(point)]).filter(([, value]) => value !== null && value !== undefined);
  if (known.length < 2) return chart(label, "nothing yet", null, format, ["", ""]);
  const largest = Math.max(...known.map(([, value]) => value));
  const most = scale(largest > 0 ? largest : 1);
  const [first, last] = [known[0][0], known.at(-1)[0]];
  const picture = chart(label, `${format(known.at(-1)[1])} now, ${format(largest)} at most`, most, format, [ago(last - first), "now"]);
  const line = known.map(([at, value]) => `${(LEFT + ((at - first) / (last - first)) * (RIGHT - LEFT)).toFixed(1)},${(BASE - (value / most) * (BASE - TOP)).toFixed(1)}`);
  picture.append(svg("polygon", { class: "area", points: `${LEFT},${BASE} ${line.join(" ")} ${RIGHT},${BASE}` }),
    svg("polyline", { class: "curve", points: line.join(" ") }));
  return picture;
}

/** A curve over choices at equal distances, and the one that is chosen. */
export function drawChoice(label, values, chosen, most, ends, description) {
  const picture = chart(label, `${values[chosen].toFixed(1)} for the chosen one`, most, short, ends);
  picture.setAttribute("aria-label", `${label}: ${description}`);
  const at = (index) => [LEFT + (index * (RIGHT - LEFT)) / (values.length - 1), BASE - (values[index] / most) * (BASE - TOP)];
  const [x, y] = at(chosen);
  picture.append(svg("polyline", { class: "curve", points: values.map((_, index) => at(index).join(",")).join(" ") }),
    svg("line", { class: "mark", x1: x, x2: x, y1: TOP, y2: BASE }), svg("circle", { class: "bar", cx: x, cy: y, r: 4 }));
  return picture;
}

/** A bar for each value, the oldest first; `title` says what one stands for. */
export function drawBars(label, items, pick, format, title) {
  if (!items.length) return chart(label, "none yet", null, format, ["", ""]);
  const values = items.map(pick);
  const largest = Math.max(...values);
  const most = ceiling(largest > 0 ? largest : 1);
  const picture = chart(label, `${format(values.at(-1))} last, ${format(largest)} at most`, most, format, [title(items[0]), items.length > 1 ? title(items.at(-1)) : ""]);
  const step = (RIGHT - LEFT) / Math.max(items.length, 20);
  items.forEach((item, index) => {
    const height = Math.max(1, (values[index] / most) * (BASE - TOP));
    const bar = svg("rect", { class: "bar", x: LEFT + index * step + 0.5, y: BASE - height, width: Math.max(1, step - 1.5), height });
    const name = svg("title");
    name.textContent = `${title(item)}: ${format(values[index])}`;
    bar.append(name);
    picture.append(bar);
  });
  return picture;
}
