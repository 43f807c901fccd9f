// What the page carries: columns of numbers over one buffer, texts in blocks that are unpacked when they are wanted.

const STATES = ["wrong", "right", "partly", "unread", "unfinished", "failed", "plain", "absent"];
const SYMBOLS = ["✗", "✓", "◐", "?", "…", "!", "·", "–"];
const [WRONG, RIGHT, PARTLY, UNREAD, UNFINISHED, FAILED, PLAIN, ABSENT] = [0, 1, 2, 3, 4, 5, 6, 7];
const NONE = 255;
const [FINE, COARSE, TURN] = [0.05, 0.2, 60];

/**
 * Nats that a step stands for.
 * @type {(step: number) => number}
 */
const nats = (step) => (step < TURN ? FINE * step : FINE * TURN + COARSE * (step - TURN));

/** Of each step, its weight beside the likeliest option. */
const WEIGHTS = Float64Array.from({ length: 256 }, (_, step) => (step === NONE ? 0 : Math.exp(-nats(step))));

/**
 * The text of a data element, or null.
 * @type {(name: string) => string | null}
 */
const carried = (name) => {
  const node = document.getElementById("d-" + name);
  return node ? node.textContent : null;
};

/**
 * The number of a letter: from "#" to "~", without "<".
 * @type {(code: number) => number}
 */
const digit = (code) => code - (code > 60 ? 36 : 35);

/**
 * Letters of raw deflate to bytes: two letters are 13 bits, a last one is 6.
 * @type {(text: string) => Promise<ArrayBuffer>}
 */
const unpack = async (text) => {
  const bytes = new Uint8Array(Math.floor((13 * Math.floor(text.length / 2) + 6 * (text.length % 2)) / 8));
  let [value, bits, at] = [0, 0, 0];
  for (let i = 0; i < text.length; i += 2) {
    value |= (digit(text.charCodeAt(i)) + (i + 1 < text.length ? 91 * digit(text.charCodeAt(i + 1)) : 0)) << bits;
    // What is written beyond the end is nothing.
    for (bits += 13; bits > 7; bits -= 8) {
      bytes[at] = value & 255;
      value >>>= 8;
      at += 1;
    }
  }
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
};

/** @type {(name: string) => Promise<any>} */
const unpackJson = async (name) => {
  const text = carried(name);
  return text === null ? null : JSON.parse(new TextDecoder().decode(await unpack(text)));
};

/** @type {(place: number) => string} */
const letterOf = (place) => (place === NONE ? "–" : place < 26 ? String.fromCharCode(65 + place) : String(place + 1));

/** Every question as numbers; `i` is its place among all. */
class Columns {
  /**
   * @param {Info} info
   * @param {ArrayBufferLike} buffer
   */
  constructor(info, buffer) {
    const layout = info.columns;
    this.n = info.tasks.reduce((sum, task) => sum + task.n, 0);
    this.tasks = info.tasks;
    this.runs = info.runs.length;
    this.task = new Uint16Array(this.n);
    this.id = new Int32Array(this.n);
    /** @type {number[]} */
    this.starts = [];
    const steps = new Int32Array(buffer, layout.id, this.n);
    let at = 0;
    info.tasks.forEach((task, number) => {
      this.starts.push(at);
      let last = 0;
      for (let i = at; i < at + task.n; i += 1) {
        last += steps[i];
        this.id[i] = last;
        this.task[i] = number;
      }
      at += task.n;
    });
    this.hashes = new Uint8Array(buffer, layout.hash, 3 * this.n);
    this.gold = new Uint8Array(buffer, layout.gold, this.n);
    this.golds = layout.golds;
    this.k = new Uint8Array(buffer, layout.k, this.n);
    this.by = layout.by === undefined ? null : new Uint16Array(buffer, layout.by, this.n);
    this.groups = layout.groups;
    this.offset = new Uint32Array(this.n);
    for (let i = 1; i < this.n; i += 1) this.offset[i] = this.offset[i - 1] + this.k[i - 1];
    /** @type {RunColumns[]} */
    this.of = [];
    for (const run of layout.runs) this.of.push(this.decode(buffer, run));
    this.metrics = layout.metrics;
    this.buffer = buffer;
    /** @type {(RunNumbers | null)[]} */
    this.derived = this.of.map(() => null);
  }

