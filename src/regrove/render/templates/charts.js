"use strict";
// Draws every chart of the page: again when the theme changes, and in the light and narrower for paper.
(() => {
  // Buttons are named one by one, because Plotly's own list has one that uploads the figure to a service.
  const options = {
    displaylogo: false, displayModeBar: "hover", responsive: true,
    modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]], showSendToCloud: false, plotlyServerURL: "",
  };
  const paper = 660;
  const takesColours = /(color|colorscale)$/;

  // Colours stand in figures as names of the style sheet's; words that look like one are left alone.
  function paint(value, key, style) {
    if (typeof value === "string") {
      const name = takesColours.test(key) && /^var\((--[a-z0-9-]+)\)$/.exec(value);
      return name ? style.getPropertyValue(name[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map((each) => paint(each, key, style));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, paint(each, name, style)]));
  }

  function draw(chart, width) {
    const plot = chart.querySelector(".plot");
    try {
      const figure = paint(JSON.parse(chart.querySelector("script").textContent), "", getComputedStyle(document.documentElement));
      const size = width ? { width, autosize: false } : { autosize: true };
      Plotly.react(plot, figure.data, { ...figure.layout, ...size, height: parseInt(plot.style.height, 10) }, options);
    } catch (trouble) {
      plot.classList.add("failed");
      plot.textContent = `${plot.getAttribute("aria-label")} (not drawn: ${trouble.message})`;
    }
  }

  const drawAll = (width) => document.querySelectorAll("figure.chart").forEach((chart) => draw(chart, width));
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
  addEventListener("beforeprint", () => { document.documentElement.dataset.print = ""; drawAll(paper); });
  addEventListener("afterprint", () => { delete document.documentElement.dataset.print; drawAll(); });
})();
