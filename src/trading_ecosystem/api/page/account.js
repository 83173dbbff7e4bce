// What the chosen account has and does: open orders, fills, balances, positions; and the firm's alerts. The stream says when to look again.

import { bodyOf, h, table, toast } from "./dom.js";
import { get, post, remove } from "./session.js";

const SOON = 250;

export class Account {
  constructor(app) {
    this.app = app;
  }

  begin() {
    for (const channel of ["orders", "fills", "balances", "settlements", "transfers"]) {
      this.app.stream.subscribe({ channel }, (message) => {
        if (this.isChosen(message.account)) this.refreshSoon();
      });
    }
    this.app.stream.subscribe({ channel: "alerts" }, () => this.alertsSoon());
    this.choose();
    this.alertsSoon();
    setInterval(() => this.refreshSoon(), 30000);
  }

  isChosen(account) {
    const chosen = this.app.chosen.account;
    return account === chosen || account?.startsWith(`${chosen}/`);
  }

  choose() {
    this.refresh();
  }

  refreshSoon() {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.refresh();
    }, SOON);
  }

  alertsSoon() {
    this.alertTimer ??= setTimeout(() => {
      this.alertTimer = null;
      this.section("alerts", () => this.alerts());
    }, SOON);
  }

  async refresh() {
    if (!this.app.chosen.account) {
      for (const id of ["orders", "fills", "balances"]) bodyOf(id).replaceChildren(h("p", { class: "empty" }, "This key is bound to no account."));
      return;
    }
    await Promise.all([
      this.section("orders", () => this.orders()),
      this.section("fills", () => this.fills()),
      this.section("balances", () => this.balances()),
    ]);
  }

  async section(id, show) {
    try {
      const account = this.app.chosen.account;
      const shown = await show();
      if (account === this.app.chosen.account) bodyOf(id).replaceChildren(...shown);
    } catch (problem) {
      bodyOf(id).replaceChildren(h("p", { class: "empty" }, problem.status === 404 ? "Nothing here." : problem.message));
    }
  }

  async orders() {
    const account = encodeURIComponent(this.app.chosen.account);
    const found = await Promise.all(["new", "partially_filled"].map((status) => get(`/api/v1/orders?account=${account}&status=${status}&limit=100`)));
    const items = found.flatMap((page) => page.items);
    return [table("Open orders", ["Instrument", "Side", "Price", "Quantity", "Filled", ""], items.map((one) => ({
      cells: [
        one.instrument, sided(one.side), one.price ?? one.type, one.quantity, one.filled ?? one.cumulative_quantity ?? "",
        this.app.may("trade") ? h("button", { class: "small", type: "button", "aria-label": `Cancel ${one.client_order_id}`, onclick: () => this.cancel(one) }, "Cancel") : "",
      ],
    })), "No open orders.")];
  }

  async cancel(order) {
    const account = encodeURIComponent(order.account);
    try {
      await remove(`/api/v1/orders/${order.venue}/${encodeURIComponent(order.client_order_id)}?account=${account}`);
      toast("The order is cancelled.");
    } catch (problem) {
      toast(problem.message, true);
    }
    this.refreshSoon();
  }

  async fills() {
    const { items } = await get(`/api/v1/fills?account=${encodeURIComponent(this.app.chosen.account)}&limit=30`);
    return [table("Fills", ["Time", "Instrument", "Side", "Price", "Quantity", "~Fee"], items.map((one) => ({
      cells: [time(one.filled_at), one.instrument, sided(one.side), one.price, one.quantity, `${short(one.fee)} ${one.fee_asset}`],
    })), "No fills yet.")];
  }

  async balances() {
    const account = encodeURIComponent(this.app.chosen.account);
    const [claims, has] = await Promise.all([get(`/api/v1/balances?account=${account}`), get(`/api/v1/positions?account=${account}`)]);
    return [
      table("Balances on venues", ["Venue", "Asset", "Available", "Held"], claims.balances.map((one) => ({
        cells: [one.venue, one.asset, short(one.available), short(one.held)],
      })), "Nothing on a venue."),
      h("h3", { class: "apart" }, "Positions"),
      table("Positions", ["Asset", "Free", "Pledged", "Unsettled", "Position"], has.assets.map((one) => ({
        cells: [one.asset, short(one.free), short(one.pledged), short(one.unsettled), short(one.position)],
      })), "No positions."),
    ];
  }

  async alerts() {
    const { items } = await get("/api/v1/risk/alerts?limit=30");
    const active = items.filter((one) => one.state !== "resolved");
    const past = items.filter((one) => one.state === "resolved").slice(0, 5);
    document.querySelector("#alerts h2").replaceChildren("Alerts", active.length ? h("span", { class: "pill bad" }, `${active.length} active`) : "");
    if (!items.length) return [h("p", { class: "empty" }, "No alerts.")];
    return [h("div", { class: "stack scroll" }, [...active, ...past].map((one) => this.alert(one)))];
  }

  alert(one) {
    const words = one.kind.replaceAll("_", " ");
    const can = this.app.may("risk") && (one.state === "firing" || one.state === "escalated");
    return h("div", { class: `alert ${one.state === "resolved" ? "" : one.severity}` },
      h("div", {}, h("strong", {}, `${words} · ${one.subject}`), h("p", {}, `${one.severity}, ${one.state} · ${time(one.raised_at)}`)),
      can ? h("button", { class: "small", type: "button", "aria-label": `Acknowledge ${words} of ${one.subject}`, onclick: () => this.acknowledge(one) }, "Acknowledge") : "");
  }

  async acknowledge(alert) {
    try {
      await post(`/api/v1/risk/alerts/${alert.alert_id}/acknowledge`, { by: "page" });
    } catch (problem) {
      toast(problem.message, true);
    }
    this.alertsSoon();
  }
}

function sided(side) {
  return h("span", { class: side === "buy" ? "up" : "down" }, side);
}

export function time(instant) {
  return instant ? instant.slice(11, 19) : "–";
}

// For reading: at most six decimal places, two of large amounts.
function short(text) {
  const [whole, places = ""] = String(text).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const shown = places.slice(0, whole.length > 3 ? 2 : 6).replace(/0+$/, "");
  return shown ? `${grouped}.${shown}` : grouped;
}
