"use strict";

/* What a report does besides its charts: it shows the subject that is chosen, and saves the data of charts as CSV. */
(() => {
  const data = JSON.parse(document.getElementById("charts-data").textContent);

  // A chart in a hidden section has no width: charts are drawn when their section is shown for the first time.
  const chosen = document.querySelectorAll(".subjects button");
  const sections = document.querySelectorAll(".subject");

  function choose(number) {
    sections.forEach((section, n) => { section.hidden = n !== number; });
    chosen.forEach((button, n) => button.setAttribute("aria-pressed", String(n === number)));
  }

  chosen.forEach((button, number) => button.addEventListener("click", () => choose(number)));
  if (chosen.length) choose(0);

  // Returns the values of charts over the same x as lines of a CSV file.
  function csv(charts) {
    const cell = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    return charts.map(({ title, x, lines }) => [
      [x.label, ...lines.map(({ name }) => `${title}: ${name}`)].map(cell).join(","),
      ...x.values.map((value, row) => [value, ...lines.map(({ values }) => values[row] ?? "")].join(",")),
    ].join("\r\n")).join("\r\n\r\n");
  }

  for (const button of document.querySelectorAll("button[data-save]")) {
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv(data[button.dataset.save])], { type: "text/csv" }));
      link.download = `${button.dataset.save}.csv`;
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }
})();
