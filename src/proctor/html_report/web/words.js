// Strings with places and plurals, numbers, and elements made of text: nothing from data is ever read as HTML.

/** @type {Strings["strings"]} */
let STRINGS = {};
let LANGUAGE = "en";
let PLURALS = new Intl.PluralRules("en");

/** @type {(info: Strings) => void} */
const speak = (info) => {
  STRINGS = info.strings;
  LANGUAGE = info.language;
  PLURALS = new Intl.PluralRules(LANGUAGE);
};

/** @type {(value: string | number) => string} */
const shown = (value) => (typeof value === "number" ? value.toLocaleString(LANGUAGE) : value);

/**
 * A string by its key, with its values.
 * @type {(key: string, values?: Record<string, any>) => string}
 */
const say = (key, values = {}) => {
  let text = STRINGS[key];
  if (text === undefined) throw new Error(`no string ${key}`);
  if (typeof text !== "string") text = text[PLURALS.select(values.n ?? 0)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => shown(values[name]));
};

const SCRIPTS = { ko: /[\u3131-\u318e\uac00-\ud7a3]/g, ja: /[\u3041-\u30ff]/g, zh: /[\u4e00-\u9fff]/g, ar: /[\u0621-\u06d3]/g, he: /[\u05d0-\u05ea]/g };

/**
 * The language of a text where its letters say it, a sixth of them: a reader of screens changes its voice, and Han its shape.
 * @type {(text: string) => string | null}
 */
const languageOf = (text) => Object.entries(SCRIPTS).find(([, letters]) => 6 * (text.match(letters) ?? []).length > text.length)?.[0] ?? null;

/** @type {(share: number, digits?: number) => string} */
const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}\u00a0%`;

/**
 * An element: `make("p", {class: "note"}, "text", child)`; functions are listeners, null is left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, any>} attributes
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
const make = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(key, value);
    else if (key === "style") Object.entries(value).forEach(([property, one]) => node.style.setProperty(property, one));
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
};

/**
 * An element that the page has, by its id.
 * @type {<T extends HTMLElement = HTMLElement>(id: string) => T}
 */
const byId = (id) => /** @type {any} */ (document.getElementById(id));

/** @type {(text: string) => HTMLElement} */
const unseen = (text) => make("span", { class: "unseen" }, text);

/**
 * The number of a run's colour, as the tables have it.
 * @type {(run: number) => number}
 */
const colourOf = (run) => (run + Math.floor(run / 12)) % 6;

/**
 * A run's mark, as the tables have it.
 * @type {(run: number) => HTMLElement | null}
 */
const runMark = (run) => {
  const found = document.querySelectorAll(".runs .key")[run];
  return found ? make("span", { class: "mark-copy" }, found.cloneNode(true)) : null;
};

/**
 * A state as symbol and, for readers, word.
 * @type {(state: number) => HTMLElement}
 */
const symbol = (state) =>
  make("span", { class: `sym ${STATES[state]}` }, make("span", { "aria-hidden": "true" }, SYMBOLS[state]), unseen(say(`state_${STATES[state]}`)));

/**
 * Copy a text; says so on the button.
 * @type {(text: string, button: HTMLElement) => Promise<void>}
 */
const copy = async (text, button) => {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = make("textarea", { class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const before = button.textContent;
  button.textContent = say("copied");
  setTimeout(() => { button.textContent = before; }, 1200);
};

/** @type {(text: string) => HTMLElement} */
const copyable = (text) => {
  const button = make("button", { type: "button", class: "copy", click: () => copy(text, button) }, say("copy"));
  return make("div", { class: "copyable" }, make("code", {}, text), button);
};

/**
 * Give a text to the reader as a file.
 * @type {(name: string, type: string, text: string) => void}
 */
const download = (name, type, text) => {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
};

/** What a browser keeps for this page, if it keeps anything. */
const kept = {
  /** @param {string} key */
  get(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  /**
   * @param {string} key
   * @param {string} value
   */
  set(key, value) {
    try { localStorage.setItem(key, value); } catch { /* a page from a file may have no storage */ }
  },
};
