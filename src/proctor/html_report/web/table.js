// What the page can do beside the list: the theme, buttons that copy, the order of the tree of scores.

const THEMES = ["auto", "light", "dark"];

const startTheme = () => {
  const button = document.getElementById("theme");
  let now = THEMES.includes(kept.get("proctor-theme")) ? kept.get("proctor-theme") : "auto";
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
  for (const button of document.querySelectorAll("button.copy[hidden]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button.previousElementSibling.textContent, button));
  }
};

/** Tables of numbers sort by a click on a head; a third click gives the first order back. */
const startSorting = () => {
  for (const table of document.querySelectorAll("table.tree, table.differences")) {
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

const sortTable = (table, body, first, head, column) => {
  const next = { none: column ? "descending" : "ascending", descending: column ? "ascending" : "none", ascending: column ? "none" : "descending" };
  const order = next[head.getAttribute("aria-sort") || "none"];
  table.querySelectorAll("thead th").forEach((one) => one.removeAttribute("aria-sort"));
  table.classList.toggle("is-sorted", order !== "none");
  if (order === "none") {
    body.replaceChildren(...first);
    return;
  }
  head.setAttribute("aria-sort", order);
  const value = (row) => {
    const text = row.cells[column].textContent.trim();
    const number = parseFloat(text.replace("−", "-").replace(/,/g, ""));
    return Number.isNaN(number) ? text : number;
  };
  const sign = order === "ascending" ? 1 : -1;
  const compare = (a, b) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) * sign : typeof a === "number" ? -1 : 1);
  body.replaceChildren(...[...first].sort((a, b) => compare(value(a), value(b))));
};
