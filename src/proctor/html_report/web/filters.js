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
    this.runs = info.runs.map((run) => run.number);
    /** @type {Record<string, any>} */
    this.fields = {};
    this.toggles = this.toggleButtons();
    for (const id of ["search", "task", "run", "pair-first", "pair-second", "picked", "by", "sort", "down", "p-low", "p-high", "len-low", "len-high"])
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
      unread: any([UNREAD, UNFINISHED]), failed: any([FAILED]), disagree: several, flipped: info.runs.length > 2, only_a: several, only_b: several,
      confident: columns.k.some(Boolean), wrong: any([WRONG, PARTLY]), right: any([RIGHT]), flagged: true,
    };
    const box = byId("q-toggles");
    /** @type {Record<string, HTMLElement>} */
    const found = {};
    for (const one of TOGGLES.filter((name) => useful[name])) {
      found[one] = make("button", { type: "button", "aria-pressed": "false", click: () => this.toggle(one) });
      box.append(found[one]);
    }
    return found;
  }

  /**
   * What a toggle is called: of two runs one is right alone, of more another one of the page may be right as well.
   * @param {string} toggle
   * @param {View} view
   */
  name(toggle, view) {
    const [a, b] = view.pair.map((run) => this.runs[run]);
    if (toggle === "flipped") return say("filter_flipped", { a, b });
    if (toggle !== "only_a" && toggle !== "only_b") return say(`filter_${toggle}`);
    const [run, other] = toggle === "only_a" ? [a, b] : [b, a];
    return this.runs.length > 2 ? say("right_not", { run, other }) : say("only_run", { run });
  }

  fill() {
    const { info, columns, fields } = this;
    /** @type {(value: string, text: string) => HTMLElement} */
    const option = (value, text) => make("option", { value }, text);
    fields.task.append(option("", say("all_tasks")), ...info.groups.map((one) => option(one.name, one.alias)),
      ...info.tasks.map((one) => option(one.name, `\u2003${one.alias}${one.group ? ` · ${one.group}` : ""}`)));
    for (const one of ["run", "pair-first", "pair-second"]) fields[one].append(...info.runs.map((run) => option(run.number, `${run.number} ${run.name}`)));
    fields.run.hidden = info.runs.length < 2;
    byId("q-pair").hidden = info.runs.length < 3;
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
    fields.run.addEventListener("change", () => set("run", this.runs.indexOf(fields.run.value)));
    // A run is not compared with itself: the other place gets what stood here.
    ["pair-first", "pair-second"].forEach((id, place) => fields[id].addEventListener("change", () => this.change((view) => {
      const run = this.runs.indexOf(fields[id].value);
      const other = view.pair[1 - place] === run ? view.pair[place] : view.pair[1 - place];
      return { pair: place ? [other, run] : [run, other] };
    })));
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
    for (const [one, button] of Object.entries(this.toggles)) {
      button.setAttribute("aria-pressed", String(view.f.includes(one)));
      button.textContent = this.name(one, view);
    }
    if (document.activeElement !== fields.search) fields.search.value = view.s;
    fields.task.value = view.t;
    fields.run.value = this.runs[view.run];
    if (this.runs.length > 1) [fields["pair-first"].value, fields["pair-second"].value] = view.pair.map((run) => this.runs[run]);
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
    const found = view.f.map((one) => chip(this.name(one, view), (now) => ({ f: now.f.filter((other) => other !== one) })));
    if (view.t) found.push(chip(task ? task.alias : view.t, () => ({ t: "" })));
    if (view.s) found.push(chip(`“${view.s}”`, () => ({ s: "" })));
    if (view.run) found.push(chip(`${this.runs[view.run]} ${this.info.runs[view.run].name}`, () => ({ run: 0 })));
    if (hasOwnPair(view)) found.push(chip(say("pair", { a: this.runs[view.pair[0]], b: this.runs[view.pair[1]] }), () => ({ pair: PAIR })));
    if (view.k) found.push(chip(say("picked_option", { option: view.k }), () => ({ k: "" })));
    if (view.p.some(Boolean)) found.push(chip(`p ${view.p[0] || 0}–${view.p[1] || 1}`, () => ({ p: ["", ""] })));
    if (view.by) found.push(chip(view.by, () => ({ by: "" })));
    if (view.len.some(Boolean)) found.push(chip(`${say("sort_length")} ${view.len[0] || 0}–${view.len[1] || "∞"}`, () => ({ len: ["", ""] })));
    if (found.length > 1) found.push(chip(say("all_away"), () => ({ ...emptyView(), o: view.o, down: view.down, q: view.q })));
    return found;
  }
}