  /**
   * Picks are stored by their distance from the likeliest option, states by what differs from "the pick is right".
   * @param {ArrayBufferLike} buffer
   * @param {RunLayout} run
   * @returns {RunColumns}
   */
  decode(buffer, run) {
    const state = new Uint8Array(buffer, run.state, this.n).slice();
    const picked = new Uint8Array(buffer, run.picked, this.n).slice();
    const best = new Uint8Array(buffer, run.best, this.n).slice();
    const steps = this.decodeSteps(buffer, run, best);
    for (let i = 0; i < this.n; i += 1) {
      let likeliest = NONE;
      if (best[i] !== NONE) {
        // What differs from where nothing but an option is written.
        let weight = 0;
        for (let j = this.k[i] - 1; j >= 0; j -= 1) weight += WEIGHTS[steps[this.offset[i] + j]];
        best[i] = (best[i] + Math.floor(0.5 + 16 * Math.log2(1 + Math.log(weight)))) % NONE;
      }
      for (let j = this.k[i] - 1; j >= 0; j -= 1) if (steps[this.offset[i] + j] === 0) likeliest = j;
      picked[i] += likeliest;
      state[i] ^= this.rightOptions(i).includes(picked[i]) ? 1 : 0;
    }
    return { state, picked, steps, best };
  }

  /**
   * The likeliest option is stored by its rank in an earlier run, the steps of the others are sorted by how far that run
   * has the same options apart; the first run has instead of an earlier one that right options are likelier.
   * @param {ArrayBufferLike} buffer
   * @param {RunLayout} run
   * @param {Uint8Array} best
   */
  decodeSteps(buffer, run, best) {
    const total = this.n ? this.offset[this.n - 1] + this.k[this.n - 1] : 0;
    const steps = new Uint8Array(total).fill(NONE);
    const before = run.like === undefined ? this.rightness(total) : this.of[run.like].steps;
    const [ranks, stored] = [new Uint8Array(buffer, run.ranks, this.n), new Uint8Array(buffer, run.steps)];
    const [places, keys, starts] = [new Uint32Array(total), new Uint16Array(total), new Uint32Array(2 * NONE + 2)];
    let count = 0;
    for (let i = 0; i < this.n; i += 1) {
      if (best[i] === NONE) continue;
      const [start, end] = [this.offset[i], this.offset[i] + this.k[i]];
      const top = ranks[i] === NONE ? -1 : this.ranked(before, start, end, ranks[i]);
      if (top >= 0) steps[top] = 0;
      for (let at = start; at < end; at += 1) {
        if (at === top) continue;
        keys[count] = before[at] - (top >= 0 ? before[top] : 0) + NONE;
        starts[keys[count] + 1] += 1;
        places[count] = at;
        count += 1;
      }
    }
    for (let key = 1; key < starts.length; key += 1) starts[key] += starts[key - 1];
    for (let one = 0; one < count; one += 1) {
      steps[places[one]] = stored[starts[keys[one]]] + (run.beyond ? keys[one] - NONE : 0);
      starts[keys[one]] += 1;
    }
    return steps;
  }

  /**
   * Of each option 0 where it is right, else 1.
   * @param {number} total
   */
  rightness(total) {
    const found = new Uint8Array(total).fill(1);
    for (let i = 0; i < this.n; i += 1) for (const option of this.rightOptions(i)) if (option < this.k[i]) found[this.offset[i] + option] = 0;
    return found;
  }

  /**
   * Where the value of a rank is between `start` and `end`; of equal values the first is the smaller.
   * @param {Uint8Array} values
   * @param {number} start
   * @param {number} end
   * @param {number} rank
   */
  ranked(values, start, end, rank) {
    return Array.from({ length: end - start }, (_, j) => start + j).sort((a, b) => values[a] - values[b])[rank];
  }

