// What the page can do beside the list: the theme, buttons that copy, the order of the tree of scores.

const THEMES = ["auto", "light", "dark"];

const startTheme = () => {
  const button = byId("theme");
  const before = kept.get("proctor-theme") ?? "";
  let now = THEMES.includes(before) ? before : "auto";
  const show = () => {
    if (now === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    button.textContent = say(`theme_${now}`);
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    now = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
    kept.set("proctor-theme", now);
    show();
  });
  show();
};

const startCopyButtons = () => {
  /** @type {NodeListOf<HTMLElement>} */
  const buttons = document.querySelectorAll("button.copy[hidden]");
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button.previousElementSibling?.textContent ?? "", button));
  }
};

/** Tables of numbers sort by a click on a head; a third click gives the first order back. */
const startSorting = () => {
  /** @type {NodeListOf<HTMLTableElement>} */
  const tables = document.querySelectorAll("table.tree, table.differences");
  for (const table of tables) {
    const body = table.tBodies[table.tBodies.length - 1];
    const first = [...body.rows];
    table.querySelectorAll("thead th").forEach((head, column) => {
      if (head.classList.contains("plot")) return;
      const button = make("button", { type: "button", class: "sorter" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sortTable(table, body, first, head, column));
    });
  }
};

/** @type {(table: HTMLTableElement, body: HTMLTableSectionElement, first: HTMLTableRowElement[], head: Element, column: number) => void} */
const sortTable = (table, body, first, head, column) => {
  /** @type {Record<string, string>} */
  const next = { none: column ? "descending" : "ascending", descending: column ? "ascending" : "none", ascending: column ? "none" : "descending" };
  const order = next[head.getAttribute("aria-sort") || "none"];
  table.querySelectorAll("thead th").forEach((one) => one.removeAttribute("aria-sort"));
  table.classList.toggle("is-sorted", order !== "none");
  if (order === "none") {
    body.replaceChildren(...first);
    return;
  }
  head.setAttribute("aria-sort", order);
  /** @type {(row: HTMLTableRowElement) => string | number} */
  const value = (row) => {
    const text = row.cells[column].textContent.trim();
    const number = parseFloat(text.replace("−", "-").replace(/,/g, ""));
    return Number.isNaN(number) ? text : number;
  };
  const sign = order === "ascending" ? 1 : -1;
  /** @type {(a: string | number, b: string | number) => number} */
  const compare = (a, b) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) * sign : typeof a === "number" ? -1 : 1);
  body.replaceChildren(...[...first].sort((a, b) => compare(value(a), value(b))));
};
