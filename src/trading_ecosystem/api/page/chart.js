// Candles of the vendor's price, the last one growing with every price that arrives.

import { bodyOf, h, svg } from "./dom.js";
import { get, inPath } from "./session.js";

const LENGTH = { "1m": 60, "5m": 300, "15m": 900, "1h": 3600 };
const MOST = 120;
const FEWEST = 40;

export class Chart {
  constructor(app) {
    this.app = app;
    this.interval = "1m";
    this.candles = [];
  }

  begin() {
    this.buttons = Object.keys(LENGTH).map((name) =>
      h("button", { type: "button", "aria-pressed": String(name === this.interval), onclick: () => this.choose(name) }, name));
    this.title = h("strong", {});
    this.now = h("strong", { title: "The vendor's reference price" });
    this.moved = h("span", {});
    document.querySelector("#chart h2").replaceChildren(this.title, this.now, this.moved, h("span", { class: "grow" }),
      h("div", { class: "segments", role: "group", "aria-label": "Length of a candle" }, this.buttons));
    this.drawing = svg("svg", { class: "chart", role: "img" });
    bodyOf("chart").replaceChildren(this.drawing);
    new ResizeObserver(() => this.draw()).observe(this.drawing);
    this.load();
  }

  choose(name) {
    this.interval = name;
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.textContent === name));
    this.load();
  }

  async load() {
    const symbol = this.app.chosen.instrument;
    const interval = this.interval;
    this.candles = [];
    this.title.textContent = symbol;
    try {
      const { candles } = await get(`/api/v1/candles/${inPath(symbol)}?interval=${interval}&limit=${MOST}`);
      if (symbol !== this.app.chosen.instrument || interval !== this.interval) return;
      this.candles = candles.map((one) => ({
        at: Date.parse(one.opened_at) / 1000, open: Number(one.open), high: Number(one.high), low: Number(one.low), close: Number(one.close),
      }));
    } catch (problem) {
      this.drawing.replaceChildren(svg("text", { x: 10, y: 24 }, problem.message));
      return;
    }
    this.draw();
  }

  change(price, open) {
    this.now.textContent = price.toFixed(this.app.decimals(this.app.chosen.instrument));
    if (!open) return;
    const percent = 100 * (price / open - 1);
    this.moved.textContent = `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(2)} %`;
    this.moved.className = percent < 0 ? "down" : "up";
  }

  priced(message) {
    const price = Number(message.price);
    const length = LENGTH[this.interval];
    const at = Math.floor(Date.parse(message.priced_at) / 1000 / length) * length;
    const last = this.candles.at(-1);
    if (last && at < last.at) return;
    if (last && last.at === at) {
      last.high = Math.max(last.high, price);
      last.low = Math.min(last.low, price);
      last.close = price;
    } else {
      this.candles.push({ at, open: last?.close ?? price, high: price, low: price, close: price });
      this.candles = this.candles.slice(-MOST);
    }
    this.draw();
  }

  draw() {
    const { width, height } = this.drawing.getBoundingClientRect();
    if (!width || !this.candles.length) return;
    const decimals = this.app.decimals(this.app.chosen.instrument);
    const fits = Math.max(FEWEST, Math.min(MOST, Math.floor((width - 80) / 9)));
    const shown = this.candles.slice(-fits);
    let low = Math.min(...shown.map((one) => one.low));
    let high = Math.max(...shown.map((one) => one.high));
    const spare = (high - low) * 0.08 || high * 0.0005;
    low -= spare;
    high += spare;
    const right = width - 74;
    const bottom = height - 22;
    const step = right / Math.max(FEWEST, shown.length);
    const y = (price) => 6 + (bottom - 6) * (1 - (price - low) / (high - low));
    const x = (index) => right - (shown.length - index - 0.5) * step;
    const parts = [];
    const last = shown.at(-1).close;
    for (const price of ticks(low, high, Math.max(3, Math.floor(height / 70)), 10 ** -decimals)) {
      parts.push(svg("line", { class: "grid", x1: 0, x2: right, y1: y(price), y2: y(price) }));
      if (Math.abs(y(price) - y(last)) > 15) parts.push(svg("text", { x: right + 6, y: y(price) + 4 }, price.toFixed(decimals)));
    }
    const every = Math.ceil(90 / step);
    shown.forEach((one, index) => {
      const kind = one.close >= one.open ? "up" : "down";
      const middle = x(index);
      const top = y(Math.max(one.open, one.close));
      parts.push(svg("line", { class: `wick ${kind}`, x1: middle, x2: middle, y1: y(one.high), y2: y(one.low) }));
      const tall = Math.max(1, y(Math.min(one.open, one.close)) - top);
      parts.push(svg("rect", { class: `solid ${kind}`, x: middle - step * 0.32, width: Math.max(1, step * 0.64), y: top, height: tall }));
      if ((shown.length - 1 - index) % every === 0 && middle > 30) {
        parts.push(svg("text", { x: middle, y: height - 6, "text-anchor": "middle" }, new Date(one.at * 1000).toISOString().slice(11, 16)));
      }
    });
    parts.push(svg("line", { class: "last", x1: 0, x2: right, y1: y(last), y2: y(last) }));
    parts.push(svg("rect", { class: "tag", x: right + 1, y: y(last) - 9, width: 73, height: 18, rx: 4 }));
    parts.push(svg("text", { class: "tag-text", x: right + 6, y: y(last) + 4 }, last.toFixed(decimals)));
    this.drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const symbol = this.app.chosen.instrument;
    this.drawing.setAttribute("aria-label", `Candles of ${symbol}, ${this.interval} each; the last price is ${last.toFixed(decimals)}`);
    this.drawing.replaceChildren(...parts);
  }
}

// Round numbers between two prices, about so many, and no closer than prices can be.
function ticks(low, high, about, least) {
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(least, power * [1, 2, 5, 10].find((one) => one * power >= rough));
  const found = [];
  for (let price = Math.ceil(low / step) * step; price <= high; price += step) found.push(price);
  return found;
}
