// Shows an OpenAPI document. Text is always set as text; nothing is loaded from elsewhere.

const face = document.querySelector("#face");
const token = document.querySelector("#token");
const find = document.querySelector("#find");
const problem = document.querySelector("#problem");
const operations = document.querySelector("#operations");

function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children.flat()) if (child !== null) element.append(child);
  return element;
}

function words(schema) {
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map(words).join(" or ");
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(", ");
  if (schema.type === "array") return `list of ${words(schema.items ?? {})}`;
  const bounds = ["pattern", "minimum", "maximum", "minLength", "maxLength", "default"].filter((name) => name in schema);
  return [schema.type ?? "anything", ...bounds.map((name) => `${name} ${schema[name]}`)].join(", ");
}

function fields(schema, components) {
  const found = schema.$ref ? components.schemas[schema.$ref.split("/").at(-1)] : schema;
  if (!found.properties) return h("p", {}, words(found));
  const rows = Object.entries(found.properties).map(([name, one]) =>
    h("tr", {}, h("td", {}, h("code", {}, name)), h("td", {}, (found.required ?? []).includes(name) ? "required" : ""),
      h("td", {}, words(one)), h("td", { class: "quiet" }, one.description ?? "")));
  return h("table", {}, h("tbody", {}, rows));
}

function content(title, description, body, components) {
  const [type, media] = Object.entries(body ?? {})[0] ?? [];
  const example = media?.examples?.example?.value;
  return h("section", {}, h("h3", {}, title), h("p", {}, description),
    media?.schema && Object.keys(media.schema).length ? fields(media.schema, components) : null,
    example === undefined ? null : h("pre", {}, JSON.stringify(example, null, 2)), type ? h("p", { class: "quiet" }, type) : null);
}

function shown(path, method, operation, components) {
  const scopes = operation.security.flatMap((one) => one.bearer ?? []);
  const parameters = operation.parameters.map((one) =>
    h("tr", {}, h("td", {}, h("code", {}, one.name)), h("td", {}, one.in), h("td", {}, one.required ? "required" : ""),
      h("td", {}, words(one.schema)), h("td", { class: "quiet" }, one.description ?? "")));
  const answers = Object.entries(operation.responses);
  const good = answers.filter(([status]) => status < 300);
  const bad = answers.filter(([status]) => status >= 300);
  return h("details", { id: operation.operationId },
    h("summary", {}, h("span", { class: "method" }, method.toUpperCase()), h("span", { class: "path" }, path),
      h("span", { class: "quiet" }, operation.summary)),
    h("div", { class: "inside" },
      h("p", {}, operation.description),
      h("p", { class: "quiet" }, scopes.length ? `Needs a key with the scope ${scopes.join(", ")}.` : "Needs no key."),
      parameters.length ? h("table", {}, h("tbody", {}, parameters)) : null,
      operation.requestBody ? content("Body", "", operation.requestBody.content, components) : null,
      good.map(([status, one]) => content(`Answer ${status}`, one.description, one.content, components)),
      h("h3", {}, "Errors"),
      h("table", {}, h("tbody", {}, bad.map(([status, one]) => h("tr", {}, h("td", {}, status), h("td", {}, one.description)))))));
}

let known = null;

function render() {
  if (!known) return;
  const wanted = find.value.trim().toLowerCase();
  document.querySelector("#title").textContent = `${known.info.title} ${known.info.version}`;
  const sections = known.tags.map(({ name }) => {
    const found = Object.entries(known.paths).flatMap(([path, methods]) => Object.entries(methods)
      .filter(([, one]) => one.tags.includes(name))
      .filter(([method, one]) => `${method} ${path} ${one.description}`.toLowerCase().includes(wanted))
      .map(([method, one]) => shown(path, method, one, known.components)));
    return found.length ? h("section", {}, h("h2", {}, name), found) : null;
  });
  operations.replaceChildren(...sections.filter((one) => one !== null));
}

async function load() {
  problem.hidden = true;
  document.querySelector("#token-label").hidden = face.selectedIndex === 0;
  const headers = token.value ? { authorization: `Bearer ${token.value}` } : {};
  const answer = await fetch(face.value, { headers });
  if (answer.ok) {
    known = await answer.json();
  } else {
    known = null;
    operations.replaceChildren();
    problem.textContent = (await answer.json()).detail ?? `status ${answer.status}`;
    problem.hidden = false;
  }
  render();
}

face.addEventListener("change", load);
token.addEventListener("change", load);
find.addEventListener("input", render);
load();
