"use strict";

// Reads the run so far from Locust's server every two seconds, as Locust's own page does, and shows it.

const REFRESH_MS = 2000;
const at = (id) => document.getElementById(id);

function rowOf(cells, tag = "td", heads = []) {
  const row = document.createElement("tr");
  cells.forEach((text, n) => {
    const cell = Object.assign(document.createElement(tag), { textContent: text });
    if (heads[n]) cell.dataset.head = heads[n];
    row.append(cell);
  });
  return row;
}

// Changes the page only where the content is new: a text that somebody has selected stays selected.
const shown = new Map();
function fill(part, cells, heads) {
  const content = JSON.stringify(cells);
  if (shown.get(part) === content) return;
  shown.set(part, content);
  part.replaceChildren(...cells.map((row) => rowOf(row, part.tagName === "THEAD" ? "th" : "td", heads)));
}

function show(run) {
  at("state").textContent = run.state;
  at("about").textContent = run.about;
  fill(at("numbers").tBodies[0], run.numbers);
  const keys = Object.keys(run.columns);
  const heads = Object.values(run.columns);
  fill(at("failures").tHead, [heads]);
  fill(at("failures").tBodies[0], run.failures.map((row) => keys.map((key) => row[key])), heads);
  at("failures").hidden = run.failures.length === 0;
  at("no-failures").hidden = run.failures.length > 0;
  drawCharts(at("charts"), run.charts);
}

async function refresh() {
  try {
    const response = await fetch("live-charts.json", { cache: "no-store" });
    // After the login has expired, Locust redirects to its login page.
    if (response.redirected) {
      location.reload();
      return;
    }
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    show(await response.json());
  } catch (error) {
    at("state").textContent = `Locust does not respond (${error.message}); trying again`;
  }
  setTimeout(refresh, REFRESH_MS);
}

refresh();
