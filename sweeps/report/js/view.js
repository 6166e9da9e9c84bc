// All trials as lines over parallel axes: hover one to read it, draw on an axis to choose some.
const SCALE = ["#0b3c8c", "#2f7fb8", "#4fb3a3", "#b9c94a", "#e8a33d"];
const NARROW = 640, NONE = "–";
// Of axes below each other the names stand among the lines, on a ground of their own.
const BETWEEN = { align: "right", verticalAlign: "bottom", padding: [1, 0, 2, 6] };
let chart = null, lines = [], applying = false;

const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function folded(text, letters) {
  const rows = [""];
  for (const word of text.split(" ")) {
    const last = rows[rows.length - 1];
    if (last && last.length + word.length >= letters) rows.push(word);
    else rows[rows.length - 1] = last ? `${last} ${word}` : word;
  }
  return rows.join("\n");
}

// The names along an axis of few values; fields that a family does not have are none.
function places(one) {
  const empty = data.rows.some((_, number) => readers[number](one.name) === null);
  return [...(empty ? [NONE] : []), ...one.values.map(String)];
}

function axis(one, number, upright) {
  const axisOf = {
    dim: number,
    name: folded(one.words, upright ? 15 : 26),
    type: { category: "category", log: "log" }[one.kind] || "value",
    scale: true,
    nameLocation: "end",
    nameGap: upright ? 14 : 0,
    nameTextStyle: { color: ink("--ink"), fontSize: 12, lineHeight: 14,
      ...(upright ? {} : BETWEEN), backgroundColor: `${ink("--paper")}d8` },
    axisLabel: { color: ink("--ink"), fontSize: 11, hideOverlap: true,
      textBorderColor: ink("--paper"), textBorderWidth: 3,
      showMinLabel: one.kind !== "number", showMaxLabel: one.kind !== "number",
      formatter: (value) => (typeof value === "number" ? String(Number(value.toPrecision(3))) : value) },
    axisLine: { lineStyle: { color: ink("--soft") } },
    areaSelectStyle: { width: 22, borderColor: ink("--accent"), color: ink("--accent"), opacity: 0.25 },
  };
  if (one.kind === "category") axisOf.data = places(one);
  else Object.assign(axisOf, { min: one.low, max: one.high });
  return axisOf;
}

function shade(share) {
  return SCALE[Math.min(SCALE.length - 1, Math.floor(share * SCALE.length))];
}

// Where each trial stands by the objective among all, 0 for the best.
function ranks() {
  const column = index.get(data.sort);
  if (column === undefined) return () => 0;
  const sign = data.columns[column].better === "higher" ? -1 : 1;
  const finished = data.rows.map((row, number) => number).filter((n) => data.rows[n][column] !== null);
  finished.sort((a, b) => sign * (data.rows[a][column] - data.rows[b][column]));
  const place = new Map(finished.map((number, rank) => [number, rank / Math.max(1, finished.length - 1)]));
  return (number) => place.get(number) ?? 1;
}

function values(number) {
  return data.axes.map((one) => {
    const value = readers[number](one.name);
    if (value === null || value === undefined) return one.kind === "category" ? NONE : "-";
    return one.kind === "category" ? String(value) : value;
  });
}

function series(numbers) {
  const rank = ranks(), many = numbers.length > 300;
  return {
    type: "parallel",
    progressive: 0,
    animation: false,
    lineStyle: { width: many ? 1 : 1.6, opacity: many ? 0.35 : 0.75 },
    emphasis: { lineStyle: { width: 4, opacity: 1 } },
    inactiveOpacity: 0.06,
    activeOpacity: many ? 0.6 : 0.9,
    data: numbers.map((number) => ({
      value: values(number),
      lineStyle: {
        color: shade(rank(number)),
        type: readers[number]("status") === "stopped" ? "dashed" : "solid",
      },
    })),
  };
}

