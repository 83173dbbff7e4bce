// The published book of the chosen instrument, from the stream and nothing else; a level is a button that fills in the order's price.

import { Book } from "./book.js";
import { bodyOf, h } from "./dom.js";

const SHOWN = 7;

export class Ladder {
  constructor(app) {
    this.app = app;
    this.book = new Book();
  }

  begin() {
    this.state = h("span", { class: "pill" });
    this.title = h("span", { class: "quiet" });
    document.querySelector("#ladder h2").replaceChildren(h("strong", {}, "Book"), this.title, h("span", { class: "grow" }), this.state);
    this.choose();
  }

  choose() {
    if (this.id) this.app.stream.unsubscribe(this.id);
    this.book.forget();
    const { venue, instrument } = this.app.chosen;
    this.title.textContent = venue;
    bodyOf("ladder").replaceChildren(h("p", { class: "empty" }, "Waiting for the book …"));
    this.id = this.app.stream.subscribe({ channel: "depth", venue, instrument, conflate: true }, (message) => this.take(message));
  }

  take(message) {
    if (!this.book.take(message)) {
      this.state.textContent = "asking again";
      this.state.className = "pill warn";
      return "gap";
    }
    this.draw();
    return "";
  }

  draw() {
    const asks = this.book.levels("asks").slice(0, SHOWN);
    const bids = this.book.levels("bids").slice(0, SHOWN);
    this.state.textContent = `update ${this.book.lastUpdate}`;
    this.state.className = "pill good";
    this.state.title = "Every update up to this one was received";
    const largest = Math.max(0, ...[...asks, ...bids].map(([, quantity]) => Number(quantity)));
    const decimals = this.app.decimals(this.app.chosen.instrument);
    const spread = asks.length && bids.length ? (Number(asks[0][0]) - Number(bids[0][0])).toFixed(decimals) : "–";
    const middle = asks.length && bids.length ? ((Number(asks[0][0]) + Number(bids[0][0])) / 2).toFixed(decimals) : "–";
    bodyOf("ladder").replaceChildren(
      h("div", { class: "spread" }, h("span", {}, "Price"), h("span", {}, "Quantity")),
      h("div", { role: "group", "aria-label": "Offers" }, asks.reverse().map((level) => this.level("ask", level, largest, decimals))),
      h("div", { class: "spread" }, h("strong", {}, middle), h("span", {}, `spread ${spread}`)),
      h("div", { role: "group", "aria-label": "Bids" }, bids.map((level) => this.level("bid", level, largest, decimals))));
  }

  level(kind, [price, quantity], largest, decimals) {
    const bar = h("span", { class: "bar", "aria-hidden": "true" });
    bar.style.width = `${Math.max(1, 100 * Number(quantity) / largest)}%`;
    return h("button", {
      class: `ladder-row ${kind}`, type: "button", title: "Take as the order's price", onclick: () => this.app.ticket.price(price),
      "aria-label": `${kind} ${price}, quantity ${quantity}`,
    }, bar, h("span", { class: "price" }, Number(price).toFixed(decimals)), h("span", {}, quantity));
  }
}
