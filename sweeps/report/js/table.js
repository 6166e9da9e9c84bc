// The trials as a table: sorted, filtered by words, by an expression and by the view's brushes.
const STEP = 100;
const byId = (id) => document.getElementById(id);
const input = byId("filter"), head = byId("head"), body = byId("body");
let data, index, known, readers;

function take(text) {
  data = JSON.parse(text);
  index = new Map(data.columns.map((column, number) => [column.name, number]));
  known = new Set([...index.keys(), ...Object.keys(data.constants)]);
  readers = data.rows.map((row) => {
    const read = (name) => (index.has(name) ? row[index.get(name)] : data.constants[name]);
    read.text = row.join("\u0000").toLowerCase();
    return read;
  });
  if (!index.has(state.sort)) {
    state.sort = index.has(data.sort) ? data.sort : "trial_id";
    state.down = data.columns[index.get(state.sort)].better === "higher";
  }
}

// Numbers of the rows that the filter lets through; of the last one that could be read.
let passing = [];
function filtered() {
  try {
    const holds = compile(state.query, known);
    passing = data.rows.map((_, number) => number).filter((number) => holds(readers[number]));
    complain("");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    complain(error.message);
    passing = passing.filter((number) => number < data.rows.length);
    if (!passing.length) passing = data.rows.map((_, number) => number);
  }
  return passing;
}

function complain(text) {
  byId("refused").textContent = text && `Not applied: ${text}`;
  input.setAttribute("aria-invalid", String(Boolean(text)));
}

function inOrder(numbers) {
  const column = index.get(state.sort), sign = state.down ? -1 : 1;
  return [...numbers].sort((a, b) => {
    const x = data.rows[a][column], y = data.rows[b][column];
    if (x === null || y === null) return (x === null) - (y === null);
    return sign * (x < y ? -1 : x > y ? 1 : 0);
  });
}

function written(value, column) {
  if (value === null) return "–";
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  if (!column.better) return String(Number(value.toPrecision(4)));
  const size = Math.abs(value);
  if (size >= 0.1) return value.toFixed(size < 10 ? 3 : 2);
  return size < 1e-4 ? value.toExponential(2) : value.toPrecision(3);
}

function heading(column) {
  const cell = document.createElement("th"), button = document.createElement("button");
  button.type = "button";
  button.textContent = column.name.replaceAll("_", " ");
  button.title = column.doc + (column.unit ? ` (${column.unit})` : "");
  button.onclick = () => {
    const same = state.sort === column.name;
    state.down = same ? !state.down : column.better === "higher";
    state.sort = column.name;
    draw();
  };
  if (state.sort === column.name) {
    cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
  }
  cell.scope = "col";
  cell.append(button);
  return cell;
}

function line(number) {
  const out = document.createElement("tr");
  out.dataset.row = number;
  data.columns.forEach((column, place) => {
    if (!column.shown && !state.all) return;
    const cell = document.createElement("td"), value = data.rows[number][place];
    cell.textContent = written(value, column);
    if (typeof value === "string") cell.className = "text";
    if (column.name === "error") cell.className = "error";
    out.append(cell);
  });
  return out;
}

// Draws the rows that are left; the view is told of the filter first, since it holds the brushes.
function draw() {
  remember();
  const kept = brushed(filtered()), rows = inOrder(kept), shown = rows.slice(0, state.shown);
  const focused = document.activeElement && head.contains(document.activeElement);
  const columns = data.columns.filter((column) => column.shown || state.all);
  head.replaceChildren(...columns.map(heading));
  if (focused) head.querySelector("[aria-sort] button")?.focus();
  body.replaceChildren(...shown.map(line));
  const all = rows.length === data.rows.length;
  byId("count").textContent =
    (all ? `${rows.length} trials` : `${rows.length} of ${data.rows.length} trials`) +
    (shown.length < rows.length ? `, first ${shown.length} shown` : "");
  byId("more").hidden = shown.length === rows.length;
  byId("columns").setAttribute("aria-pressed", String(state.all));
  const none = !state.query && !Object.keys(state.brushes).length;
  byId("clear").hidden = none;
}

function wireTable() {
  input.value = state.query;
  input.oninput = () => {
    Object.assign(state, { query: input.value, shown: STEP });
    redraw();
  };
  byId("more").onclick = () => {
    state.shown = Infinity;
    draw();
  };
  byId("columns").onclick = () => {
    state.all = !state.all;
    draw();
  };
  byId("clear").onclick = () => {
    Object.assign(state, { query: "", brushes: {}, shown: STEP });
    input.value = "";
    redraw();
  };
  for (const [event, kind] of [["mouseover", "highlight"], ["mouseout", "downplay"]]) {
    body.addEventListener(event, (found) => point(found.target.closest("tr"), kind));
  }
}
