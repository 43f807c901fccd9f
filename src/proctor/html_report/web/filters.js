// The controls over the list: they change the view, and show it; what is active is a chip that takes it away.

class Filters {
  constructor(info, columns, change) {
    Object.assign(this, { info, columns, change });
    this.letters = info.runs.map((run) => run.letter);
    this.fields = {};
    this.toggles = this.toggleButtons();
    for (const id of ["search", "task", "run", "picked", "by", "sort", "down", "p-low", "p-high", "len-low", "len-high"])
      this.fields[id] = document.getElementById(`q-${id}`);
    this.fill();
    this.listen();
  }

  toggleButtons() {
    const { columns, info } = this;
    const any = (states) => columns.of.some((run) => run.state.some((state) => states.includes(state)));
    const several = info.runs.length > 1;
    const useful = {
      unread: any([UNREAD, UNFINISHED]), failed: any([FAILED]), disagree: several, only_a: several, only_b: several,
      confident: columns.k.some(Boolean), wrong: any([WRONG, PARTLY]), right: any([RIGHT]), flagged: true,
    };
    const box = document.getElementById("q-toggles");
    const found = {};
    for (const one of TOGGLES.filter((name) => useful[name])) {
      found[one] = make("button", { type: "button", "aria-pressed": "false", click: () => this.toggle(one) }, this.name(one));
      box.append(found[one]);
    }
    return found;
  }

  name(toggle) {
    if (toggle === "only_a" || toggle === "only_b") return say("only_run", { run: this.letters[toggle === "only_a" ? 0 : 1] });
    return say(`filter_${toggle}`);
  }

  fill() {
    const { info, columns, fields } = this;
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
    const ends = (name, key) => ["low", "high"].forEach((end) => fields[`${name}-${end}`].addEventListener("change", () =>
      set(key, [fields[`${name}-low`].value, fields[`${name}-high`].value])));
    ends("p", "p");
    ends("len", "len");
  }

  toggle(one) {
    if (this.toggles[one]) this.change((view) => ({ f: view.f.includes(one) ? view.f.filter((other) => other !== one) : [...view.f, one] }));
  }

  /** Show a view in the controls and as chips. */
  show(view) {
    const { fields } = this;
    for (const [one, button] of Object.entries(this.toggles)) button.setAttribute("aria-pressed", String(view.f.includes(one)));
    if (document.activeElement !== fields.search) fields.search.value = view.s;
    Object.assign(fields.task, { value: view.t });
    fields.run.value = this.letters[view.run];
    fields.picked.value = view.k;
    fields.by.value = view.by;
    fields.sort.value = view.o;
    fields.down.setAttribute("aria-pressed", String(view.down));
    [fields["p-low"].value, fields["p-high"].value] = view.p;
    [fields["len-low"].value, fields["len-high"].value] = view.len;
    document.getElementById("q-chips").replaceChildren(...this.chips(view));
  }

  chips(view) {
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