function tooltip({ dataIndex }) {
  const read = readers[lines[dataIndex]];
  const rows = data.axes.map((one) => {
    const column = data.columns[index.get(one.name)] ?? { better: "" };
    return [one.words, written(read(one.name), column)];
  });
  rows.push(["trial", read("trial_id")], ["status", read("status")]);
  if (index.has("seed")) rows.push(["seed", String(read("seed"))]);
  const box = document.createElement("div");
  for (const [name, value] of rows) {
    const row = document.createElement("div"), what = document.createElement("b");
    what.textContent = value;
    row.append(`${name}: `, what);
    box.append(row);
  }
  return box;
}

function options(upright) {
  return {
    animation: false,
    tooltip: {
      trigger: "item", confine: true, formatter: tooltip, transitionDuration: 0,
      backgroundColor: ink("--card"), borderColor: ink("--line"),
      textStyle: { color: ink("--ink"), fontSize: 12 },
    },
    parallel: upright
      ? { left: 46, right: 64, top: 66, bottom: 26, layout: "horizontal" }
      : { left: 14, right: 22, top: 34, bottom: 24, layout: "vertical" },
    parallelAxis: data.axes.map((one, number) => axis(one, number, upright)),
    series: [series(lines)],
    aria: { enabled: false },
    textStyle: { fontFamily: "system-ui, sans-serif" },
  };
}

function drawView() {
  const place = byId("lines");
  if (!data.axes.length || data.axes.length < 2) {
    byId("view").hidden = true;
    return;
  }
  byId("view").hidden = false;
  const upright = place.clientWidth >= NARROW;
  place.style.height = upright ? "24rem" : `${5.2 * data.axes.length + 1}rem`;
  if (!chart) {
    chart = echarts.init(place, null, { renderer: "canvas" });
    chart.on("axisareaselected", onBrush);
    chart.on("mouseover", (found) => mark(lines[found.dataIndex], true));
    chart.on("mouseout", (found) => mark(lines[found.dataIndex], false));
  }
  chart.resize();
  lines = passing;
  chart.setOption(options(upright), { notMerge: true });
  applyBrushes();
}

function applyBrushes() {
  applying = true;
  data.axes.forEach((one, number) => {
    const intervals = state.brushes[one.name];
    if (intervals) {
      chart.dispatchAction({ type: "axisAreaSelect", parallelAxisIndex: number, intervals });
    }
  });
  applying = false;
}

function onBrush() {
  if (applying) return;
  const brushes = {};
  data.axes.forEach((one, number) => {
    const intervals = chart.getModel().getComponent("parallelAxis", number).activeIntervals;
    if (intervals?.length) brushes[one.name] = intervals.map((ends) => [...ends]);
  });
  Object.assign(state, { brushes, shown: STEP });
  draw();
}

// Of some rows those that lie within every brushed stretch of an axis.
function brushed(numbers) {
  const chosen = data.axes.filter((one) => state.brushes[one.name]?.length);
  if (!chosen.length) return numbers;
  return numbers.filter((number) => chosen.every((one) => {
    let value = readers[number](one.name);
    if (one.kind === "category") value = places(one).indexOf(value === null ? NONE : String(value));
    if (value === null || value === undefined) return false;
    return state.brushes[one.name].some(([low, high]) => low <= value && value <= high);
  }));
}

function point(row, kind) {
  const place = row ? lines.indexOf(Number(row.dataset.row)) : -1;
  if (chart && place >= 0) chart.dispatchAction({ type: kind, seriesIndex: 0, dataIndex: place });
}

function mark(number, hot) {
  body.querySelector(`tr[data-row="${number}"]`)?.classList.toggle("hot", hot);
}

function wireView() {
  let waiting = 0;
  const again = () => {
    clearTimeout(waiting);
    waiting = setTimeout(drawView, 80);
  };
  addEventListener("resize", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  addEventListener("beforeprint", () => chart?.resize({ width: 640 }));
  addEventListener("afterprint", again);
}
