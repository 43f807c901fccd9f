// The list: about as many rows in the document as fit into its window, however many questions there are.

const ROW = 32;
const LEAST_ROWS = 3;
const RUNS_SHOWN = 4;

class List {
  /**
   * @param {HTMLElement} node
   * @param {Columns} columns
   * @param {TextSource} texts
   * @param {(i: number) => void} open
   */
  constructor(node, columns, texts, open) {
    this.node = node;
    this.columns = columns;
    this.texts = texts;
    this.open = open;
    /** @type {number[]} */
    this.order = [];
    /** Those that have a column. @type {number[]} */
    this.runs = [];
    this.at = -1;
    this.run = 0;
    // Tasks of several groups may have one alias: then the group says which one it is.
    const aliases = columns.tasks.map((task) => task.alias);
    this.names = columns.tasks.map(({ alias, group }) => (group && aliases.indexOf(alias) !== aliases.lastIndexOf(alias) ? `${alias} · ${group}` : alias));
    /** @type {number[] | null} */
    this.pressed = null;
    /** @type {number | null} */
    this.frame = null;
    this.space = make("div", { class: "space", role: "presentation" });
    node.append(this.space);
    // No higher than all rows: a small exam leaves no empty box. Not by what a filter leaves, or the page would jump.
    node.style.maxHeight = `${Math.max(columns.n, LEAST_ROWS) * ROW}px`;
    node.addEventListener("scroll", () => this.later(), { passive: true });
    // Not by clicks on rows: rows are drawn anew when texts arrive, and a row that goes between press and release of
    // the button gets none. Only clicks without a pointer, as readers of screens make them, are of a row.
    node.addEventListener("pointerdown", (event) => {
      this.pressed = event.isPrimary && event.button === 0 ? [event.clientX, event.clientY] : null;
    });
    node.addEventListener("pointerup", (event) => this.release(event));
    node.addEventListener("click", (event) => {
      const { target } = event;
      /** @type {HTMLElement | null} */
      const row = event.detail === 0 && target instanceof Element ? target.closest("[data-at]") : null;
      if (row) this.select(Number(row.dataset.at), true);
    });
    new ResizeObserver(() => this.later()).observe(node);
  }

  /**
   * The runs that have a column: the first ones, and those that the view is about.
   * @param {View} view
   */
  choose(view) {
    const wanted = new Set([view.run, ...(hasOwnPair(view) ? view.pair : []), ...Array(this.columns.runs).keys()]);
    this.run = view.run;
    this.runs = [...wanted].slice(0, RUNS_SHOWN).sort((a, b) => a - b);
  }

  /** @param {PointerEvent} event */
  release(event) {
    const [pressed, { left }] = [this.pressed, this.node.getBoundingClientRect()];
    this.pressed = null;
    if (!pressed || Math.hypot(event.clientX - pressed[0], event.clientY - pressed[1]) > 6) return;
    const at = Math.floor((event.clientY - this.space.getBoundingClientRect().top) / ROW);
    // Beside the rows is the bar that scrolls them.
    if (event.clientX - left < this.node.clientWidth && at >= 0 && at < this.order.length) this.select(at, true);
  }

  /**
   * @param {number[]} order
   * @param {number} keep
   */
  show(order, keep) {
    this.order = order;
    this.at = keep >= 0 ? order.indexOf(keep) : -1;
    this.space.style.height = `${order.length * ROW}px`;
    if (this.at >= 0) this.reveal();
    else this.node.scrollTop = 0;
    this.draw();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.draw(); });
  }

  /** @param {boolean} [middle] */
  reveal(middle) {
    const [top, height] = [this.at * ROW, this.node.clientHeight];
    if (middle) this.node.scrollTop = top - (height - ROW) / 2;
    else if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + ROW > this.node.scrollTop + height) this.node.scrollTop = top + ROW - height;
  }

  /**
   * @param {number} at
   * @param {boolean} open
   */
  select(at, open) {
    if (!this.order.length) return;
    this.at = Math.max(0, Math.min(at, this.order.length - 1));
    this.reveal();
    this.draw();
    if (open) this.open(this.order[this.at]);
  }

  draw() {
    const first = Math.max(0, Math.floor(this.node.scrollTop / ROW) - 4);
    const last = Math.min(this.order.length, Math.ceil((this.node.scrollTop + this.node.clientHeight) / ROW) + 4);
    const rows = [];
    for (let at = first; at < last; at += 1) rows.push(this.row(at));
    this.space.replaceChildren(...rows);
    if (this.at >= first && this.at < last) this.node.setAttribute("aria-activedescendant", `row-${this.at}`);
    else this.node.removeAttribute("aria-activedescendant");
  }

  /**
   * How many of all runs have a question right, where not all have a column.
   * @param {number} i
   */
  tally(i) {
    const states = this.columns.of.map((run) => run.state[i]).filter((state) => state !== ABSENT);
    return `${states.filter((state) => state === RIGHT).length}/${states.length}`;
  }

  /** @param {number} at */
  row(at) {
    const i = this.order[at];
    const { columns } = this;
    const found = this.texts.now(i);
    if (found === null) this.texts.load(this.texts.block(i)).then(() => this.later());
    const line = found === null ? "…" : found.question === undefined ? say("no_text") : found.question.trim().split("\n")[0].slice(0, 300);
    const runs = [];
    for (const run of this.runs) {
      const picked = columns.of[run].picked[i];
      runs.push(make("span", { class: "run" }, symbol(columns.of[run].state[i]), make("span", { class: "pick" }, picked === NONE ? "" : letterOf(picked))));
    }
    if (columns.runs > this.runs.length) runs.push(make("span", { class: "tally" }, this.tally(i)));
    const p = columns.numbers(this.run).picked[i];
    const gold = columns.rightOptions(i).map(letterOf).join("");
    return make(
      "div",
      { id: `row-${at}`, role: "option", class: `row${at === this.at ? " current" : ""}`, "data-at": at, "data-key": columns.address(i), "aria-selected": at === this.at ? "true" : "false",
        "aria-setsize": this.order.length, "aria-posinset": at + 1, style: { transform: `translateY(${at * ROW}px)` } },
      ...runs,
      make("span", { class: "gold" }, gold && [unseen(say("right_answer")), gold]),
      make("span", { class: "p" }, Number.isNaN(p) ? "" : percent(p)),
      make("span", { class: "task", title: this.names[columns.task[i]] }, this.names[columns.task[i]]),
      make("span", { class: "text", dir: "auto" }, line),
    );
  }
}
