// Flags that a reader puts on questions: kept in the browser, given out as lines of JSON.

const FLAGS = ["bad_key", "unclear", "duplicate", "other"];

class Flags {
  constructor() {
    /** @type {Record<string, Flag>} */
    this.found = this.load();
  }

  /** @returns {Record<string, Flag>} */
  load() {
    try { return JSON.parse(kept.get("proctor-flags") || "{}"); } catch { return {}; }
  }

  /**
   * Keep a change; `one.flag` is null where a flag was taken away.
   * @param {string} key
   * @param {Omit<Flag, "flag"> & { flag: string | null }} one
   */
  async keep(key, one) {
    if (one.flag) this.found[key] = { ...one, flag: one.flag };
    else delete this.found[key];
    kept.set("proctor-flags", JSON.stringify(this.found));
  }

  /**
   * @param {Columns} columns
   * @param {number} i
   */
  key(columns, i) {
    return `${columns.tasks[columns.task[i]].name}/${columns.hash(i) || columns.id[i]}`;
  }

  /**
   * @param {Columns} columns
   * @param {number} i
   * @returns {Flag | undefined}
   */
  of(columns, i) {
    return this.found[this.key(columns, i)];
  }

  /**
   * @param {Columns} columns
   * @param {number} i
   * @param {string | null} flag
   * @param {string} note
   * @param {string | null} hash
   */
  set(columns, i, flag, note, hash) {
    const one = { task: columns.tasks[columns.task[i]].name, doc_id: columns.id[i], doc_hash: hash, flag, note: note || "" };
    return this.keep(this.key(columns, i), one);
  }

  /** @param {Columns} columns */
  count(columns) {
    const names = new Set(columns.tasks.map((task) => task.name));
    return Object.values(this.found).filter((one) => names.has(one.task)).length;
  }

  /** @param {Columns} columns */
  lines(columns) {
    const names = new Set(columns.tasks.map((task) => task.name));
    return Object.values(this.found).filter((one) => names.has(one.task)).map((one) => `${JSON.stringify(one)}\n`).join("");
  }
}
