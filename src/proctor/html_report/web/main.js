// The page's start, and what keys and addresses do.

const MOST_PRINTED = 200;

class Questions {
  /**
   * @param {Info} info
   * @param {Columns} columns
   * @param {TextSource} texts
   * @param {Flags} flags
   */
  constructor(info, columns, texts, flags) {
    this.info = info;
    this.columns = columns;
    this.texts = texts;
    this.flags = flags;
    /** @type {Float32Array | null} */
    this.lengths = null;
    this.mark = "";
    this.turn = 0;
    this.runs = info.runs.map((run) => run.number);
    this.section = byId("questions");
    this.count = byId("q-count");
    this.list = new List(byId("q-list"), columns, this.texts, (i) => this.open(i));
    this.pane = new Pane(byId("q-pane"), info, columns, this.texts, this.flags, {
      move: (step) => this.move(step), close: () => this.close(), copyLink: (button) => copy(this.link(), button), flagged: () => this.list.draw(),
    });
    this.filters = new Filters(info, columns, (more) => this.change(more));
    this.view = parseView(location.hash, this.runs);
    this.buttons();
    addEventListener("hashchange", () => this.arrive());
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("beforeprint", () => this.print());
  }

  head() {
    const runs = this.list.runs.map((run) => make("span", { class: "run" }, runMark(run), this.runs[run]));
    if (this.runs.length > runs.length) runs.push(make("span", { class: "tally", title: say("tally") }, unseen(say("tally")), make("span", { "aria-hidden": "true" }, `✓/${this.runs.length}`)));
    const whose = this.runs.length > 1 ? ` ${this.runs[this.view.run]}` : "";
    const cells = ["gold", "p", "task", "text"].map((name) => make("span", { class: name, title: name === "p" ? `${say("p_title")}${whose && ` (${whose.trim()})`}` : null }, say(`head_${name}`), name === "p" ? whose : ""));
    byId("q-head").replaceChildren(...runs, ...cells);
    byId("q-split").style.setProperty("--runs", String(runs.length));
  }

  buttons() {
    /** @type {(id: string, act: () => void) => void} */
    const on = (id, act) => byId(id).addEventListener("click", act);
    on("q-csv", () => this.csv());
    on("q-flags", () => download("flags.jsonl", "application/jsonl", this.flags.lines(this.columns)));
    on("q-help", () => this.help());
    /** @type {HTMLInputElement} */
    const keys = byId("q-keys");
    keys.checked = kept.get("proctor-keys") !== "off";
    keys.addEventListener("change", () => kept.set("proctor-keys", keys.checked ? "on" : "off"));
  }

  async start() {
    byId("q-tools").hidden = false;
    await this.apply();
    const [opened] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
    if (this.view.q) await this.goTo(this.view.q);
    // A link with filters is about the list; who loads the page again stays where he was.
    else if (location.hash.includes("=") && opened?.type !== "reload") this.section.scrollIntoView();
    this.section.dataset.state = "ready";
  }

  /**
   * Take a change of the view: it goes into the address, and from there to the list.
   * @param {ViewChange} more
   */
  change(more) {
    const next = { ...this.view, ...(typeof more === "function" ? more(this.view) : more) };
    this.view = next;
    this.write(false);
    return this.apply();
  }

  /** @param {boolean} push */
  write(push) {
    const hash = viewHash(this.view, this.runs);
    if (hash === this.mark) return;
    this.mark = hash;
    const address = hash ? `#${hash}` : "#questions";
    if (push) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
  }

