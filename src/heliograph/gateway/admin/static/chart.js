// Cost by hour or day, as bars: drawn for the width there is, and anew when it changes.

import { draw, make } from "./dom.js";
import { count, usd } from "./format.js";

const HEIGHT = 220;
const LEFT = 56;
const BOTTOM = 24;
const TOP = 12;
const STEPS = [1, 2, 2.5, 5, 10];

function ceiling(value) {
  if (value <= 0) return 1;
  const scale = 10 ** Math.floor(Math.log10(value));
  return STEPS.find((step) => step * scale >= value) * scale;
}

function bars(rows, width) {
  const highest = ceiling(Math.max(...rows.map((row) => row.value)));
  const inner = width - LEFT - 8;
  const step = inner / rows.length;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / highest);
  const lines = [0, 0.5, 1].map((part) => [
    draw("line", { x1: LEFT, x2: width - 8, y1: y(part * highest), y2: y(part * highest) }),
    draw("text", { x: LEFT - 8, y: y(part * highest) + 4, "text-anchor": "end" }, usd(part * highest)),
  ]);
  const every = Math.ceil(rows.length / Math.max(2, Math.floor(inner / 76)));
  const thick = Math.max(1, Math.min(44, step * 0.7));
  const columns = rows.map((row, place) => {
    const middle = LEFT + step * (place + 0.5);
    const height = row.value > 0 ? Math.max(1.5, y(0) - y(row.value)) : 0;
    const told = `${row.label}: ${usd(row.exact)}, ${count(row.exchanges)} exchanges`;
    return draw("g", {},
      draw("title", {}, row.unknown ? `${told}, and ${count(row.unknown)} calls of unknown cost` : told),
      draw("rect", { class: "hit", x: LEFT + step * place, y: TOP, width: step, height: HEIGHT - TOP - BOTTOM }),
      draw("rect", { class: "bar", x: middle - thick / 2, y: y(0) - height, width: thick, height, rx: Math.min(3, thick / 2) }),
      row.unknown ? draw("circle", { cx: middle, cy: y(0) - height - 7, r: 3 }) : null,
      place % every === 0 ? draw("text", { x: middle, y: HEIGHT - 6, "text-anchor": "middle" }, row.tick) : null);
  });
  return [lines, columns].flat(Infinity);
}

export function chart(rows, name) {
  const picture = draw("svg", { class: "chart", role: "img", "aria-label": name });
  const paint = () => {
    const width = Math.max(280, picture.clientWidth || 0);
    picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    picture.replaceChildren(...bars(rows, width));
  };
  new ResizeObserver(paint).observe(picture);
  return make("div", { class: "pad" }, picture);
}
