// Draws the points of `PointMap`, lets mouse and keyboard choose one, and lets points travel when
// their places change. Sentences are only ever set as text.

const TRAVEL_MS = 400;
const REACH_PX = 9; // the pointer takes the nearest point within this distance
const WAIT_MS = 120; // before a choice is sent: arrow keys repeat faster than Python answers
const HELP = "Arrow keys choose the nearest point in that direction, Home and End the first and "
  + "the last, Page Up and Page Down what was searched for; plus and minus zoom, 0 shows all.";

// Markers by their matplotlib names: each adds its outline, of radius about r, to a path.
const outline = (...corners) => (path, x, y, r) => {
  corners.forEach(([dx, dy], at) => path[at ? "lineTo" : "moveTo"](x + r * dx, y + r * dy));
  path.closePath();
};
const PLUS = [[-.4, -1.1], [.4, -1.1], [.4, -.4], [1.1, -.4], [1.1, .4], [.4, .4],
  [.4, 1.1], [-.4, 1.1], [-.4, .4], [-1.1, .4], [-1.1, -.4], [-.4, -.4]];
const MARKERS = {
  o: (path, x, y, r) => { path.moveTo(x + r, y); path.arc(x, y, r, 0, 2 * Math.PI); },
  s: outline([-.9, -.9], [.9, -.9], [.9, .9], [-.9, .9]),
  "^": outline([0, -1.15], [1.1, .85], [-1.1, .85]),
  v: outline([0, 1.15], [1.1, -.85], [-1.1, -.85]),
  D: outline([0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]),
  P: outline(...PLUS),
  X: outline(...PLUS.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2])),
};

function make(tag, parent, attributes = {}) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

// Bytes arrive as a view that may begin anywhere in its buffer.
function numbers(model, name, Kind) {
  const { buffer, byteOffset, byteLength } = model.get(name);
  return new Kind(buffer.slice(byteOffset, byteOffset + byteLength));
}