  /** @param {number} i */
  hash(i) {
    const digits = [...this.hashes.subarray(3 * i, 3 * i + 3)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return digits === "000000" ? "" : digits;
  }

  /** @param {number} i */
  rightOptions(i) {
    if (this.golds[i]) return this.golds[i];
    return this.gold[i] === NONE ? [] : [this.gold[i]];
  }

  /**
   * Probabilities among the options; empty where they are not known.
   * @param {number} run
   * @param {number} i
   * @returns {number[]}
   */
  p(run, i) {
    const { steps, best } = this.of[run];
    if (best[i] === NONE) return [];
    const weights = [];
    for (let j = 0; j < this.k[i]; j += 1) {
      weights.push(WEIGHTS[steps[this.offset[i] + j]]);
    }
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return total ? weights.map((weight) => weight / total) : [];
  }

  /**
   * About the log-likelihood of an option.
   * @param {number} run
   * @param {number} i
   * @param {number} option
   */
  loglikelihood(run, i, option) {
    const { steps, best } = this.of[run];
    const step = steps[this.offset[i] + option];
    return best[i] === NONE || step === NONE ? null : 1 - 2 ** (best[i] / 16) - nats(step);
  }

  /**
   * Of a run, by question: the probability of what was picked, of what is right, and the lead of the likeliest.
   * @param {number} run
   * @returns {RunNumbers}
   */
  numbers(run) {
    if (this.derived[run]) return this.derived[run];
    const [picked, gold, margin] = [new Float32Array(this.n), new Float32Array(this.n), new Float32Array(this.n)];
    const { steps, best, picked: choices } = this.of[run];
    for (let i = 0; i < this.n; i += 1) {
      let [total, first, second] = [0, 0, 0];
      const [start, end] = [this.offset[i], this.offset[i] + this.k[i]];
      for (let j = start; j < end; j += 1) {
        const weight = WEIGHTS[steps[j]];
        total += weight;
        if (weight > first) [first, second] = [weight, first];
        else if (weight > second) second = weight;
      }
      const known = best[i] !== NONE && total > 0;
      const options = known && this.gold[i] !== NONE ? this.rightOptions(i) : [];
      picked[i] = known && choices[i] < this.k[i] ? WEIGHTS[steps[start + choices[i]]] / total : NaN;
      gold[i] = options.length ? options.reduce((sum, option) => sum + (WEIGHTS[steps[start + option]] || 0), 0) / total : NaN;
      margin[i] = known && this.k[i] > 1 ? Math.log(first / Math.max(second, 1e-12)) : NaN;
    }
    this.derived[run] = { picked, gold, margin };
    return this.derived[run];
  }

  /**
   * The scores of a question in a run: `[{name, filter, value}]`.
   * @param {number} run
   * @param {number} i
   */
  scores(run, i) {
    const task = this.task[i];
    const place = i - this.starts[task];
    return this.metrics[task][run].map((metric) => {
      const state = this.of[run].state[i];
      const value = metric.c === undefined
        ? (state <= RIGHT ? state : state === UNREAD || state === UNFINISHED ? 0 : NaN)
        : new Float32Array(this.buffer, metric.c, this.tasks[task].n)[place];
      return { name: metric.n, filter: metric.f, value };
    });
  }

  /**
   * The place of a question by its address `task/17` or `task/@1f3a9c`; -1: there is none.
   * @param {string} address
   */
  find(address) {
    const slash = address.lastIndexOf("/");
    const number = this.tasks.findIndex((task) => task.name === address.slice(0, slash));
    if (number < 0) return -1;
    const [start, end] = [this.starts[number], this.starts[number] + this.tasks[number].n];
    const wanted = address.slice(slash + 1);
    for (let i = start; i < end; i += 1) {
      if (wanted.startsWith("@") ? this.hash(i).startsWith(wanted.slice(1)) && wanted.length > 4 : String(this.id[i]) === wanted)
        return i;
    }
    return -1;
  }

  /** @param {number} i */
  address(i) {
    return `${this.tasks[this.task[i]].name}/${this.id[i]}`;
  }
}

const MARK = "\u007f";
const REFERENCE = /\u007f([\s\S])/g;

/**
 * Texts of questions; a block is unpacked once.
 * @implements {TextSource}
 */
class Texts {
  /** @param {Info} info */
  constructor(info) {
    this.starts = info.blocks;
    this.runs = info.runs.length;
    /** @type {Map<number, TextBlock>} */
    this.blocks = new Map();
    /** @type {Map<number, Promise<TextBlock>>} */
    this.loading = new Map();
    /** @type {Record<number, string>[] | null} */
    this.heads = null;
    /** @type {string[][]} */
    this.folded = [];
  }

  /** @param {number} i */
  block(i) {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= i) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * @param {number} number
   * @returns {Promise<TextBlock>}
   */
  load(number) {
    const loading = this.loading.get(number) ?? this.read(number);
    this.loading.set(number, loading);
    return loading;
  }

  /** @param {number} number */
  async read(number) {
    const names = Array.from({ length: this.runs }, (_, run) => unpackJson(`run-${run}-${number}`));
    const [{ table, rows }, ...own] = await Promise.all([unpackJson(`texts-${number}`), ...names]);
    const block = { table, rows, own };
    this.blocks.set(number, block);
    return block;
  }

  /**
   * A question's texts if they are there: null while they are not, {} where the page has none.
   * @param {number} i
   * @returns {Found | null}
   */
  now(i) {
    if (!this.starts.length) return {};
    const number = this.block(i);
    const block = this.blocks.get(number);
    if (!block) return null;
    const place = i - this.starts[number];
    const [question, options, doc, prompt, target] = block.rows[place];
    if (question === 0) return {};
    const own = block.own.map((rows) => (rows ? rows[place] : 0));
    return { question, options: options || [], doc: block.table[doc], prompt: block.table[prompt] || null, target: target || null, own };
  }

