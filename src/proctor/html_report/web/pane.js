// One question, whole: what was asked, what each run made of it, the prompt, the document, what to do with it.

/**
 * Text with what cannot be seen made visible, where that is wanted.
 * @type {(text: string, on: boolean) => string}
 */
const visible = (text, on) => (on ? text.replace(/ /g, "·").replace(/\t/g, "→\t").replace(/\r/g, "␍").replace(/\n/g, "↵\n") : text);

/** @type {(value: number) => string} */
const nats2 = (value) => value.toFixed(value > -10 ? 2 : 1).replace("-", "−");

const LONG = 20_000;

/**
 * A text as it stands; of a very long one the two ends, and a button for the rest: to lay it out takes long.
 * @type {(text: string, attributes: Record<string, any>, parts: (text: string) => (Node | string)[]) => HTMLElement[]}
 */
const longText = (text, attributes, parts) => {
  const node = make("pre", { dir: "auto", ...attributes });
  if (text.length <= LONG) {
    node.append(...parts(text));
    return [node];
  }
  const half = LONG / 2;
  const more = make("button", { type: "button", click: () => { node.replaceChildren(...parts(text)); more.remove(); } }, say("show_all", { n: text.length }));
  node.append(text.slice(0, half), make("span", { class: "cut" }, "\n[…]\n"), ...parts(text.slice(-half)));
  return [node, more];
};

class Pane {
  /**
   * @param {HTMLElement} node
   * @param {Info} info
   * @param {Columns} columns
   * @param {TextSource} texts
   * @param {Flags} flags
   * @param {PaneActions} actions
   */
  constructor(node, info, columns, texts, flags, actions) {
    this.node = node;
    this.info = info;
    this.columns = columns;
    this.texts = texts;
    this.flags = flags;
    this.actions = actions;
    this.i = -1;
    this.invisible = false;
    /** @type {Found} */
    this.found = {};
  }

  /** @param {number} i */
  async open(i) {
    this.i = i;
    const found = await this.texts.get(i);
    if (this.i !== i) return;
    this.found = found ?? {};
    this.node.hidden = false;
    this.draw();
    this.node.scrollTop = 0;
  }

  /** Where the window is narrow the question stands below the list, out of sight: go there. */
  reveal() {
    const { top } = this.node.getBoundingClientRect();
    const below = top >= byId("q-list").getBoundingClientRect().bottom;
    if (below && (top < 0 || top > innerHeight / 2)) this.node.scrollIntoView();
  }

  close() {
    this.i = -1;
    this.node.hidden = true;
    this.node.replaceChildren();
  }

  draw() {
    const { columns, i, found } = this;
    const task = columns.tasks[columns.task[i]];
    /** @type {(HTMLElement | null)[]} */
    const parts = [this.top(task)];
    if (found.question === undefined) parts.push(make("p", { class: "note" }, say("no_text_here")));
    else parts.push(make("div", { class: "question", dir: "auto", lang: languageOf(found.question) }, visible(found.question, this.invisible)));
    if (columns.k[i] || (found.options || []).length) parts.push(this.options());
    else if (found.target && found.target.trim() !== found.question?.trim()) parts.push(this.target());
    parts.push(...this.responses(), this.scores(), ...this.prompts(), this.document(), this.commands(), found.doc || found.hash ? this.flagging() : null);
    this.node.replaceChildren(...parts.filter(Boolean));
  }

  /** @param {TaskInfo} task */
  top(task) {
    /** @type {(key: string, label: string, act: () => void) => HTMLElement} */
    const button = (key, label, act) => make("button", { type: "button", click: act, title: label }, key);
    const link = make("button", { type: "button", click: () => this.actions.copyLink(link) }, say("copy_link"));
    const eye = make("button", { type: "button", "aria-pressed": String(this.invisible), click: () => { this.invisible = !this.invisible; this.draw(); } }, say("invisible"));
    return make("div", { class: "pane-top" },
      make("h3", { id: "pane-title", tabindex: "-1" }, task.group ? make("span", { class: "ci" }, `${task.group} · `) : null, task.alias, " ", make("span", { class: "number" }, `#${this.columns.id[this.i]}`)),
      make("div", { class: "buttons" }, button("↑", say("previous"), () => this.actions.move(-1)), button("↓", say("next"), () => this.actions.move(1)), link, eye, button("✕", say("close"), () => this.actions.close())));
  }

  /** @param {number} option */
  label(option) {
    return this.columns.tasks[this.columns.task[this.i]].labels[option] || letterOf(option);
  }

