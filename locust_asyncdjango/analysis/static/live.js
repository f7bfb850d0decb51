"use strict";

// Asks Locust's server for the run so far every two seconds, as Locust's own page does, and shows it.

const EVERY_MS = 2000;
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

// Only what is new is put in: a text that someone has selected stays selected.
const shown = new Map();
function fill(part, cells, heads) {
  const told = JSON.stringify(cells);
  if (shown.get(part) === told) return;
  shown.set(part, told);
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

async function ask() {
  try {
    const answer = await fetch("live-charts.json", { cache: "no-store" });
    // Where the login has run out, Locust sends its login page.
    if (answer.redirected) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    show(await answer.json());
  } catch (error) {
    at("state").textContent = `Locust does not answer (${error.message}); asking again`;
  }
  setTimeout(ask, EVERY_MS);
}

ask();