  /** @param {number} i */
  async get(i) {
    if (this.starts.length) await this.load(this.block(i));
    return this.now(i);
  }

  /**
   * @param {string} text
   * @param {Found} found
   */
  resolve(text, found) {
    return text.replace(REFERENCE, (_, letter) => {
      if (letter === "!") return MARK;
      if (letter === "q") return found.question ?? "";
      if (letter === "r") return (found.question ?? "").slice(1, -1);
      return (found.options || [])[letter.charCodeAt(0) - 65] ?? "";
    });
  }

  /**
   * A document as JSON.
   * @param {Found} found
   */
  document(found) {
    const json = { question: JSON.stringify(found.question), options: (found.options || []).map((one) => JSON.stringify(one)) };
    return found.doc ? this.resolve(found.doc, json) : null;
  }

  /**
   * @param {number} task
   * @param {number} run
   * @returns {Promise<string>}
   */
  async head(task, run) {
    this.heads ??= (await unpackJson("heads")) || [];
    /** @type {Record<string, string>} */
    const heads = this.heads?.[task] || {};
    return heads[run] ?? heads[Object.keys(heads)[0]] ?? "";
  }

  /**
   * All texts, folded for the search; `progress(share)` is called on the way.
   * @param {(share: number) => void} progress
   */
  async all(progress) {
    for (let number = 0; number < this.starts.length; number += 1) {
      const { rows, own } = await this.load(number);
      if (!this.folded[number]) {
        this.folded[number] = rows.map((row, place) => {
          if (row[0] === 0) return "";
          const answers = own.map((mine) => (mine && mine[place] ? mine[place][0] || "" : ""));
          return fold([row[0], ...(row[1] || []), row[4] || "", ...answers].join("\n"));
        });
      }
      progress((number + 1) / this.starts.length);
    }
  }

  /**
   * What a view needs of the texts before its questions can be chosen.
   * @param {View} _
   * @param {(share: number) => void} progress
   */
  async prepare(_, progress) {
    await this.all(progress);
  }

  /** All texts that a table of these questions has. */
  async whole() {
    await this.all(() => {});
  }

  /**
   * Characters of each question, once texts are there.
   * @param {Columns} columns
   */
  lengths(columns) {
    return Float32Array.from({ length: columns.n }, (_, i) => (this.now(i)?.question ?? "").length);
  }

  /**
   * @param {number} i
   * @param {string[]} words
   */
  matches(i, words) {
    const number = this.block(i);
    const text = this.folded[number] ? this.folded[number][i - this.starts[number]] : "";
    return words.every((word) => text.includes(word));
  }
}

/**
 * What the page carries: null where it has no questions.
 * @type {() => (() => Promise<Source>) | null}
 */
const carriedSource = () => {
  return carried("info") === null ? null : async () => {
    const info = await unpackJson("info");
    return { info, columns: new Columns(info, await unpack(carried("columns") ?? "")), texts: new Texts(info) };
  };
};

/**
 * A document's JSON as it was hashed: two spaces deeper with each bracket; numbers stay as they are written.
 * @type {(text: string) => string}
 */
const indented = (text) => {
  let [out, depth, inString] = ["", 0, false];
  const line = () => `\n${"  ".repeat(depth)}`;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (inString) {
      out += letter;
      if (letter === "\\") out += text[(at += 1)];
      else if (letter === '"') inString = false;
    } else if (letter === '"') {
      inString = true;
      out += letter;
    } else if (letter === "{" || letter === "[") {
      const isEmpty = "}]".includes(text[at + 1]);
      depth += isEmpty ? 0 : 1;
      out += isEmpty ? letter + text[(at += 1)] : letter + line();
    } else if (letter === "}" || letter === "]") {
      depth -= 1;
      out += line() + letter;
    } else if (letter === ",") {
      out += `,${line()}`;
      if (text[at + 1] === " ") at += 1;
    } else out += letter;
  }
  return out;
};

/**
 * The whole SHA-256 of a document, where the page has it and the browser can; else null.
 * @type {(text: string, start: string) => Promise<string | null>}
 */
const documentHash = async (text, start) => {
  try {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(indented(text))));
    const digits = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return start && digits.startsWith(start) ? digits : null;
  } catch {
    return null;
  }
};

/** @type {(text: string) => string} */
const fold = (text) => text.normalize("NFC").toLowerCase();

/**
 * The words of a search: `"…"` is one word as it stands.
 * @type {(text: string) => string[]}
 */
const wordsOf = (text) => {
  const words = [];
  for (const match of text.matchAll(/"([^"]+)"?|(\S+)/g)) words.push(fold(match[1] ?? match[2]));
  return words;
};
