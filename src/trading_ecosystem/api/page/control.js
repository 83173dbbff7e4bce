// For operators: inject faults and clear them, watch components and stop, start or restart them, hear what happens.

import { time } from "./account.js";
import { h, table, toast } from "./dom.js";
import { get, post, remove } from "./session.js";
import { Stream } from "./stream.js";

const CHANNELS = ["runs", "faults", "conditions", "components", "lifecycle", "operations"];
const KEPT = 60;

export class Control {
  constructor(app) {
    this.app = app;
    this.place = document.getElementById("control");
  }

  show() {
    if (this.stream) return;
    this.faultForm = h("div", {}, h("p", { class: "empty" }, "Loading …"));
    this.faults = h("div", {});
    this.components = h("div", {});
    this.events = h("div", { class: "events", role: "log", "aria-label": "What happened", tabindex: "0" }, h("p", { class: "empty" }, "Nothing yet."));
    const card = (title, ...children) => h("section", { class: "card" }, h("h2", {}, title), ...children);
    this.place.replaceChildren(
      card("Break something", this.faultForm), card("Faults", this.faults), card("Components", this.components), card("What happened", this.events));
    this.stream = new Stream("/control/v1/stream", this.app.token, (state, detail) => {
      if (state === "refused") toast(detail, true);
    });
    for (const channel of CHANNELS) this.stream.subscribe({ channel }, (message) => this.happened(message));
    this.stream.open();
    this.kinds();
    this.refresh();
    setInterval(() => this.refresh(), 5000);
  }

  happened(message) {
    const { subscription, number, channel, type, at, ...rest } = message;
    const details = Object.entries(rest).filter(([, value]) => value !== null && value !== "" && value?.length !== 0);
    const line = h("div", {}, h("span", { class: "quiet" }, `${time(at)} `), h("strong", {}, type), ` ${details.map(([name, value]) => `${name} ${value}`).join(", ")}`);
    this.events.querySelector(".empty")?.remove();
    this.events.prepend(line);
    while (this.events.children.length > KEPT) this.events.lastChild.remove();
    this.soon ??= setTimeout(() => {
      this.soon = null;
      this.refresh();
    }, 300);
  }

  async section(place, show) {
    try {
      place.replaceChildren(...(await show()));
    } catch (problem) {
      place.replaceChildren(h("p", { class: "empty" }, problem.status === 403 ? "This key does not allow it." : problem.message));
    }
  }

  refresh() {
    if (this.place.hidden) return;
    this.section(this.faults, () => this.listed());
    this.section(this.components, () => this.running());
  }
}