  options() {
    const { columns, i, found } = this;
    const golds = columns.rightOptions(i);
    const chances = columns.of.map((_, run) => columns.p(run, i));
    const count = Math.max(columns.k[i], (found.options || []).length);
    const rows = Array.from({ length: count }, (_, option) => {
      const isGold = golds.includes(option);
      const pickedBy = columns.of.map((_, run) => run).filter((run) => columns.of[run].picked[i] === option);
      const notes = [isGold ? make("b", { class: "is-gold" }, "✓ ", say("right_answer")) : null,
        ...pickedBy.map((run) => make("span", { class: "picked-by" }, runMark(run), " ", columns.runs > 1 ? say("picked_by", { run: this.info.runs[run].number }) : say("picked")))];
      const bars = columns.of.map((_, run) => this.bar(run, option, chances[run][option])).filter(Boolean);
      return make("li", { class: `${isGold ? "gold" : ""}${pickedBy.length ? " picked" : ""}` },
        make("span", { class: "letter" }, this.label(option)),
        make("div", {}, make("div", { class: "option-text", dir: "auto", lang: languageOf((found.options || [])[option] ?? "") }, visible((found.options || [])[option] ?? "", this.invisible), " ", ...notes.flatMap((note) => (note ? [note, " "] : []))), ...bars));
    });
    const known = chances.some((one) => one.length);
    const beside = known ? [make("p", { class: "note" }, say("among_options")), this.numbers(count, chances)] : [];
    return make("div", {}, make("ol", { class: "options" }, ...rows), ...beside);
  }

  /**
   * What the bars show, in numbers.
   * @param {number} count
   * @param {number[][]} chances
   */
  numbers(count, chances) {
    const { columns, i, info } = this;
    const runs = columns.of.map((_, run) => run).filter((run) => chances[run].length);
    const heads = runs.flatMap((run) => ["log_likelihood", "head_p"].map((key) => make("th", { scope: "col" }, columns.runs > 1 ? `${info.runs[run].number} ` : null, say(key))));
    const rows = Array.from({ length: count }, (_, option) => make("tr", {}, make("th", { scope: "row" }, this.label(option)), ...runs.flatMap((run) => {
      const value = columns.loglikelihood(run, i, option);
      const p = chances[run][option];
      return [make("td", {}, value === null ? "" : nats2(value)), make("td", {}, p === undefined ? "" : p.toPrecision(2))];
    })));
    const table = make("table", { class: "pane-numbers" }, make("thead", {}, make("tr", {}, make("td"), ...heads)), make("tbody", {}, ...rows));
    return make("details", {}, make("summary", {}, say("in_numbers")), make("div", { class: "scroll", tabindex: "0" }, table), make("p", { class: "note" }, say("rounded")));
  }

  /**
   * @param {number} run
   * @param {number} option
   * @param {number | undefined} p
   */
  bar(run, option, p) {
    if (p === undefined) return null;
    const value = this.columns.loglikelihood(run, this.i, option);
    const title = value === null ? "" : say("loglikelihood", { value: nats2(value) });
    return make("div", { class: "bar-line", title },
      this.columns.runs > 1 ? make("span", { class: "ci run-number" }, runMark(run), this.info.runs[run].number) : null,
      make("span", { class: "track" }, make("span", { class: `fill run-${colourOf(run)}`, style: { width: `${(100 * p).toFixed(1)}%` } })),
      make("span", { class: "share" }, p > 0 && p < 0.0005 ? "<0.1\u00a0%" : percent(p, p < 0.0995 || p > 0.995 ? 1 : 0)));
  }

  target() {
    return make("p", { class: "target" }, make("b", {}, `${say("right_answer")}: `), make("span", { dir: "auto" }, visible(this.found.target ?? "", this.invisible)));
  }

  /** Written answers, with what the filter took out of them. */
  responses() {
    return (this.found.own || []).map((own, run) => {
      // A number is a log-likelihood that was measured: it stands among the scores.
      if (!own || typeof own[0] === "number" && own[1] === 0) return null;
      const [raw, filtered] = [String(own[0] || ""), own[1] === 0 ? null : own[1]];
      const state = this.columns.of[run].state[this.i];
      const line = make("p", { class: "read" }, symbol(state), " ", make("span", {}, say(`state_${STATES[state]}`)), filtered === null ? null : [` · ${say("read_as")} `, make("code", { dir: "auto" }, filtered)], ...Object.entries(own[3] ?? {}).flatMap(([filter, text]) => [` · ${filter}: `, make("code", { dir: "auto" }, text)]));
      return make("div", { class: "response" }, make("h4", {}, runMark(run), " ", say("answer_of", { run: this.info.runs[run].number }), " ", make("span", { class: "ci" }, this.info.runs[run].name)), line, ...this.written(raw, filtered, this.info.runs[run].think ?? "</think>"));
    });
  }

