"use strict";

// Asks Locust's server for the run so far every two seconds, as Locust's own page does, and shows it.

const EVERY_MS = 2000;
const at = (id) => document.getElementById(id);

function rowOf(cells, tag = "td") {
  const row = document.createElement("tr");
  for (const cell of cells) {
    row.append(Object.assign(document.createElement(tag), { textContent: cell }));
  }
  return row;
}

function show(run) {
  at("state").textContent = run.state;
  at("about").textContent = run.about;
  at("numbers").tBodies[0].replaceChildren(...run.numbers.map((cells) => rowOf(cells)));
  const keys = Object.keys(run.columns);
  at("failures").tHead.replaceChildren(rowOf(Object.values(run.columns), "th"));
  at("failures").tBodies[0].replaceChildren(...run.failures.map((row) => rowOf(keys.map((key) => row[key]))));
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
