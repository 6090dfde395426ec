// Draws the charts of a page: each <canvas data-chart="ID"> takes its data from <script type="application/json" id="ID">.
"use strict";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function options(chart) {
  const grid = colour("--mk-line");
  const text = colour("--mk-subtle");
  const axis = (more) => ({ beginAtZero: true, grid: { color: grid }, ticks: { color: text, maxTicksLimit: 6 }, ...more });
  const scales = {
    x: { stacked: Boolean(chart.stacked), grid: { display: false }, ticks: { color: text, maxRotation: 0, autoSkip: true, maxTicksLimit: 6 } },
    y: axis({ stacked: Boolean(chart.stacked), display: chart.series.some((series) => series.axis !== "percent") }),
  };
  if (chart.series.some((series) => series.axis === "percent")) {
    scales.percent = axis({ position: "right", max: 100, grid: { display: false } });
    scales.percent.ticks.callback = (value) => `${value} %`;
  }
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    interaction: { mode: "index", intersect: false },
    plugins: { legend: { display: chart.series.length > 0, position: "bottom", labels: { color: text, boxWidth: 12, boxHeight: 12 } } },
    scales,
  };
}

function datasets(chart) {
  const palette = [colour("--color-primary-600"), "#f59e0b", "#10b981", "#3b82f6"];
  return chart.series.map((series, index) => {
    const hue = series.axis === "percent" ? "#10b981" : palette[index % palette.length];
    const line = series.axis === "percent" || series.type === "line";
    return {
      type: line ? "line" : "bar",
      label: series.label,
      data: series.data,
      yAxisID: series.axis === "percent" ? "percent" : "y",
      backgroundColor: hue,
      borderColor: hue,
      borderWidth: line ? 2 : 0,
      // A point between gaps has no line: it is drawn itself.
      pointRadius: (point) => {
        const [before, after] = [point.dataset.data[point.dataIndex - 1], point.dataset.data[point.dataIndex + 1]];
        return (before ?? null) === null && (after ?? null) === null ? 3 : 0;
      },
      tension: 0.25,
      spanGaps: true,
      order: line ? 0 : 1,
      maxBarThickness: 28,
    };
  });
}

function draw() {
  for (const canvas of document.querySelectorAll("canvas[data-chart]")) {
    const source = document.getElementById(canvas.dataset.chart);
    if (!source || !window.Chart) continue;
    const chart = JSON.parse(source.textContent);
    const known = window.Chart.getChart(canvas);
    if (known) known.destroy();
    new window.Chart(canvas, { type: "bar", data: { labels: chart.labels, datasets: datasets(chart) }, options: options(chart) });
  }
}

document.addEventListener("DOMContentLoaded", () => {
  draw();
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
});
