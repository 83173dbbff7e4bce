// Quotes of one venue with the vendor's price and its change over 24 hours; choosing a row chooses the instrument.

import { bodyOf, h } from "./dom.js";
import { get } from "./session.js";

export class Quotes {
  constructor(app) {
    this.app = app;
    this.rows = new Map();
    this.open = new Map(); // price 24 hours ago, by instrument
    this.price = new Map();
  }

  async begin() {
    this.venue = h("select", { "aria-label": "Venue", onchange: () => this.app.choose({ venue: this.venue.value }) },
      [...this.app.venues.keys()].map((name) => h("option", {}, name)));
    document.querySelector("#quotes h2").append(h("span", { class: "grow" }), this.venue);
    this.app.stream.subscribe({ channel: "quotes", conflate: true }, (message) => this.quote(message));
    this.app.stream.subscribe({ channel: "prices", conflate: true }, (message) => this.reference(message));
    this.newest = new Map();
    this.draw();
    await this.statistics();
    setInterval(() => this.statistics(), 60000);
  }

  async statistics() {
    try {
      const { statistics } = await get("/api/v1/statistics");
      for (const one of statistics) {
        this.open.set(one.instrument, Number(one.open));
        if (!this.price.has(one.instrument)) this.price.set(one.instrument, one.last);
        this.change(one.instrument);
      }
    } catch {
      // The column stays empty.
    }
  }

  draw() {
    const { venue, instrument } = this.app.chosen;
    this.venue.value = venue;
    this.rows.clear();
    const lines = this.app.venues.get(venue).map((symbol) => {
      const cells = { bid: h("td"), ask: h("td"), change: h("td") };
      const choose = h("button", { class: "link", type: "button", onclick: () => this.app.choose({ instrument: symbol }) }, symbol);
      const row = h("tr", { class: symbol === instrument ? "chosen" : null }, h("td", {}, choose), ...Object.values(cells));
      this.rows.set(symbol, cells);
      return row;
    });
    const heads = [["Instrument"], ["Bid"], ["Ask"], ["24 h"]];
    bodyOf("quotes").replaceChildren(h("table", {},
      h("caption", { class: "unseen" }, `Quotes on ${venue}`),
      h("thead", {}, h("tr", {}, heads.map(([text]) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, lines)));
    for (const [key, message] of this.newest) if (key.startsWith(`${venue} `)) this.quote(message);
    for (const symbol of this.rows.keys()) this.change(symbol);
  }

  quote(message) {
    this.newest.set(`${message.venue} ${message.instrument}`, message);
    if (message.venue !== this.app.chosen.venue) return;
    const cells = this.rows.get(message.instrument);
    if (!cells) return;
    const decimals = this.app.decimals(message.instrument);
    this.show(cells.bid, message.bid_price && Number(message.bid_price).toFixed(decimals));
    this.show(cells.ask, message.ask_price && Number(message.ask_price).toFixed(decimals));
    if (message.instrument === this.app.chosen.instrument) this.app.quoted(message);
  }

  reference(message) {
    if (message.type !== "PricePublished") return;
    this.price.set(message.instrument, message.price);
    this.change(message.instrument);
    if (message.instrument === this.app.chosen.instrument) this.app.priced(message);
  }

  change(symbol) {
    const cells = this.rows.get(symbol);
    const price = Number(this.price.get(symbol));
    if (!cells || !price) return;
    if (symbol === this.app.chosen.instrument) this.app.chart?.change(price, this.open.get(symbol));
    const open = this.open.get(symbol);
    if (!open) return;
    const percent = 100 * (price / open - 1);
    cells.change.textContent = `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(2)} %`;
    cells.change.className = percent < 0 ? "down" : "up";
  }

  // Shows a number, and for a moment whether it went up or down.
  show(cell, text) {
    const before = Number(cell.textContent);
    if (text === null || cell.textContent === text) {
      if (text === null) cell.textContent = "–";
      return;
    }
    cell.textContent = text;
    if (!before) return;
    cell.classList.remove("flash-up", "flash-down");
    void cell.offsetWidth;
    cell.classList.add(Number(text) > before ? "flash-up" : "flash-down");
  }
}
