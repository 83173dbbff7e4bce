// The order ticket: limit or market, buy or sell.

import { bodyOf, h, toast } from "./dom.js";
import { post } from "./session.js";

export class Ticket {
  constructor(app) {
    this.app = app;
    this.side = "buy";
    this.type = "limit";
  }

  begin() {
    this.title = h("strong", {});
    document.querySelector("#ticket h2").replaceChildren(this.title);
    this.priceInput = h("input", { name: "price", inputmode: "decimal", autocomplete: "off", pattern: "[0-9]{1,18}([.][0-9]{1,8})?" });
    this.quantityInput = h("input", {
      name: "quantity", inputmode: "decimal", autocomplete: "off", pattern: "[0-9]{1,18}([.][0-9]{1,8})?", required: true,
    });
    this.priceLabel = h("label", {}, "Price", this.priceInput);
    this.sides = ["buy", "sell"].map((side) => h("button", { type: "button", class: side, onclick: () => this.set({ side }) }, side === "buy" ? "Buy" : "Sell"));
    this.types = ["limit", "market"].map((type) => h("button", { type: "button", onclick: () => this.set({ type }) }, type === "limit" ? "Limit" : "Market"));
    this.postOnly = h("input", { type: "checkbox" });
    this.postOnlyRow = h("label", { class: "check" }, this.postOnly, "Post only");
    this.postOnlyRow.title = "Rest in the book, or be refused";
    this.about = h("p", { class: "quiet" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.send = h("button", { class: "primary" });
    const form = h("form", { class: "ticket", onsubmit: (event) => this.submit(event) },
      h("div", { class: "segments", role: "group", "aria-label": "Side" }, this.sides),
      h("div", { class: "segments", role: "group", "aria-label": "Kind of order" }, this.types),
      h("div", { class: "pair" }, this.priceLabel, h("label", {}, "Quantity", this.quantityInput)),
      this.postOnlyRow, this.about, this.problem, this.send);
    form.addEventListener("input", () => this.estimate());
    bodyOf("ticket").replaceChildren(form);
    this.set({});
  }

  set({ side = this.side, type = this.type }) {
    Object.assign(this, { side, type });
    const { instrument, account, venue } = this.app.chosen;
    this.title.textContent = `Order · ${instrument}`;
    this.sides.forEach((button, index) => button.setAttribute("aria-pressed", String(["buy", "sell"][index] === side)));
    this.types.forEach((button, index) => button.setAttribute("aria-pressed", String(["limit", "market"][index] === type)));
    this.priceLabel.hidden = type === "market";
    this.priceInput.disabled = type === "market";
    this.priceInput.required = type === "limit";
    this.postOnlyRow.hidden = type === "market";
    this.send.className = `primary ${side}`;
    this.send.textContent = `${side === "buy" ? "Buy" : "Sell"} ${this.app.base(instrument)}`;
    const may = this.app.may("trade");
    this.send.disabled = !may || !account;
    this.send.title = may ? `On ${venue} for ${account}` : "This key lacks the scope trade";
    this.problem.textContent = may ? "" : "This key may look, not trade: it lacks the scope trade.";
    this.estimate();
  }

  price(text) {
    this.set({ type: "limit" });
    this.priceInput.value = text;
    this.estimate();
    this.quantityInput.focus();
  }

  quoted(message) {
    this.best = message;
    if (!this.priceInput.value && this.type === "limit" && document.activeElement !== this.priceInput) {
      this.priceInput.value = (this.side === "buy" ? message.bid_price : message.ask_price) ?? "";
    }
    this.estimate();
  }

  forget() {
    this.best = null;
    this.priceInput.value = "";
    this.set({});
  }

  estimate() {
    const best = this.side === "buy" ? this.best?.ask_price : this.best?.bid_price;
    const value = Number(this.type === "market" ? best : this.priceInput.value) * Number(this.quantityInput.value);
    const { account, venue, instrument } = this.app.chosen;
    const where = `${venue} · ${account ?? "no account"}`;
    this.about.textContent = value > 0 ? `About ${value.toLocaleString("en", { maximumFractionDigits: 2 })} ${this.app.quote(instrument)} · ${where}` : where;
  }

  async submit(event) {
    event.preventDefault();
    const { account, venue, instrument } = this.app.chosen;
    const order = { venue, account, instrument, side: this.side, type: this.type, quantity: this.quantityInput.value.trim() };
    if (this.type === "limit") Object.assign(order, { price: this.priceInput.value.trim(), post_only: this.postOnly.checked });
    this.send.disabled = true;
    this.problem.textContent = "";
    try {
      const placed = await post("/api/v1/orders", order);
      toast(`${placed.side} ${placed.quantity} ${placed.instrument}: ${placed.status.replaceAll("_", " ")}`);
      this.app.account.refreshSoon();
    } catch (problem) {
      this.problem.textContent = problem.message;
    }
    this.send.disabled = false;
  }
}
