// Notes on runs: fields of the list, each written down a moment after the last letter.

const WAIT = 500;

/** @type {(field: HTMLInputElement) => void} */
const noting = (field) => {
  const said = /** @type {HTMLElement} */ (field.nextElementSibling);
  let timer = 0;
  const write = async () => {
    clearTimeout(timer);
    const note = field.value;
    if (note === field.defaultValue) return;
    try {
      await tell("notes", { run: field.dataset.run, note });
      field.defaultValue = note;
      said.textContent = said.dataset.saved ?? "";
      field.dataset.state = "saved";
    } catch (error) {
      said.textContent = `${said.dataset.failed} ${error instanceof Error ? error.message : error}`;
      field.dataset.state = "failed";
    }
  };
  field.readOnly = false;
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(write, WAIT); });
  field.addEventListener("change", write);
  // Enter is for the note, and not for the button of the form.
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); write(); } });
};

document.querySelectorAll("input[data-run]").forEach((node) => noting(/** @type {HTMLInputElement} */ (node)));