  /**
   * @param {string} raw
   * @param {string | null} filtered
   * @param {string} mark what ends the thinking
   */
  written(raw, filtered, mark) {
    const end = raw.lastIndexOf(mark);
    const after = end < 0 ? 0 : end + mark.length;
    const thinking = end < 0 ? null : raw.slice(0, after);
    const text = raw.slice(after);
    /** @type {(shownText: string) => (Node | string)[]} */
    const marked = (shownText) => {
      const at = filtered ? shownText.lastIndexOf(filtered) : -1;
      if (!filtered || at < 0) return [visible(shownText, this.invisible)];
      const [before, after] = [shownText.slice(0, at), shownText.slice(at + filtered.length)];
      return [visible(before, this.invisible), make("mark", {}, visible(filtered, this.invisible)), visible(after, this.invisible)];
    };
    /** @type {(shownText: string) => (Node | string)[]} */
    const plain = (shownText) => [visible(shownText, this.invisible)];
    const folded = thinking && make("details", {}, make("summary", {}, say("thinking", { n: thinking.length })), ...longText(thinking, {}, plain));
    return [folded, ...longText(text, {}, marked)].filter(Boolean);
  }

  scores() {
    const { columns, i, info } = this;
    const rows = info.runs.map((run, place) => {
      if (columns.of[place].state[i] === ABSENT) return null;
      const given = this.found.own?.[place];
      const measured = given && typeof given[0] === "number" && given[0] ? [`${say("log_likelihood")} ${nats2(given[0])}`] : [];
      const values = columns.scores(place, i).filter((one) => !Number.isNaN(one.value));
      return make("tr", {}, make("th", { scope: "row" }, make("span", { class: "run-label" }, runMark(place), make("b", {}, run.number))),
        make("td", {}, symbol(columns.of[place].state[i]), " ", make("span", { "aria-hidden": "true" }, say(`state_${STATES[columns.of[place].state[i]]}`))),
        make("td", { class: "quiet" }, measured.concat(values.map((one) => `${one.name}${one.filter === "none" ? "" : `,${one.filter}`} ${Number(one.value.toPrecision(4))}`)).join(" · ")));
    });
    return make("table", { class: "pane-scores" }, make("tbody", {}, ...rows.filter(Boolean)));
  }

  /** The prompt of the first run, and of each other run that had another one. */
  prompts() {
    const { found } = this;
    /** @type {[number, string | 0 | null | undefined][]} */
    const given = [[0, found.prompt]];
    (found.own || []).forEach((own, run) => given.push([run, own ? own[2] : 0]));
    return given.map(([run, text]) => {
      if (typeof text !== "string") return null;
      const box = make("details", { class: "prompt" }, make("summary", {}, this.info.runs.length > 1 ? say("prompt_of", { run: this.info.runs[run].number }) : say("prompt")));
      box.addEventListener("toggle", async () => {
        if (!box.open || box.dataset.state) return;
        box.dataset.state = "ready";
        const head = await this.texts.head(this.columns.task[this.i], run);
        const rest = this.texts.resolve(text, found);
        if (head) box.append(make("details", {}, make("summary", {}, say("few_shot", { n: head.length })), make("pre", { dir: "auto" }, visible(head, this.invisible))));
        box.append(make("pre", { dir: "auto" }, visible(rest, this.invisible)));
      });
      return box;
    });
  }

  document() {
    const { columns, i, found } = this;
    if (!found.doc) return null;
    const plain = this.texts.document(found) ?? "";
    let text = plain;
    try { text = JSON.stringify(JSON.parse(plain), null, 2); } catch { /* NaN and the like: as it stands */ }
    return make("details", {}, make("summary", {}, say("document")), make("pre", { dir: "auto" }, text), make("p", { class: "note" }, say("hash", { hash: columns.hash(i) || "–" })));
  }

  commands() {
    const name = this.columns.tasks[this.columns.task[this.i]].name;
    const word = /^[\w./-]+$/.test(name) ? name : `'${name.replace(/'/g, "'\\''")}'`;
    const samples = JSON.stringify({ [name]: [this.columns.id[this.i]] }).replace(/'/g, "'\\''");
    const lines = ["preview", "run"].map((verb) => copyable(`proctor ${verb} --tasks ${word} --samples '${samples}'`));
    return make("details", { class: "commands" }, make("summary", {}, say("commands")), ...lines);
  }

  /** Only where the document's hash is known or can be computed: without it no command can leave the question out. */
  flagging() {
    const { columns, i, flags } = this;
    const now = flags.of(columns, i);
    /** @type {(flag: string | null) => Promise<void>} */
    const put = async (flag) => {
      const text = this.texts.document(this.found);
      const hash = this.found.hash ?? (text ? await documentHash(text, columns.hash(i)) : null);
      await flags.set(columns, i, flag, note.value, hash);
      if (this.i !== i) return;
      this.draw();
      this.actions.flagged();
    };
    const note = make("input", { type: "text", "aria-label": say("note"), placeholder: say("note"), change: () => put(flags.of(columns, i)?.flag || "other") });
    note.value = now?.note || "";
    const buttons = FLAGS.map((flag) => make("button", { type: "button", "aria-pressed": String(now?.flag === flag), click: () => put(now?.flag === flag ? null : flag) }, say(`flag_${flag}`)));
    return make("div", { class: "flagging", role: "group", "aria-label": say("flag_it") }, make("span", { class: "caption" }, say("flag_it")), ...buttons, note);
  }
}
