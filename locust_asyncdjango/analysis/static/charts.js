"use strict";

/* Draws charts with uPlot. drawCharts(container, charts) makes a <figure> of each chart in the container, which must
 * have no other content. charts.py says what a chart is. A later call with newer data updates the figures: the zoom,
 * the lines that are switched off in the legend, the cursor and the page's scroll position stay as they are. The colours
 * are the variables --chart-ROLE of charts.css. */
const drawCharts = (() => {
  const NAME_HEIGHT = 15; // CSS pixels: of a mark's name, above the plot
  const NAME_ROWS = 6;
  const FONT = "12px system-ui, sans-serif";
  const NAME_FONT = "11px system-ui, sans-serif";
  const PRINT_WIDTH = 660; // CSS pixels, between the margins of A4 and of US Letter
  const figuresOf = new WeakMap(); // container -> Map of chart id -> figure
  const drawn = new Set(); // the figures that have a plot
  const colours = new Map(); // role -> a colour that the canvas understands
  const probe = document.createElement("span");
  const resized = new ResizeObserver((entries) => entries.forEach((entry) => fit(entry.target.chartFigure)));
  let printing = false;

  function drawCharts(container, charts) {
    const known = figuresOf.get(container) ?? new Map();
    const figures = new Map(charts.map(({ id }) => [id, known.get(id) ?? emptyFigure()]));
    for (const [id, figure] of known) {
      if (figures.has(id)) continue;
      removePlot(figure);
      figure.root.remove();
    }
    figuresOf.set(container, figures);
    container.classList.add("charts");
    charts.forEach((chart, place) => {
      const figure = figures.get(chart.id);
      // Move a figure only if its place is wrong: moving an element ends a drag in it.
      if (container.children[place] !== figure.root) container.insertBefore(figure.root, container.children[place]);
      updateFigure(figure, chart);
    });
  }

  // ---- Figures: a plot with the texts around it
  function emptyFigure() {
    const add = (parent, tag, className) => {
      const element = parent.appendChild(document.createElement(tag));
      element.className = className;
      return element;
    };
    const root = document.createElement("figure");
    root.className = "chart";
    const caption = add(root, "figcaption", "chart-caption");
    const [title, note] = [add(caption, "strong", "chart-title"), add(caption, "span", "chart-note")];
    const units = add(root, "div", "chart-units");
    const [left, right] = [add(units, "span", "chart-left"), add(units, "span", "chart-right")];
    const slot = add(root, "div", "chart-plot");
    add(root, "p", "chart-empty").textContent = "no data yet";
    // lines: the lines that the plot was built for, as JSON. zoom: {min, max} of x. hidden: names of the lines that are
    // switched off.
    const figure = { root, title, note, left, right, slot, plot: null, lines: "", zoom: null, hidden: new Set() };
    slot.chartFigure = figure;
    resized.observe(slot);
    return figure;
  }

  function updateFigure(figure, chart) {
    figure.chart = chart;
    for (const part of ["title", "note", "left", "right"]) {
      // Do not replace a text that is the same: the reader may have selected it.
      if (figure[part].textContent !== chart[part]) figure[part].textContent = chart[part];
    }
    figure.lastRow = Math.max(-1, ...chart.lines.map(({ values }) => lastRow(values))); // the last row in which any line has a value
    const hasData = figure.lastRow >= 0;
    figure.root.classList.toggle("chart-is-empty", !hasData);
    if (!hasData || figure.zoom?.min >= chart.x.values[figure.lastRow]) figure.zoom = null; // a new run has begun
    if (!hasData) return removePlot(figure);
    // Everything but values and marks, which a plot can change at any time.
    const lines = JSON.stringify([chart.x.label, chart.right, chart.lines.map((line) => ({ ...line, values: null }))]);
    if (figure.plot && figure.lines === lines) updatePlot(figure);
    else buildPlot(figure);
    figure.lines = lines;
    const lastValues = [...chart.lines.map((line) => `${line.name} ${exact(line.values[lastRow(line.values)])}`),
      ...chart.marks.map((mark) => `${mark.name} at ${exact(mark.x)} ${chart.x.label}`)];
    figure.plot.ctx.canvas.setAttribute("aria-label", `${chart.title}. Last values: ${lastValues.join(", ")}`);
  }

  function removePlot(figure) {
    figure.plot?.destroy();
    figure.plot = null;
    drawn.delete(figure);
  }

  // ---- Plots: uPlot in a figure
  function buildPlot(figure) {
    const before = figure.plot;
    figure.plot = new uPlot(options(figure), columns(figure), figure.slot);
    before?.destroy(); // not earlier, as the page would get shorter and scroll
    drawn.add(figure);
    figure.plot.ctx.canvas.setAttribute("role", "img");
    stack(figure);
    if (figure.zoom) figure.plot.setScale("x", { ...figure.zoom });
  }

  function updatePlot(figure) {
    const { plot, zoom } = figure;
    plot.batch(() => {
      plot.setData(columns(figure), !zoom);
      if (zoom) plot.setScale("x", { ...zoom });
      plot.redraw(false, true); // the marks may need more space
    });
    plot.setLegend(null);
  }

  function sizeOf({ slot }) {
    const width = printing ? PRINT_WIDTH : slot.clientWidth || PRINT_WIDTH; // clientWidth is 0 in a closed <details>
    if (slot.closest(".small")) return { width, height: 170 };
    return { width, height: width < 500 ? 240 : 290 };
  }

  function fit(figure) {
    if (figure.plot && figure.plot.width !== sizeOf(figure).width) figure.plot.setSize(sizeOf(figure));
  }

  function options(figure) {
    const { x, lines, right } = figure.chart;
    const atRight = lines.filter((line) => line.axis === "right");
    const rightRole = atRight.length === 1 ? atRight[0].role : "muted";
    figure.right.style.color = `var(--chart-${rightRole})`;
    const lineOf = (series) => figure.chart.lines[series - 1]; // uPlot's first series is x
    const value = (plot, sum, series, row) => // the line's own value, even in a stack; the last one without a cursor
      exact((series ? lineOf(series) : figure.chart.x).values[row ?? figure.lastRow]);
    const grid = { stroke: () => colour("grid"), width: 1 };
    const axis = { stroke: () => colour("muted"), font: FONT, gap: 4, grid, ticks: { ...grid, size: 4 } };
    const y = { ...axis, size: widest, values: (plot, splits) => splits.map(short) };
    return {
      ...sizeOf(figure),
      padding: [(plot) => roomAbove(plot, figure.chart.marks), right ? 0 : 14, 0, 0],
      scales: {
        x: { time: false, range: (plot, min, max) => (isPoint(plot.data[0]) ? wholeRange(plot) : [min, max]) },
        left: { range: fromZero },
        right: { range: fromZero },
      },
      axes: [
        { ...axis, label: x.label, labelFont: FONT, labelSize: 18, labelGap: 0, size: 26, space: 56,
          values: (plot, splits) => splits.map(exact) },
        { ...y, scale: "left" },
        { ...y, scale: "right", side: 1, show: right !== "", grid: { show: false }, stroke: () => colour(rightRole) },
      ],
      series: [{ label: "at", value }, ...lines.map((line) => seriesOf(line, value, !figure.hidden.has(line.name)))],
      legend: { markers: { width: 0, fill: (plot, series) => `var(--chart-${lineOf(series).role})` } },
      cursor: {
        y: false,
        // Not each line has a value at each x: the cursor takes the nearest value of each line.
        hover: lines.some((line) => line.shape === "points") ? { skip: [null], prox: 30 } : {},
        // All charts over the same x show the cursor. Only those of the same container share the zoom.
        sync: { key: x.label, scales: ["x", null], filters: {
          sub: (what, from) => what === "mousemove" || figure.root.parentNode.contains(from.root) } },
      },
      hooks: {
        setScale: [(plot, scale) => scale === "x" && rememberZoom(figure, plot)],
        setSeries: [(plot, series, change) => change.show !== undefined && rememberHidden(figure, plot)],
        drawAxes: [(plot) => drawSpans(plot, figure.chart.marks)],
        draw: [(plot) => drawMarks(plot, figure.chart.marks)],
      },
    };
  }

  function seriesOf(line, value, show) {
    const ink = () => colour(line.role);
    const isPoints = line.shape === "points";
    const style = {
      line: { width: 2 },
      dashed: { width: 2, dash: [7, 4] },
      stacked: { width: 0, fill: () => colour(line.role, 0.8) }, // over an hour, outlines would hide the areas
      points: { paths: () => null },
    }[line.shape];
    const points = { show: isPoints, filter: isPoints ? null : isolatedRows, size: 6, width: 0, fill: ink };
    const named = { label: line.name, class: `chart-${line.shape}`, scale: line.axis, value, show };
    return { ...named, stroke: ink, points, ...style };
  }

  // Returns the rows of values between two gaps. They have no line, so they are shown as points.
  function isolatedRows(plot, series) {
    const values = plot.data[series];
    const rows = [...values.keys()].filter((i) => values[i] != null && values[i - 1] == null && values[i + 1] == null);
    return rows.length ? rows : null;
  }

  function rememberZoom(figure, plot) {
    const [{ min, max }, [first, last]] = [plot.scales.x, wholeRange(plot)];
    figure.zoom = min === first && max === last ? null : { min, max };
  }

  function rememberHidden(figure, plot) {
    figure.hidden = new Set(figure.chart.lines.filter((_, i) => !plot.series[i + 1].show).map((line) => line.name));
    stack(figure);
    updatePlot(figure);
  }

  // ---- Values
  const lastRow = (values) => values.reduce((last, value, row) => (value === null ? last : row), -1);
  const isStacked = (figure, line) => line.shape === "stacked" && !figure.hidden.has(line.name);

  // Returns the data that uPlot draws: x, and the values of each line. Stacked lines lie on top of the earlier ones.
  function columns(figure) {
    const { x, lines } = figure.chart;
    const stacked = lines.filter((line) => isStacked(figure, line));
    const sums = x.values.map((_, row) => (stacked.every((line) => line.values[row] === null) ? null : 0));
    const onTop = (value, row) => (sums[row] === null ? null : (sums[row] += value ?? 0));
    return [x.values, ...lines.map((line) => (isStacked(figure, line) ? line.values.map(onTop) : line.values))];
  }

  // Fills each stacked line down to the one below it.
  function stack(figure) {
    const stacked = figure.chart.lines.flatMap((line, i) => (isStacked(figure, line) ? [i + 1] : []));
    figure.plot.delBand(null);
    stacked.slice(1).forEach((upper, i) => figure.plot.addBand({ series: [upper, stacked[i]] }));
  }

  const wholeRange = ({ data: [x] }) => [x[0], Math.max(x[x.length - 1], x[0] + Number(isPoint(x)))];
  const isPoint = (x) => x[0] === x[x.length - 1]; // uPlot would show a single point in a range from 0 to 100
  const fromZero = (plot, min, max) => [0, max > 0 ? uPlot.rangeNum(0, max, 0.08, true)[1] : 1];
  const widest = (plot, texts) => 14 + 7 * Math.max(2, ...(texts ?? []).map((text) => text.length));
  const upTo = [0, 1, 2].map((digits) => new Intl.NumberFormat("en", { maximumFractionDigits: digits }));
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 3 });
  const short = (value) => compact.format(value).replace("K", "k");
  const exact = (value) => (value == null ? "–" : upTo[value >= 100 ? 0 : value >= 10 ? 1 : 2].format(value));

  // ---- Marks
  const roomAbove = (plot, marks) => 12 + Math.max(0, ...placed(plot, marks).map(({ top }) => -top));

  // Returns the visible marks with the places of their names. Later marks have lower names, so that no line crosses a name.
  function placed(plot, marks) {
    const { min, max } = plot.scales?.x ?? {};
    if (min == null) return []; // uPlot calls this before it has data
    const width = plot.valToPos(max, "x");
    const free = Array(NAME_ROWS).fill(Infinity); // up to which x each row is free
    const inSight = marks.filter((mark) => mark.x >= min && mark.x <= max).sort((a, b) => b.x - a.x);
    plot.ctx.save();
    plot.ctx.font = NAME_FONT;
    const names = inSight.map((mark) => {
      const at = plot.valToPos(mark.x, "x");
      const length = Math.min(width, plot.ctx.measureText(mark.name).width);
      const left = Math.min(at + 5, width - length);
      const freeRow = free.findIndex((end) => left + length + 6 <= end);
      const row = freeRow < 0 ? NAME_ROWS - 1 : freeRow;
      free.fill(Math.min(left, at), 0, row + 1);
      return { ...mark, at, length, left, top: -NAME_HEIGHT * (row + 1) };
    });
    plot.ctx.restore();
    return names;
  }

  // Calls draw(ctx, width, height), which draws in CSS pixels from the upper left corner of the plot.
  function onPlot({ ctx, bbox }, draw) {
    ctx.save();
    ctx.translate(bbox.left, bbox.top);
    ctx.scale(uPlot.pxRatio, uPlot.pxRatio);
    draw(ctx, bbox.width / uPlot.pxRatio, bbox.height / uPlot.pxRatio);
    ctx.restore();
  }

  function drawSpans(plot, marks) {
    onPlot(plot, (ctx, width, height) => marks.forEach(({ x, low, high, role }) => {
      const [from, to] = [low ?? x, high ?? x].map((end) => Math.max(0, Math.min(width, plot.valToPos(end, "x"))));
      ctx.fillStyle = colour(role, 0.14);
      ctx.fillRect(from, 0, to - from, height);
    }));
  }

  function drawMarks(plot, marks) {
    const names = placed(plot, marks);
    onPlot(plot, (ctx, width, height) => {
      for (const { at, top, role } of names) {
        ctx.fillStyle = colour(role);
        ctx.fillRect(at - 0.75, top, 1.5, height - top);
      }
      Object.assign(ctx, { font: NAME_FONT, textAlign: "left", textBaseline: "middle" });
      for (const { name, left, length, top, role } of names) {
        ctx.fillStyle = colour("surface");
        ctx.fillRect(left - 2, top, length + 4, NAME_HEIGHT);
        ctx.fillStyle = colour(role);
        ctx.fillText(name, left, top + NAME_HEIGHT / 2, length);
      }
    });
  }

  // ---- Colours (a canvas does not take them from CSS) and printing
  function colour(role, alpha = 1) {
    if (!colours.has(role)) {
      probe.hidden = true;
      probe.style.color = `var(--chart-${role})`;
      document.body.append(probe);
      colours.set(role, getComputedStyle(probe).color);
      probe.remove();
    }
    const solid = colours.get(role);
    return alpha === 1 ? solid : solid.replace(")", `, ${alpha})`);
  }

  function redraw() {
    colours.clear();
    drawn.forEach((figure) => {
      fit(figure);
      figure.plot.redraw(false);
    });
  }

  function print(now) {
    printing = now;
    document.documentElement.classList.toggle("charts-printing", now); // the event comes before CSS switches to print
    redraw();
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("print").addEventListener("change", (media) => print(media.matches));
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  return drawCharts;
})();
