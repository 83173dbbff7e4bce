// Puts the page together: who we are, what there is, what is chosen.

import { Account } from "./account.js";
import { Chart } from "./chart.js";
import { Control } from "./control.js";
import { h, toast } from "./dom.js";
import { Ladder } from "./ladder.js";
import { Quotes } from "./quotes.js";
import { forgetToken, get, keepToken, takeToken } from "./session.js";
import { Stream } from "./stream.js";
import { Ticket } from "./ticket.js";

class App {
  constructor(token) {
    this.chosen = { venue: null, instrument: null, account: null };
    this.venues = new Map();
    this.instruments = new Map();
    this.scopes = new Set();
    this.begun = false;
    this.stream = new Stream("/api/v1/stream", token, (state, detail) => this.connection(state, detail));
    this.stream.subscribe({ channel: "heartbeats" }, (message) => this.time(message));
    this.stream.open();
    this.token = token;
  }

  may(scope) {
    return this.scopes.has(scope);
  }

  decimals(symbol) {
    return this.instruments.get(symbol)?.price_decimals ?? 2;
  }

  base(symbol) {
    return this.instruments.get(symbol)?.base ?? symbol.split("/")[0];
  }

  quote(symbol) {
    return this.instruments.get(symbol)?.quote ?? symbol.split("/")[1] ?? "USD";
  }

  connection(state, detail) {
    const shown = document.getElementById("connection");
    const [text, kind] = { open: ["live", "good"], lost: ["reconnecting", "warn"], refused: ["refused", "bad"] }[state] ?? [];
    if (text) {
      shown.textContent = text;
      shown.className = `pill ${kind}`;
    }
    if (state === "open" && !this.begun) this.begin(detail).catch((problem) => toast(problem.message, true));
    else if (state === "open") this.account?.refreshSoon();
    else if (state === "refused") {
      forgetToken();
      askForToken(detail || "the server does not know this token");
    } else if (state === "problem") toast(detail, true);
  }

  time(message) {
    const shown = document.getElementById("clock");
    shown.textContent = `${message.time_at.slice(0, 10)} ${message.time_at.slice(11, 19)} UTC`;
    shown.setAttribute("datetime", message.time_at);
  }

  async begin(key) {
    this.begun = true;
    this.scopes = new Set(key.scopes);
    const [{ venues }, { instruments }] = await Promise.all([get("/api/v1/venues"), get("/api/v1/instruments")]);
    for (const one of venues) this.venues.set(one.venue, one.instruments);
    for (const one of instruments) this.instruments.set(one.instrument, one);
    this.chosen.venue = venues[0].venue;
    this.chosen.instrument = venues[0].instruments[0];
    await this.accounts(key);
    document.getElementById("content").hidden = false;
    this.ticket = new Ticket(this);
    this.quotes = new Quotes(this);
    this.chart = new Chart(this);
    this.ladder = new Ladder(this);
    this.account = new Account(this);
    this.ticket.begin();
    this.quotes.begin();
    this.chart.begin();
    this.ladder.begin();
    this.account.begin();
    if (this.may("control")) this.beginControl();
  }

  // The accounts that this key may look at; the one made for people to play with comes first.
  async accounts(key) {
    const masters = key.accounts?.includes("*") ? [key.firm] : key.accounts ?? [];
    const found = new Set();
    for (const master of masters) {
      try {
        const { items } = await get(`/api/v1/accounts?account=${encodeURIComponent(master)}&limit=200`);
        for (const one of items) found.add(one.account);
      } catch {
        found.add(master);
      }
      if (!found.size) found.add(master);
    }
    const names = [...found].sort((one, other) => other.endsWith("/you") - one.endsWith("/you") || one.localeCompare(other));
    const select = document.getElementById("account");
    select.replaceChildren(...names.map((name) => h("option", {}, name)));
    select.addEventListener("change", () => this.choose({ account: select.value }));
    this.chosen.account = names[0] ?? null;
  }

  choose(change) {
    const before = { ...this.chosen };
    Object.assign(this.chosen, change);
    if (change.venue && !this.venues.get(change.venue).includes(this.chosen.instrument)) {
      this.chosen.instrument = this.venues.get(change.venue)[0];
    }
    const { venue, instrument, account } = this.chosen;
    if (venue !== before.venue || instrument !== before.instrument) {
      this.ticket.forget();
      this.ladder.choose();
      this.quotes.draw();
      if (instrument !== before.instrument) this.chart.load();
    }
    if (account !== before.account) {
      this.ticket.set({});
      this.account.choose();
    }
  }

  quoted(message) {
    this.ticket.quoted(message);
  }

  priced(message) {
    this.chart.priced(message);
  }

  beginControl() {
    const views = document.getElementById("views");
    const button = views.querySelector('[data-view="control"]');
    button.hidden = false;
    const control = new Control(this);
    views.addEventListener("click", (event) => {
      const view = event.target.closest("button")?.dataset.view;
      if (!view) return;
      for (const one of views.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one.dataset.view === view));
      document.getElementById("content").hidden = view !== "market";
      document.getElementById("control").hidden = view !== "control";
      if (view === "control") control.show();
      else this.chart.draw();
    });
    if (location.hash === "#control") button.click();
  }
}

function askForToken(problem = "") {
  const form = document.getElementById("login");
  form.hidden = false;
  document.getElementById("content").hidden = true;
  document.getElementById("control").hidden = true;
  document.getElementById("login-problem").textContent = problem;
  form.onsubmit = (event) => {
    event.preventDefault();
    keepToken(new FormData(form).get("token").trim());
    location.reload();
  };
}

const token = takeToken();
if (token) new App(token);
else askForToken();
window.addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) location.reload();
});
