// Where a page of the server gets its data: columns at once, texts as they are shown, a question when it is opened.

const FETCHED = 200;

/** JSON of this server; a sentence of its own where it refuses. */
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

const trouble = (text) => {
  const node = document.getElementById("q-missing");
  node.hidden = false;
  node.textContent = text;
};

const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

class ServedTexts {
  constructor(page, columns) {
    this.version = page.version;
    this.columns = columns;
    this.starts = [0];
    this.lines = new Map();
    this.wanted = new Map();
    this.wholes = new Map();
    this.sizes = new Uint32Array(columns.buffer, page.info.columns.length, columns.n);
    [this.places, this.search] = [null, 0];
  }

  block(i) {
    return i;
  }

  now(i) {
    const question = this.wholes.get(i) ?? this.lines.get(i);
    return question === undefined ? null : { question };
  }

  /** The beginning of a question; those that are wanted at once are one request. */
  load(i) {
    if (this.lines.has(i)) return Promise.resolve();
    if (!this.wanted.has(i)) {
      if (!this.wanted.size) this.next = pause(0).then(() => this.fetch([...this.wanted.keys()], this.lines)).finally(() => this.wanted.clear());
      this.wanted.set(i, this.next);
    }
    return this.wanted.get(i).catch((error) => trouble(error.message));
  }

  async fetch(places, into, more = {}) {
    for (let at = 0; at < places.length; at += FETCHED) {
      const some = places.slice(at, at + FETCHED);
      const { lines } = await ask("lines", { version: this.version, places: some.join(","), ...more });
      lines.forEach((line, number) => into.set(some[number], line));
    }
  }

  async whole(order) {
    await this.fetch(order.filter((i) => !this.wholes.has(i)), this.wholes, { whole: "1" });
  }

  /** A question as its files have it. */
  async get(i) {
    const { columns } = this;
    let found;
    try {
      found = await ask("question", { task: columns.tasks[columns.task[i]].name, id: columns.id[i], hash: columns.hash(i) });
    } catch (error) {
      trouble(error.message);
      return {};
    }
    const first = found.runs.find(Boolean);
    const own = found.runs.map((run) => run && [run.response ?? 0, run.filtered ?? 0, run.prompt === first.prompt ? 0 : run.prompt]);
    return { question: found.question, options: found.options, doc: found.document, prompt: first.prompt, target: found.target, own };
  }

  resolve(text) {
    return text;
  }

  document(found) {
    return found.doc;
  }

  async head() {
    return "";
  }

  async prepare(view) {
    if (!view.s) return;
    const turn = (this.search += 1);
    const { places } = await ask("search", { version: this.version, s: view.s }).catch((error) => { trouble(error.message); return { places: [] }; });
    if (turn === this.search) this.places = new Set(places);
  }

  matches(i) {
    return this.places.has(i);
  }

  lengths() {
    return Float32Array.from(this.sizes);
  }
}

/** Say that files are being read, and offer the whole list once they are. */
const watch = async (node, reading) => {
  node.hidden = false;
  for (let left = reading; left; { reading: left } = await ask("reading")) {
    node.textContent = say("reading_files", { n: left });
    await pause(1000);
  }
  node.replaceChildren(say("files_read"), " ", make("button", { type: "button", click: () => location.reload() }, say("load_again")));
};

const servedSource = () => async () => {
  const node = document.getElementById("q-reading");
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
  return { info: page.info, columns, texts: new ServedTexts(page, columns) };
};
