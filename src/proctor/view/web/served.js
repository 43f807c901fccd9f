// Where a page of the server gets its data: columns at once, texts as they are shown, a question when it is opened.

const FETCHED = 200;

/**
 * JSON of this server; a sentence of its own where it refuses.
 * @type {(route: string, values?: Record<string, any>) => Promise<any>}
 */
const ask = async (route, values = {}) => {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(values)) query.set(key, value);
  let answer;
  try {
    answer = await fetch(`/api/${route}?${query}`);
  } catch {
    throw new Error(say("no_server"));
  }
  const found = await answer.json();
  if (!answer.ok) throw new Error([found.error, found.hint].filter(Boolean).join(" "));
  return found;
};

/** @type {(text: string) => void} */
const trouble = (text) => {
  const node = byId("q-missing");
  node.hidden = false;
  node.textContent = text;
};

/** @type {(milliseconds: number) => Promise<void>} */
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/** @implements {TextSource} */
class ServedTexts {
  /**
   * @param {ServedPage} page
   * @param {Columns} columns
   */
  constructor(page, columns) {
    this.version = page.version;
    this.columns = columns;
    this.starts = [0];
    /** @type {Map<number, string>} */
    this.lines = new Map();
    /** @type {Map<number, Promise<void>>} */
    this.wanted = new Map();
    /** @type {Map<number, string>} */
    this.wholes = new Map();
    /** @type {Promise<void>} */
    this.next = Promise.resolve();
    this.sizes = new Uint32Array(columns.buffer, page.info.columns.length, columns.n);
    /** @type {Set<number>} */
    this.places = new Set();
    this.search = 0;
  }

  /** @param {number} i */
  block(i) {
    return i;
  }

  /**
   * @param {number} i
   * @returns {Found | null}
   */
  now(i) {
    const question = this.wholes.get(i) ?? this.lines.get(i);
    return question === undefined ? null : { question };
  }

  /**
   * The beginning of a question; those that are wanted at once are one request.
   * @param {number} i
   * @returns {Promise<void>}
   */
  load(i) {
    if (this.lines.has(i)) return Promise.resolve();
    let wanted = this.wanted.get(i);
    if (!wanted) {
      if (!this.wanted.size) this.next = pause(0).then(() => this.fetch([...this.wanted.keys()], this.lines)).finally(() => this.wanted.clear());
      wanted = this.next;
      this.wanted.set(i, wanted);
    }
    return wanted.catch((error) => trouble(error.message));
  }

  /**
   * @param {number[]} places
   * @param {Map<number, string>} into
   * @param {Record<string, string>} [more]
   */
  async fetch(places, into, more = {}) {
    for (let at = 0; at < places.length; at += FETCHED) {
      const some = places.slice(at, at + FETCHED);
      /** @type {{ lines: string[] }} */
      const { lines } = await ask("lines", { version: this.version, places: some.join(","), ...more });
      lines.forEach((line, number) => into.set(some[number], line));
    }
  }

  /** @param {number[]} order */
  async whole(order) {
    await this.fetch(order.filter((i) => !this.wholes.has(i)), this.wholes, { whole: "1" });
  }

  /**
   * A question as its files have it.
   * @param {number} i
   * @returns {Promise<Found>}
   */
  async get(i) {
    const { columns } = this;
    /** @type {ServedQuestion} */
    let found;
    try {
      found = await ask("question", { task: columns.tasks[columns.task[i]].name, id: columns.id[i], hash: columns.hash(i) });
    } catch (error) {
      trouble(error instanceof Error ? error.message : String(error));
      return {};
    }
    const first = found.runs.find(Boolean);
    /** @type {Found["own"]} */
    const own = found.runs.map((run) => run && [run.response ?? 0, run.filtered ?? 0, run.prompt === first?.prompt ? 0 : run.prompt]);
    return { question: found.question, options: found.options, doc: found.document, hash: found.doc_hash, prompt: first?.prompt, target: found.target, own };
  }

  /** @param {string} text */
  resolve(text) {
    return text;
  }

  /** @param {Found} found */
  document(found) {
    return found.doc ?? null;
  }

  async head() {
    return "";
  }

  /** @param {View} view */
  async prepare(view) {
    if (!view.s) return;
    const turn = (this.search += 1);
    const { places } = await ask("search", { version: this.version, s: view.s }).catch((error) => { trouble(error.message); return { places: [] }; });
    if (turn === this.search) this.places = new Set(places);
  }

  /** @param {number} i */
  matches(i) {
    return this.places.has(i);
  }

  lengths() {
    return Float32Array.from(this.sizes);
  }
}

/** Flags that the server keeps; what it refuses is said, and undone. */
class ServedFlags extends Flags {
  /** @param {Flag[]} lines */
  constructor(lines) {
    super();
    for (const one of lines) this.found[`${one.task}/${one.doc_hash?.slice(0, 6) || one.doc_id}`] = { ...one, flag: one.flag || "other" };
  }

  load() {
    return {};
  }

  /**
   * @param {string} key
   * @param {Omit<Flag, "flag"> & { flag: string | null }} one
   */
  async keep(key, one) {
    try {
      await tell("flags", one);
    } catch (error) {
      trouble(error instanceof TypeError ? say("no_server") : error instanceof Error ? error.message : String(error));
      return;
    }
    if (one.flag) this.found[key] = { ...one, flag: one.flag };
    else delete this.found[key];
  }
}

/**
 * Say that files are being read, and offer the whole list once they are.
 * @type {(node: HTMLElement, reading: number) => Promise<void>}
 */
const watch = async (node, reading) => {
  node.hidden = false;
  for (let left = reading; left; { reading: left } = await ask("reading")) {
    node.textContent = say("reading_files", { n: left });
    await pause(1000);
  }
  node.replaceChildren(say("files_read"), " ", make("button", { type: "button", click: () => location.reload() }, say("load_again")));
};

/** @type {() => () => Promise<Source>} */
const servedSource = () => async () => {
  const node = byId("q-reading");
  /** @type {ServedPage} */
  let page = await ask("page");
  while (!page.info.tasks.length && page.reading) {
    node.hidden = false;
    node.textContent = say("reading_files", { n: page.reading });
    await pause(500);
    page = await ask("page");
  }
  node.hidden = true;
  if (page.reading) watch(node, page.reading).catch((error) => trouble(error.message));
  const columns = new Columns(page.info, Uint8Array.from(atob(page.columns), (letter) => letter.charCodeAt(0)).buffer);
  /** @type {{ flags: Flag[] }} */
  const { flags } = await ask("flags").catch((error) => { trouble(error.message); return { flags: [] }; });
  return { info: page.info, columns, texts: new ServedTexts(page, columns), flags: new ServedFlags(flags) };
};
