// The controls over the list: they change the view, and show it; what is active is a chip that takes it away.

class Filters {
  /**
   * @param {Info} info
   * @param {Columns} columns
   * @param {(more: ViewChange) => unknown} change
   */
  constructor(info, columns, change) {
    this.info = info;
    this.columns = columns;
    this.change = change;
    this.letters = info.runs.map((run) => run.letter);
    /** @type {Record<string, any>} */
    this.fields = {};
    this.toggles = this.toggleButtons();
    for (const id of ["search", "task", "run", "picked", "by", "sort", "down", "p-low", "p-high", "len-low", "len-high"])
      this.fields[id] = byId(`q-${id}`);
    this.fill();
    this.listen();
  }

  toggleButtons() {
    const { columns, info } = this;
    /** @type {(states: number[]) => boolean} */
    const any = (states) => columns.of.some((run) => run.state.some((state) => states.includes(state)));
    const several = info.runs.length > 1;
    /** @type {Record<string, boolean>} */
    const useful = {
      unread: any([UNREAD, UNFINISHED]), failed: any([FAILED]), disagree: several, only_a: several, only_b: several,
      confident: columns.k.some(Boolean), wrong: any([WRONG, PARTLY]), right: any([RIGHT]), flagged: true,
    };
    const box = byId("q-toggles");
    /** @type {Record<string, HTMLElement>} */
    const found = {};
    for (const one of TOGGLES.filter((name) => useful[name])) {
      found[one] = make("button", { type: "button", "aria-pressed": "false", click: () => this.toggle(one) }, this.name(one));
      box.append(found[one]);
    }
    return found;
  }

  /** @param {string} toggle */
  name(toggle) {
    if (toggle === "only_a" || toggle === "only_b") return say("only_run", { run: this.letters[toggle === "only_a" ? 0 : 1] });
    return say(`filter_${toggle}`);
  }

  fill() {
    const { info, columns, fields } = this;
    /** @type {(value: string, text: string) => HTMLElement} */
    const option = (value, text) => make("option", { value }, text);
    fields.task.append(option("", say("all_tasks")), ...info.groups.map((one) => option(one.name, one.alias)),
      ...info.tasks.map((one) => option(one.name, `\u2003${one.alias}${one.group ? ` · ${one.group}` : ""}`)));
    if (info.runs.length > 1) fields.run.append(...info.runs.map((one) => option(one.letter, say("by_run", { run: one.letter }))));
    else fields.run.hidden = true;
    const most = columns.k.reduce((a, b) => Math.max(a, b), 0);
    if (most) fields.picked.append(option("", say("any_option")), ...Array.from({ length: most }, (_, place) => option(letterOf(place), say("picked_option", { option: letterOf(place) }))));
    else fields.picked.hidden = true;
    if (columns.by) fields.by.append(option("", say("all_values")), ...columns.groups.map((one) => option(one, one || "–")));
    else fields.by.hidden = true;
    const usable = SORTS.filter((one) => (one !== "difference" || info.runs.length > 1) && (most || !["margin", "gold", "difference"].includes(one)));
    fields.sort.append(...usable.map((one) => option(one, say(`sort_${one}`))));
  }

  listen() {
    const { fields } = this;
    /** @type {(key: keyof View, value: any) => void} */
    const set = (key, value) => this.change({ [key]: value });
    let waiting = 0;
    fields.search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => set("s", fields.search.value.trim()), 150);
    });
    fields.task.addEventListener("change", () => set("t", fields.task.value));
    fields.run.addEventListener("change", () => set("run", this.letters.indexOf(fields.run.value)));
    fields.picked.addEventListener("change", () => set("k", fields.picked.value));
    fields.by.addEventListener("change", () => set("by", fields.by.value));
    fields.sort.addEventListener("change", () => set("o", fields.sort.value));
    fields.down.addEventListener("click", () => this.change((view) => ({ down: !view.down })));
    /** @type {(name: string, key: keyof View) => void} */
    const ends = (name, key) => ["low", "high"].forEach((end) => fields[`${name}-${end}`].addEventListener("change", () =>
      set(key, [fields[`${name}-low`].value, fields[`${name}-high`].value])));
    ends("p", "p");
    ends("len", "len");
  }

  /** @param {string} one */
  toggle(one) {
    if (this.toggles[one]) this.change((view) => ({ f: view.f.includes(one) ? view.f.filter((other) => other !== one) : [...view.f, one] }));
  }

  /**
   * Show a view in the controls and as chips.
   * @param {View} view
   */
  show(view) {
    const { fields } = this;
    for (const [one, button] of Object.entries(this.toggles)) button.setAttribute("aria-pressed", String(view.f.includes(one)));
    if (document.activeElement !== fields.search) fields.search.value = view.s;
    fields.task.value = view.t;
    fields.run.value = this.letters[view.run];
    fields.picked.value = view.k;
    fields.by.value = view.by;
    fields.sort.value = view.o;
    fields.down.setAttribute("aria-pressed", String(view.down));
    [fields["p-low"].value, fields["p-high"].value] = view.p;
    [fields["len-low"].value, fields["len-high"].value] = view.len;
    byId("q-chips").replaceChildren(...this.chips(view));
  }

  /** @param {View} view */
  chips(view) {
    /** @type {(text: string, less: ViewChange) => HTMLElement} */
    const chip = (text, less) => make("button", { type: "button", class: "chip", "aria-label": say("take_away", { filter: text }), click: () => this.change(less) }, text, make("span", { "aria-hidden": "true" }, " ×"));
    const task = [...this.info.groups, ...this.info.tasks].find((one) => one.name === view.t);
    const found = view.f.map((one) => chip(this.name(one), (now) => ({ f: now.f.filter((other) => other !== one) })));
    if (view.t) found.push(chip(task ? task.alias : view.t, () => ({ t: "" })));
    if (view.s) found.push(chip(`“${view.s}”`, () => ({ s: "" })));
    if (view.run) found.push(chip(say("by_run", { run: this.letters[view.run] }), () => ({ run: 0 })));
    if (view.k) found.push(chip(say("picked_option", { option: view.k }), () => ({ k: "" })));
    if (view.p.some(Boolean)) found.push(chip(`p ${view.p[0] || 0}–${view.p[1] || 1}`, () => ({ p: ["", ""] })));
    if (view.by) found.push(chip(view.by, () => ({ by: "" })));
    if (view.len.some(Boolean)) found.push(chip(`${say("sort_length")} ${view.len[0] || 0}–${view.len[1] || "∞"}`, () => ({ len: ["", ""] })));
    if (found.length > 1) found.push(chip(say("all_away"), () => ({ ...emptyView(), o: view.o, down: view.down, q: view.q })));
    return found;
  }
}
