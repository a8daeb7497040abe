// Draws the line of a page once more with axes, where scripting is allowed; the drawing that came
// with the page stays otherwise.
"use strict";

for (const figure of document.querySelectorAll("figure.chart")) {
  const times = JSON.parse(figure.dataset.times);
  const values = JSON.parse(figure.dataset.values);
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--quiet").trim();
  const rule = style.getPropertyValue("--rule").trim();
  const axis = { stroke: ink, grid: { stroke: rule, width: 1 }, ticks: { stroke: rule, width: 1 } };
  // Instants as the page's own texts have them: on the user's clock, not the browser's.
  const local = (seconds) =>
    new Date((seconds + 60 * figure.dataset.offset) * 1000).toISOString().replace("T", " ");
  const days = {
    ...axis,
    space: 110,
    values: (_, splits, _axis, _space, step) =>
      splits.map((at) => (step < 86400 ? local(at).slice(5, 16) : local(at).slice(0, 10))),
  };
  const holder = document.createElement("div");
  holder.setAttribute("aria-hidden", "true");
  figure.prepend(holder);
  const chart = new uPlot({
    width: figure.clientWidth,
    height: 220,
    series: [{ label: "At", value: (_, at) => (at === null ? "–" : local(at).slice(0, 16)) }, {
      label: figure.dataset.label,
      stroke: style.getPropertyValue("--accent").trim(),
      width: 2,
      points: { show: false },
      value: (_, value) => (value === null ? "–" : value.toPrecision(4)),
    }],
    axes: [days, axis],
    padding: [null, 40, null, null], // half of the last day's name
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
    cursor: { drag: { x: false, y: false } },
  }, [times, values], holder);
  // The first drawing stays for those who do not see it: it says in words what it shows.
  figure.querySelector("svg").classList.add("unseen");
  addEventListener("resize", () => chart.setSize({ width: figure.clientWidth, height: 220 }));
}
