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
  const DOT_FONT = "600 13px system-ui, sans-serif";
  const DOT_NAME_HEIGHT = 17;
  const LEVEL_NAME_HEIGHT = 16;
  const PRINT_WIDTH = 660; // CSS pixels, between the margins of A4 and of US Letter
  const PRINT_PAIR_WIDTH = 320; // of each of two charts in a row
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
    const lines = JSON.stringify([chart.x.label, chart.right, chart.lines.map((line) => ({ ...line, values: null, until: null }))]);
    if (figure.plot && figure.lines === lines) updatePlot(figure);
    else buildPlot(figure);
    figure.lines = lines;
    const lastValues = [...chart.lines.map((line) => `${line.name} ${textOf(chart)(line.values[lastRow(line.values)])}`),
      ...chart.marks.map((mark) => `${mark.name} at ${exact(mark.x)} ${chart.x.label}`),
      ...[...chart.dots ?? [], ...chart.levels ?? []].map(({ name }) => name)];
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
    const printWidth = slot.closest(".pair") ? PRINT_PAIR_WIDTH : PRINT_WIDTH;
    const width = printing ? printWidth : slot.clientWidth || printWidth; // clientWidth is 0 in a closed <details>
    if (slot.closest(".small")) return { width, height: 170 };
    if (slot.closest(".pair")) return { width, height: width < 500 ? 220 : 250 };
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
      (series ? textOf(figure.chart)(lineOf(series).values[row ?? lastRow(lineOf(series).values)])
        : xText(figure.chart)(x.values[row ?? figure.lastRow]));
    const grid = { stroke: () => colour("grid"), width: 1 };
    const axis = { stroke: () => colour("muted"), font: FONT, gap: 4, grid, ticks: { ...grid, size: 4 } };
    const y = { ...axis, size: widest, values: (plot, splits) => splits.map(short) };
    return {
      ...sizeOf(figure),
      padding: [(plot) => roomAbove(plot, figure.chart.marks), right ? 0 : 14, 0, 0],
      scales: {
        x: { time: false, distr: figure.chart.x_scale ? 3 : 1, range: (plot, min, max) => xRange(plot, min, max, lines) },
        left: isLog(figure.chart) ? { distr: 3, range: (plot, min, max) => logRange(min, max, figure.chart.levels) }
          : { range: (plot, min, max) => fromZero(plot, min, figure.chart.top?.left ?? max) },
        right: { range: (plot, min, max) => fromZero(plot, min, figure.chart.top?.right ?? max) },
      },
      axes: [
        { ...axis, label: x.label, labelFont: FONT, labelSize: 18, labelGap: 0, size: 26, space: 56,
          values: (plot, splits) => splits.map(xText(figure.chart)),
          ...(figure.chart.x_scale && { splits: () => PERCENTILE_TICKS, filter: (plot, splits) => splits }) },
        { ...y, scale: "left", ...(isLog(figure.chart) && {
          values: (plot, splits) => splits.map(duration), filter: (plot, splits) => splits,
          splits: (plot, axis, min, max) => logTicks(min, max) }) },
        { ...y, scale: "right", side: 1, show: right !== "", grid: { show: false }, stroke: () => colour(rightRole) },
      ],
      series: [{ label: "at", value }, ...lines.map((line) => seriesOf(line, value, !figure.hidden.has(line.name)))],
      legend: { markers: { width: 0, fill: (plot, series) => `var(--chart-${lineOf(series).role})` } },
      cursor: {
        y: false,
        // Not each line has a value at each x: the cursor takes the nearest value of each line.
        hover: lines.some((line) => ["points", "curve"].includes(line.shape)) ? { skip: [null], prox: 30 } : {},
        // All charts over the same x show the cursor. Only those of the same container share the zoom.
        sync: { key: x.label, scales: ["x", null], filters: {
          sub: (what, from) => what === "mousemove" || figure.root.parentNode.contains(from.root) } },
      },
      hooks: {
        setScale: [(plot, scale) => scale === "x" && rememberZoom(figure, plot)],
        setSeries: [(plot, series, change) => change.show !== undefined && rememberHidden(figure, plot)],
        drawAxes: [(plot) => drawSpans(plot, figure.chart.marks), (plot) => drawLevels(plot, figure.chart.levels ?? [])],
        draw: [(plot) => drawMarks(plot, figure.chart.marks), (plot) => drawRests(plot, shownLines(plot, figure)),
          (plot) => drawNames(plot, shownLines(plot, figure), figure.chart.levels ?? [], figure.chart.dots ?? [])],
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
      curve: { width: 2.5, spanGaps: true, paths: (plot, number, from, to) => solidPath(plot, number, from, to, line) },
    }[line.shape];
    const filter = isPoints ? null : line.shape === "curve" ? onlyRow : isolatedRows;
    const points = { show: isPoints, filter, size: 6, width: 0, fill: ink };
    const named = { label: line.name, class: `chart-${line.shape}`, scale: line.axis, value, show };
    return { ...named, stroke: ink, points, ...style };
  }

  // Returns the rows of values between two gaps. They have no line, so they are shown as points.
  function isolatedRows(plot, series) {
    const values = plot.data[series];
    const rows = [...values.keys()].filter((i) => values[i] != null && values[i - 1] == null && values[i + 1] == null);
    return rows.length ? rows : null;
  }

  // Returns the row of the only value of a curve, which has no line then.
  function onlyRow(plot, series) {
    const rows = [...plot.data[series].keys()].filter((row) => plot.data[series][row] != null);
    return rows.length === 1 ? rows : null;
  }

  // Returns the path of a curve up to the point from which on it is dotted.
  function solidPath(plot, number, from, to, line) {
    const last = line.until == null ? to : Math.min(to, plot.data[0].findLastIndex((x) => x <= line.until));
    return last < from ? null : uPlot.paths.linear()(plot, number, from, last);
  }

  const shownLines = (plot, figure) => figure.chart.lines.filter((_, i) => plot.series[i + 1].show);

  function rememberZoom(figure, plot) {
    const [{ min, max }, [first, last]] = [plot.scales.x, wholeRange(plot)];
    figure.zoom = min <= first && max === last ? null : { min, max };
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

  const PERCENTILE_TICKS = [2, 4, 10, 100, 1000, 10000]; // p50, p75, p90, p99, p99.9, p99.99
  const isLog = (chart) => chart.scale === "log ms";
  const percentileName = (x) => `p${exact(100 - 100 / x)}`.replace(/^p100$/, "p99.99");
  const xText = (chart) => (chart.x_scale ? percentileName : exact);
  const textOf = (chart) => (isLog(chart) ? duration : exact);

  function duration(ms) {
    if (ms == null) return "–";
    return ms >= 1000 ? `${upTo[ms >= 10000 ? 0 : 1].format(ms / 1000)} s` : `${upTo[ms >= 10 ? 0 : 1].format(ms)} ms`;
  }

  // Returns the ends of a logarithmic axis: a little more than the values and the horizontal lines.
  function logRange(min, max, levels = []) {
    if (!(min > 0)) return [1, 1000];
    const values = [min, max, ...levels.map(({ y }) => y)];
    return [Math.min(...values) / 1.5, Math.max(...values) * 1.7];
  }

  // Returns round numbers between the ends of a logarithmic axis: 1, 2 and 5 of each power of ten where they are few.
  function logTicks(min, max) {
    const powers = Array.from({ length: 16 }, (_, i) => 10 ** (i - 3));
    const inside = (values) => values.filter((value) => value >= min && value <= max);
    const fine = inside(powers.flatMap((power) => [power, 2 * power, 5 * power]));
    return fine.length <= 5 ? fine : inside(powers);
  }

  // A chart with curves leaves room at the left, so that its first points do not lie on the axis.
  function xRange(plot, min, max, lines) {
    if (isPoint(plot.data[0])) return wholeRange(plot);
    const isWhole = min === plot.data[0][0] && max === plot.data[0].at(-1);
    return isWhole && plot.scales.x.distr === 1 && lines.some(({ shape }) => shape === "curve") ? [0, max] : [min, max];
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

  // ---- Curves: the horizontal lines, the dotted ends, and the points with names
  function drawLevels(plot, levels) {
    onPlot(plot, (ctx, width, height) => {
      ctx.lineWidth = 1.2;
      ctx.setLineDash([5, 4]);
      for (const { at, role } of inSight(plot, levels, height)) {
        ctx.strokeStyle = colour(role);
        strokeThrough(ctx, [[0, at], [width, at]]);
      }
    });
  }

  const inSight = (plot, levels, height) => levels.map((level) => ({ ...level, at: plot.valToPos(level.y, "left") }))
    .filter(({ at }) => at >= 0 && at <= height);

  // Draws the name of each level above or below its line, where it covers the fewest points. Returns their boxes.
  function drawLevelNames(plot, ctx, width, height, levels, points) {
    Object.assign(ctx, { font: FONT, textAlign: "left", textBaseline: "middle" });
    return inSight(plot, levels, height).map(({ at, name, role }) => {
      const length = ctx.measureText(name).width;
      const boxes = [1, 0, 0.75, 0.5, 0.25].flatMap((share) => [at - LEVEL_NAME_HEIGHT, at + 1].map((top) => {
        const x = 4 + share * Math.max(0, width - length - 4);
        return [x, top, x + length, top + LEVEL_NAME_HEIGHT - 1];
      }));
      const box = boxes.reduce((best, next) => (covered(points, next) < covered(points, best) ? next : best));
      ctx.fillStyle = colour(role);
      ctx.fillText(name, box[0], (box[1] + box[3]) / 2);
      return box;
    });
  }

  const covered = (points, box) => points.filter(([x, y]) => x > box[0] && x < box[2] && y > box[1] && y < box[3]).length;

  function drawRests(plot, lines) {
    onPlot(plot, (ctx, width, height) => {
      ctx.beginPath();
      ctx.rect(0, 0, width, height);
      ctx.clip();
      Object.assign(ctx, { lineWidth: 1.8, lineJoin: "round" });
      ctx.setLineDash([2, 4]);
      for (const line of lines.filter(({ until }) => until != null)) {
        ctx.strokeStyle = colour(line.role);
        strokeThrough(ctx, pixels(plot, line, (x) => x >= line.until));
      }
    });
  }

  function strokeThrough(ctx, points) {
    ctx.beginPath();
    points.forEach(([x, y]) => ctx.lineTo(x, y));
    ctx.stroke();
  }

  // Returns where the values of a line are drawn, in CSS pixels from the upper left corner of the plot.
  function pixels(plot, { values, axis }, isWanted = () => true) {
    return plot.data[0].flatMap((x, row) => (values[row] != null && isWanted(x)
      ? [[plot.valToPos(x, "x"), plot.valToPos(values[row], axis)]] : []));
  }

  // Draws the names of levels and of dots, which avoid each other, and the dots.
  function drawNames(plot, lines, levels, dots) {
    const shown = dots.filter(({ x, name }) => x >= plot.scales.x.min && x <= plot.scales.x.max
      && lines.some((line) => name === line.name || name.startsWith(`${line.name}: `)));
    onPlot(plot, (ctx, width, height) => {
      const drawn = lines.flatMap((line) => between(pixels(plot, line)));
      const places = shown.map((dot) => ({ ...dot, left: plot.valToPos(dot.x, "x"), top: plot.valToPos(dot.y, "left") }));
      const names = drawLevelNames(plot, ctx, width, height, levels, [...drawn, ...places.map(({ left, top }) => [left, top])]);
      Object.assign(ctx, { font: DOT_FONT, textAlign: "left", textBaseline: "middle", lineJoin: "round" });
      const taken = [...names, ...places.map(({ left, top }) => [left - 6, top - 6, left + 6, top + 6])];
      for (const { left, top, name, role, is_end: isEnd } of places) {
        const box = freeBox(left, top, ctx.measureText(name).width, width, height, taken, drawn);
        taken.push(box);
        ctx.strokeStyle = colour("surface");
        ctx.fillStyle = colour(role);
        if (isEnd) {
          ctx.lineWidth = 2;
          ctx.beginPath();
          ctx.arc(left, top, 5, 0, 2 * Math.PI);
          ctx.fill();
          ctx.stroke();
        }
        ctx.lineWidth = 4;
        ctx.strokeText(name, box[0], (box[1] + box[3]) / 2);
        ctx.fillText(name, box[0], (box[1] + box[3]) / 2);
      }
    });
  }

  // Returns the box near a point in which a name covers the fewest lines, and no other name: [left, top, right, bottom].
  function freeBox(x, y, length, width, height, taken, drawn) {
    let [best, least] = [null, Infinity];
    for (const [column, start] of [x + 10, x - length - 10, x - length / 2].entries()) {
      const left = Math.max(2, Math.min(width - length, start));
      for (const shift of [-14, 14, -26, 26, -40, 40, -54, 54, -70, 70]) {
        const top = Math.max(0, Math.min(height - DOT_NAME_HEIGHT, y + shift - DOT_NAME_HEIGHT / 2));
        const box = [left, top, left + length, top + DOT_NAME_HEIGHT];
        const names = taken.filter((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]);
        const cost = 1000 * names.length + 6 * covered(drawn, box) + Math.abs(shift) + 8 * column;
        if (cost < least) [best, least] = [box, cost];
      }
    }
    return best;
  }

  // Returns the points of a line, and points about every five pixels between them.
  function between(points) {
    return points.flatMap(([x, y], n) => {
      const [toX, toY] = points[n + 1] ?? [x, y];
      const steps = Math.max(1, Math.ceil(Math.hypot(toX - x, toY - y) / 5));
      return Array.from({ length: steps }, (_, i) => [x + (i / steps) * (toX - x), y + (i / steps) * (toY - y)]);
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
