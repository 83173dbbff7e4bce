// For operators: inject faults and clear them, watch components and stop, start or restart them, hear what happens.

import { time } from "./account.js";
import { h, table, toast } from "./dom.js";
import { get, post, remove, request } from "./session.js";
import { Stream } from "./stream.js";

const CHANNELS = ["runs", "faults", "conditions", "components", "lifecycle", "operations"];
const KEPT = 60;
const SPEEDS = ["1", "10", "60", "600"];
const ALWAYS_RUN = new Set(["links", "supervisor", "test-coordination", "monitors"]); // What holds the others together.

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
    this.clock = h("div", {});
    this.place.replaceChildren(
      h("div", { class: "column" }, card("Break something", this.faultForm), card("Components", this.components)),
      h("div", { class: "column" }, card("Faults", this.faults), card("Clock", this.clock), card("What happened", this.events)));
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
    const line = h("div", {}, h("span", { class: "quiet" }, `${time(at)} `), h("strong", {}, type), ` ${details.map(([name, value]) => `${name} ${told(value)}`).join(", ")}`);
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
    this.section(this.clock, () => this.time());
  }

  async kinds() {
    await this.section(this.faultForm, async () => {
      const { kinds } = await get("/control/v1/faults/catalogue");
      this.catalogue = new Map(kinds.map((one) => [one.kind, one]));
      const chosen = h("select", { name: "kind", onchange: () => this.describe(chosen.value) },
        kinds.map((one) => h("option", { value: one.kind }, words(one.kind))));
      this.fields = h("div", { class: "fault" });
      this.about = h("div", { class: "quiet" });
      this.problem = h("p", { class: "problem", role: "alert" });
      const form = h("form", { class: "stack", onsubmit: (event) => this.inject(event, chosen.value) },
        h("div", { class: "fault" }, h("label", { class: "wide" }, "Kind", chosen)), this.about, this.fields, this.problem,
        h("div", { class: "row end" }, h("button", { class: "primary" }, "Inject")));
      queueMicrotask(() => this.describe(chosen.value));
      return [form];
    });
  }

  describe(kind) {
    const { parameters, mandate, expected_alert: alert, limits } = this.catalogue.get(kind);
    const expected = alert ? `A monitor ought to say ${words(alert)}` : "Outside a monitor's mandate";
    this.about.replaceChildren(h("p", {}, `${expected}: ${mandate}.`), limits.length ? h("ul", {}, limits.map((one) => h("li", {}, one))) : "");
    this.problem.textContent = "";
    this.fields.replaceChildren(...parameters.map((one) => h("label", {}, `${words(one.name)}${one.required ? "" : " (optional)"}`, field(one))));
  }

  async inject(event, kind) {
    event.preventDefault();
    const fields = {};
    for (const input of this.fields.querySelectorAll("[name]")) {
      const value = input.multiple ? [...input.selectedOptions].map((one) => one.value).join(",") : input.value.trim();
      if (value) fields[input.name] = value;
    }
    this.problem.textContent = "";
    try {
      await post("/control/v1/faults", { kind, fields });
      toast(`${words(kind)} is injected.`);
    } catch (problem) {
      this.problem.textContent = problem.message;
    }
    this.refresh();
  }

  async listed() {
    const { faults } = await get("/control/v1/faults");
    const over = (one) => one.status === "ended" || one.status === "cleared";
    return [table("Faults", ["Fault", "Aims at", "Since", "State", ""], faults.map((one) => ({
      cells: [
        words(one.kind), one.subjects.join(", ") || one.component, time(one.at), state(one.status),
        over(one) ? "" : h("button", { class: "small", type: "button", "aria-label": `Clear ${one.fault_id}`, onclick: () => this.clear(one.fault_id) }, "Clear"),
      ],
    })), "Nothing is broken.")];
  }

  async clear(fault) {
    await this.attempt(() => remove(`/control/v1/faults/${encodeURIComponent(fault)}`), "The fault is cleared.");
  }

  async running() {
    const { components } = await get("/control/v1/components");
    return [table("Components", ["Component", "State", "~Since", ""], components.map((one) => ({
      cells: [one.component, state(one.state), time(one.since), h("div", { class: "row end" }, this.buttons(one))],
    })), "There are no components.")];
  }

  buttons({ component, state: now }) {
    const name = encodeURIComponent(component);
    if (ALWAYS_RUN.has(component)) return [h("span", { class: "quiet" }, "always runs")];
    const button = (text, act) => h("button", { class: "small", type: "button", "aria-label": `${text} ${component}`, onclick: act }, text);
    if (now === "running") {
      return [
        button("Restart", () => this.attempt(() => post(`/control/v1/components/${name}/restart`, {}), `${component} restarts.`)),
        button("Stop", () => this.attempt(() => post(`/control/v1/components/${name}/stop`), `${component} is stopped.`)),
      ];
    }
    return [button("Start", () => this.attempt(() => post(`/control/v1/components/${name}/start`), `${component} is started.`))];
  }

  async time() {
    const clock = await get("/control/v1/clock");
    const button = (text, act, done) => h("button", { class: "outline", type: "button", onclick: () => this.attempt(act, done) }, text);
    const speed = h("select", {
      "aria-label": "Speed of ecosystem time",
      onchange: (event) => this.attempt(() => request("PUT", "/control/v1/clock/speed", { speed: event.target.value }), "The speed is changed."),
    }, [...new Set([clock.speed, ...SPEEDS])].sort((one, other) => one - other).map((one) => h("option", { value: one }, `${one} ×`)));
    speed.value = clock.speed;
    return [h("div", { class: "row" },
      clock.paused
        ? button("Go on", () => post("/control/v1/clock/unpause"), "Time goes on.")
        : button("Pause", () => post("/control/v1/clock/pause"), "Time stands still."),
      button("Advance 1 min", () => post("/control/v1/clock/advance", { seconds: 60 }), "A minute has passed."),
      speed,
      clock.lock_step ? h("span", { class: "pill warn" }, "lock-step") : "",
      h("span", { class: "quiet" }, clock.paused ? `stands at ${time(clock.now)}` : ""))];
  }

  async attempt(act, done) {
    try {
      await act();
      toast(done);
    } catch (problem) {
      toast(problem.message, true);
    }
    this.refresh();
  }
}

function told(value) {
  if (Array.isArray(value)) return value.map(told).join(" ");
  return typeof value === "object" ? Object.values(value).map(told).join(" = ") : value;
}

function words(text) {
  return text.replaceAll("_", " ");
}

function state(text) {
  const kind = { running: "good", in_effect: "bad", injected: "warn", planned: "warn", faulted: "bad", stopped: "bad" }[text] ?? "";
  return h("span", { class: `pill ${kind}` }, words(text));
}

// A control for one parameter: a choice where there are choices, otherwise text with its bounds as a hint.
function field({ name, unit, required, lowest, highest, choices }) {
  if (choices?.length) {
    const several = unit === "names";
    const options = choices.map((one) => h("option", { value: one }, one));
    if (!several && !required) options.unshift(h("option", { value: "" }, "–"));
    return h("select", { name, required, multiple: several, size: several ? Math.min(4, choices.length) : null }, options);
  }
  const hint = unit === "duration" ? "such as 90s or 1h30m" : `${lowest} to ${highest}`;
  return h("input", { name, required, autocomplete: "off", placeholder: hint, title: `${lowest} to ${highest}` });
}