  async arrive() {
    const hash = location.hash.replace(/^#/, "");
    if (hash && !hash.includes("=")) return;
    if (hash === this.mark) return;
    this.mark = hash;
    this.view = parseView(hash, this.runs);
    await this.apply();
    if (this.view.q) await this.goTo(this.view.q);
    else this.pane.close();
  }

  async apply() {
    const { view } = this;
    this.filters.show(view);
    this.list.choose(view);
    this.head();
    const turn = (this.turn += 1);
    const needsTexts = view.s || view.len.some(Boolean) || view.o === "length";
    if (needsTexts) {
      this.section.dataset.state = "busy";
      await this.texts.prepare(view, (share) => { if (turn === this.turn) this.count.textContent = say("reading", { share: percent(share) }); });
      if (turn !== this.turn) return;
      if (view.len.some(Boolean) || view.o === "length") this.lengths ??= this.texts.lengths(this.columns);
    }
    const order = select(view, this.info, this.columns, this.texts, this.flags, this.lengths);
    const open = this.pane.i;
    this.list.show(order, open);
    this.count.textContent = say(order.length === this.columns.n ? "count_all" : "count_some", { n: order.length, total: this.columns.n });
    this.section.dataset.state = "ready";
    this.section.dataset.count = String(order.length);
    if (this.texts.starts.length) for (const i of order.slice(0, MOST_PRINTED)) this.texts.load(this.texts.block(i));
  }

  /** @param {number} i */
  async open(i) {
    this.view = { ...this.view, q: this.columns.address(i) };
    this.write(true);
    await this.pane.open(i);
    this.pane.reveal();
    this.section.dataset.open = this.view.q;
  }

  /** @param {string} address */
  async goTo(address) {
    const i = this.columns.find(address);
    const missing = byId("q-missing");
    missing.hidden = i >= 0;
    if (i < 0) {
      missing.textContent = say("no_question", { address });
      this.section.scrollIntoView();
      return;
    }
    if (!this.list.order.includes(i)) await this.change({ ...emptyView(), pair: this.view.pair, q: address });
    this.list.at = this.list.order.indexOf(i);
    this.list.reveal(true);
    this.list.draw();
    await this.pane.open(i);
    this.section.dataset.open = this.columns.address(i);
    this.section.scrollIntoView();
    this.pane.reveal();
  }

  close() {
    this.pane.close();
    delete this.section.dataset.open;
    this.view = { ...this.view, q: "" };
    this.write(false);
    this.list.node.focus();
  }

  /** @param {number} step */
  move(step) {
    if (!this.list.order.length) return;
    this.list.select(this.list.at + step, this.pane.i >= 0);
    if (document.activeElement === document.body) this.list.node.focus({ preventScroll: true });
  }

  /**
   * The next question, up or down, on which runs disagree; with one run, that it got wrong.
   * @param {number} step
   */
  jump(step) {
    const { columns } = this;
    /** @type {(i: number) => boolean} */
    const wanted = (i) => (columns.runs > 1 ? disagree(columns, i) : columns.of[0].state[i] !== RIGHT);
    for (let at = this.list.at + step; at >= 0 && at < this.list.order.length; at += step) {
      if (wanted(this.list.order[at])) {
        this.list.select(at, this.pane.i >= 0);
        return;
      }
    }
  }

  link() {
    const i = this.list.order[this.list.at];
    return `${location.href.split("#")[0]}#q=${i === undefined ? "" : this.columns.address(i)}`;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = target.closest("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape" && (this.pane.i >= 0 || typing)) {
      if (typing) this.list.node.focus();
      else this.close();
      return;
    }
    /** @type {HTMLInputElement} */
    const keys = byId("q-keys");
    if (typing || !keys.checked) return;
    const inList = target === this.list.node || target === document.body;
    if (!inList && ["ArrowDown", "ArrowUp", "Enter", "Home", "End", "PageDown", "PageUp"].includes(event.key)) return;
    const page = Math.floor(this.list.node.clientHeight / ROW);
    /** @type {Record<string, () => unknown>} */
    const acts = {
      j: () => this.move(1), k: () => this.move(-1), ArrowDown: () => this.move(1), ArrowUp: () => this.move(-1),
      PageDown: () => this.move(page), PageUp: () => this.move(-page), Home: () => this.list.select(0, this.pane.i >= 0),
      End: () => this.list.select(this.list.order.length - 1, this.pane.i >= 0),
      Enter: () => { if (this.list.at >= 0) this.open(this.list.order[this.list.at]); },
      "/": () => this.filters.fields.search.focus(), n: () => this.jump(1), p: () => this.jump(-1),
      w: () => this.filters.toggle("wrong"), d: () => this.filters.toggle("disagree"), u: () => this.filters.toggle("unread"),
      c: () => copy(this.link(), byId("q-help")), "?": () => this.help(),
    };
    const act = acts[event.key] || (/^[1-9]$/.test(event.key) && Number(event.key) <= this.runs.length ? () => this.change({ run: Number(event.key) - 1 }) : null);
    if (!act) return;
    event.preventDefault();
    act();
  }

  help() {
    /** @type {HTMLDialogElement} */
    const dialog = byId("q-dialog");
    dialog.showModal();
  }

  async csv() {
    await this.texts.whole(this.list.order);
    /** @type {(value: unknown) => string} */
    const cell = (value) => {
      const text = String(value ?? "");
      // A table program takes these for formulas.
      const safe = /^[=+\-@\t\r]/.test(text) && !/^-?[\d.]+(e-?\d+)?$/.test(text) ? `'${text}` : text;
      return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
    };
    const heads = this.runs.flatMap((run) => [`state_${run}`, `picked_${run}`, `p_${run}`]);
    /** @type {unknown[][]} */
    const lines = [["task", "doc_id", "doc_hash", "gold", ...heads, "question"]];
    for (const i of this.list.order) {
      const runs = this.columns.of.flatMap((run, place) => {
        const p = this.columns.numbers(place).picked[i];
        return [STATES[run.state[i]], run.picked[i] === NONE ? "" : letterOf(run.picked[i]), Number.isNaN(p) ? "" : p.toFixed(4)];
      });
      const gold = this.columns.rightOptions(i).map(letterOf).join("");
      lines.push([this.columns.tasks[this.columns.task[i]].name, this.columns.id[i], this.columns.hash(i), gold, ...runs, this.texts.now(i)?.question]);
    }
    download("questions.csv", "text/csv;charset=utf-8", lines.map((line) => line.map(cell).join(",")).join("\r\n"));
  }

  /** The list as paper has it: the first questions of the view, as a table. */
  print() {
    const shownNow = this.list.order.slice(0, MOST_PRINTED);
    const rows = shownNow.map((i) => make("tr", {},
      make("td", { class: "num" }, `${this.columns.tasks[this.columns.task[i]].alias} ${this.columns.id[i]}`),
      ...this.columns.of.map((run) => make("td", {}, SYMBOLS[run.state[i]], " ", run.picked[i] === NONE ? "" : letterOf(run.picked[i]))),
      make("td", {}, this.columns.rightOptions(i).map(letterOf).join("")),
      make("td", { dir: "auto" }, (this.texts.now(i)?.question ?? "").slice(0, 400))));
    const heads = [say("head_task"), ...this.runs, say("head_gold"), say("head_text")].map((text) => make("th", { scope: "col" }, text));
    byId("q-print").replaceChildren(
      make("p", { class: "note" }, say("printed", { n: shownNow.length, total: this.list.order.length })),
      make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)));
  }
}

const start = async () => {
  const node = byId("d-strings");
  speak(JSON.parse(node.textContent));
  startTheme();
  startCopyButtons();
  startSorting();
  const section = byId("questions");
  const open = typeof servedSource === "undefined" ? carriedSource() : servedSource();
  if (!section || !open) return;
  if (typeof DecompressionStream === "undefined") {
    byId("q-missing").hidden = false;
    byId("q-missing").textContent = say("old_browser");
    return;
  }
  // After the first paint: what is above must not wait for it.
  await new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); });
  const { info, columns, texts, flags } = await open();
  await new Questions(info, columns, texts, flags ?? new Flags()).start();
};

start();
