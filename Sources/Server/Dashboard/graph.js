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

const [WIDTH, HEIGHT, GAP_X, GAP_Y] = [150, 76, 34, 30];

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

/** The graph, steps coloured by how busy they are; dashed edges carry errors or late records. */
export function drawGraph(graph) {
  const { place, width, height } = layout(graph.nodes, graph.edges);
  const picture = svg("svg", { class: "graph", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": describe(graph) });
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

/** A box with a name and three lines; `level` 0, 1 or 2 colours it. */
export function drawBox({ x, y }, { name, lines, title, level }) {
  const text = (dy, content, kind) => {
    const element = svg("text", { x: x + 10, y: y + dy, class: kind });
    element.textContent = content.length > 23 ? `${content.slice(0, 22)}…` : content;
    return element;
  };
  const label = svg("title");
  label.textContent = title;
  return svg("g", {}, label, svg("rect", { class: `node b${level}`, x, y, width: WIDTH, height: HEIGHT, rx: 7 }), text(18, name, "name"),
    ...lines.map((line, index) => text(34 + 16 * index, line, index === 1 ? "" : "quiet")));
}

function drawNode(node, place) {
  const lost = [["late", node.late], ["errors", node.errors], ["filtered", node.filtered], ["duplicates", node.duplicates]]
    .filter(([, count]) => count > 0).map(([name, count]) => `${short(count)} ${name}`).join(", ");
  return drawBox(place, {
    name: node.id, level: node.busy > 0.8 ? 2 : node.busy > 0.4 ? 1 : 0,
    title: `${node.id} (${node.type}): ${node.received} in, ${node.emitted} out${lost ? `, ${lost}` : ""}`,
    lines: [`${node.type} · ${Math.round(node.busy * 100)} %`, `${short(node.rate)}/s · ${short(node.received)} in`,
      lost || (node.queued ? `${node.queued} batches wait` : `${short(node.emitted)} out`)],
  });
}

function describe(graph) {
  return `Graph: ${graph.edges.map((edge) => `${edge.from} to ${edge.to}${edge.side ? ` (${edge.side})` : ""}`).join(", ")}`;
}

/** A curve over time with its newest and largest value. `pick` gives null where there is none. */
export function drawCurve(label, points, pick, format = short) {
  const [width, height, left, base] = [340, 120, 8, 96];
  const values = points.map(pick);
  const known = values.filter((value) => value !== null && value !== undefined);
  const most = Math.max(...known, 1e-9);
  const newest = known.at(-1);
  const caption = newest === undefined ? "nothing yet" : `${format(newest)} now, ${format(most)} at most`;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width: "100%", role: "img", "aria-label": `${label}: ${caption}` });
  const title = svg("text", { x: left, y: 14, class: "name" });
  title.textContent = label;
  const note = svg("text", { x: left, y: 114, class: "quiet" });
  note.textContent = caption;
  picture.append(title, note, svg("line", { class: "axis", x1: left, x2: width - left, y1: base, y2: base }));
  if (known.length > 1) {
    const step = (width - 2 * left) / (values.length - 1);
    const line = values.map((value, index) => (value === null || value === undefined ? "" : `${left + index * step},${base - (value / most) * 70}`))
      .filter(Boolean);
    picture.append(svg("polygon", { class: "area", points: `${left},${base} ${line.join(" ")} ${line.at(-1).split(",")[0]},${base}` }));
    picture.append(svg("polyline", { class: "curve", points: line.join(" ") }));
  }
  return picture;
}