function render({ model, el }) {
  // Without the attribute JupyterLab would take the arrow keys.
  const box = make("div", el, { class: "minbert-points", "data-lm-suppress-shortcuts": "true" });
  const canvas = make("canvas", box, { tabindex: "0", role: "application" });
  const legend = make("div", box, { class: "minbert-points-legend" });
  const said = make("div", box, { class: "minbert-points-said", "aria-live": "polite" });
  const buttons = make("div", box, { class: "minbert-points-zoom" });
  const tip = make("div", box, { class: "minbert-points-tip", hidden: "" });
  const pen = canvas.getContext("2d");

  let sentences, groups, kinds, marked, lines, goal, sent; // what Python sent
  let shown = new Float32Array(0); // where the points are drawn now: x, y, x, y, …
  let width = 0, height = 0, frame = 0, timer = 0, drag = null;
  const view = { zoom: 1, x: 0, y: 0 };

  const chosen = () => model.get("selected"), count = () => shown.length / 2;
  const scale = () => height * 0.46 * view.zoom;
  const xOf = (i) => width / 2 + (shown[2 * i] - view.x) * scale();
  const yOf = (i) => height / 2 - (shown[2 * i + 1] - view.y) * scale();

  function cheapest(cost) {
    let best = -1;
    for (let i = 0, least = Infinity; i < count(); i++) {
      const found = cost(i);
      if (found < least) [best, least] = [i, found];
    }
    return best;
  }

  const reached = (square) => (square <= REACH_PX ** 2 ? square : Infinity);
  const at = (x, y) => cheapest((i) => reached((xOf(i) - x) ** 2 + (yOf(i) - y) ** 2));

  // The nearest point within 45 degrees of a direction; y runs downwards, as on the screen.
  function towards(dx, dy) {
    const x = xOf(chosen()), y = yOf(chosen());
    return cheapest((i) => {
      const along = (xOf(i) - x) * dx + (yOf(i) - y) * dy;
      const aside = Math.abs((xOf(i) - x) * dy) + Math.abs((yOf(i) - y) * dx);
      return along > 1e-3 && aside <= along ? along ** 2 + aside ** 2 : Infinity;
    });
  }

  // The next point, or for -1 the one before, of those that were searched for.
  const searched = (step) => cheapest((i) => (
    marked[i] ? (step * (i - chosen()) + count()) % count() || count() : Infinity));

  function choose(i) {
    if (i < 0 || i >= count() || i === chosen()) return;
    model.set("selected", i); // calls update()
    clearTimeout(timer);
    timer = setTimeout(() => model.save_changes(), WAIT_MS);
  }

  // By a factor, around the chosen point; by 0 to the whole map.
  function zoom(factor) {
    view.zoom = factor ? Math.min(40, Math.max(1, view.zoom * factor)) : 1;
    [view.x, view.y] = view.zoom > 1 ? shown.slice(2 * chosen(), 2 * chosen() + 2) : [0, 0];
    draw();
  }

  function drawPoints(wanted, radius, alpha, edge) {
    const rows = kinds.map(() => []);
    for (let i = 0; i < count(); i++) if (wanted(i)) rows[groups[i]]?.push(i);
    pen.globalAlpha = alpha;
    for (const [number, kind] of kinds.entries()) {
      const add = MARKERS[count() > 3000 && shown !== goal ? "s" : kind.marker]; // on the way
      pen.beginPath();
      for (const i of rows[number]) add(pen, xOf(i), yOf(i), radius);
      pen.fillStyle = kind.colour;
      pen.fill();
      if (edge) pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  function draw() {
    const fine = devicePixelRatio;
    [width, height] = [canvas.clientWidth, canvas.clientHeight];
    [canvas.width, canvas.height] = [Math.round(width * fine), Math.round(height * fine)];
    if (!width || !count()) return;
    pen.scale(fine, fine);
    const radius = (count() > 3000 ? 2.4 : 3) * Math.min(2, view.zoom ** 0.3);
    drawPoints((i) => !marked[i], radius, marked.length ? 0.18 : 0.75, false);
    drawPoints((i) => marked[i], radius * 1.6, 1, true);
    const here = chosen(), x = xOf(here), y = yOf(here);
    pen.strokeStyle = pen.fillStyle = "#222";
    pen.beginPath();
    for (const i of lines[0] === here ? lines.slice(1) : []) {
      pen.moveTo(x, y);
      pen.lineTo(xOf(i), yOf(i));
    }
    pen.stroke();
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.arc(x, y, 9, 0, 2 * Math.PI);
    pen.stroke();
    pen.font = "12px sans-serif";
    pen.fillText(`→ ${model.get("axes")[0]}`, 6, height - 6);
    pen.fillText(`↑ ${model.get("axes")[1]}`, 6, 14);
    // Which point is ringed and where, in pixels: for tests, which cannot see.
    Object.assign(canvas.dataset, { selected: here, x: x.toFixed(2), y: y.toFixed(2) });
  }

  function drawLegend() {
    legend.replaceChildren();
    for (const kind of kinds) {
      const item = make("span", legend);
      const sign = { width: 28, height: 28, "aria-hidden": "true" };
      const small = make("canvas", item, sign).getContext("2d");
      small.fillStyle = kind.colour;
      MARKERS[kind.marker](small, 14, 14, 9);
      small.fill();
      item.append(`${kind.name} (${kind.count.toLocaleString("en")})`);
    }
  }

  function say() {
    const i = chosen(), point = `Point ${i}, ${kinds[groups[i]]?.name}: ${sentences[i]}`;
    const text = model.get("busy") || (count() ? point : "No map.");
    if (said.textContent !== text) said.textContent = text;
    canvas.setAttribute("aria-label", `Map of ${count()} sentences. ${HELP}`);
  }

  function travel() {
    cancelAnimationFrame(frame);
    const start = shown, began = performance.now();
    const jump = start.length !== goal.length
      || matchMedia("(prefers-reduced-motion: reduce)").matches;
    function step(now) {
      const part = jump ? 1 : Math.min(1, Math.max(0, now - began) / TRAVEL_MS);
      const eased = part * part * (3 - 2 * part);
      shown = part < 1 ? goal.map((to, k) => start[k] + (to - start[k]) * eased) : goal;
      canvas.dataset.travelling = String(part < 1);
      draw();
      if (part < 1) frame = requestAnimationFrame(step);
    }
    step(began);
  }

  // One call for all that came together.
  function update() {
    sentences = model.get("sentences");
    [groups, marked] = ["groups", "highlighted"].map((name) => numbers(model, name, Uint8Array));
    lines = numbers(model, "neighbours", Uint32Array);
    if (kinds !== model.get("legend")) {
      kinds = model.get("legend");
      drawLegend();
    }
    const x = xOf(chosen()) / width, y = yOf(chosen()) / height;
    if (sent !== model.get("positions")) {
      sent = model.get("positions");
      goal = numbers(model, "positions", Float32Array);
      travel();
    } else if (Math.min(x, y) < 0 || Math.max(x, y) > 1) zoom(1); // brings it into sight
    else draw();
    say();
  }

  function onPointer({ offsetX: x, offsetY: y, type }) {
    if (type === "pointerdown") {
      canvas.focus({ preventScroll: true });
      drag = { x, y, moved: false };
    } else if (type === "pointermove" && drag) {
      drag.moved ||= Math.hypot(x - drag.x, y - drag.y) > 4;
      if (drag.moved) {
        view.x -= (x - drag.x) / scale();
        view.y += (y - drag.y) / scale();
        Object.assign(drag, { x, y });
        draw();
      }
    } else if (type === "pointerup" && drag && !drag.moved) choose(at(x, y));
    const i = drag?.moved || type === "pointerleave" ? -1 : at(x, y);
    if (type === "pointerup" || type === "pointerleave") drag = null;
    tip.hidden = i < 0;
    tip.textContent = sentences[i] ?? "";
    tip.style.left = `${Math.min(x + 14, Math.max(0, width - 310))}px`;
    tip.style.top = `${y + 20}px`;
  }

  const KEYS = {
    ArrowLeft: () => choose(towards(-1, 0)), ArrowRight: () => choose(towards(1, 0)),
    ArrowUp: () => choose(towards(0, -1)), ArrowDown: () => choose(towards(0, 1)),
    Home: () => choose(0), End: () => choose(count() - 1),
    PageDown: () => choose(searched(1)), PageUp: () => choose(searched(-1)),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: () => zoom(0),
  };
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (count()) KEYS[event.key]();
  });
  for (const what of ["down", "move", "up", "leave"]) {
    canvas.addEventListener(`pointer${what}`, onPointer);
  }
  for (const [sign, title] of [["+", "Zoom in"], ["-", "Zoom out"], ["0", "Show all"]]) {
    const button = make("button", buttons, { title, "aria-label": title });
    button.textContent = sign;
    button.addEventListener("click", KEYS[sign]);
  }
  const sizes = new ResizeObserver(draw);
  sizes.observe(canvas);
  model.on("change", update);
  update();
  return () => {
    model.off("change", update);
    sizes.disconnect();
    cancelAnimationFrame(frame);
  };
}

export default { render };
