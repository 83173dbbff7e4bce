// Small means for building elements. Text is always set as text: nothing that a server says becomes markup.

export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) element.append(child);
  }
  return element;
}

export function table(caption, heads, rows, empty) {
  if (!rows.length) return h("p", { class: "empty" }, empty);
  const head = heads.map((text) => h("th", { scope: "col", class: text.startsWith("~") ? "optional" : null }, text.replace("~", "")));
  const body = rows.map(({ cells, ...attributes }) =>
    h("tr", attributes, cells.map((cell, index) => {
      const shown = h("td", {}, cell ?? "–");
      if (heads[index].startsWith("~")) shown.className = "optional";
      return shown;
    })));
  return h("div", { class: "scroll" },
    h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
}

export function bodyOf(id) {
  return document.querySelector(`#${id} .body`);
}

export function toast(text, bad = false) {
  const shown = h("div", { class: bad ? "toast bad" : "toast" }, text);
  document.getElementById("toasts").append(shown);
  setTimeout(() => shown.remove(), bad ? 9000 : 5000);
}
