// The list while runs go on: fetched every two seconds, and only what has changed is replaced. So what somebody looks
// at stays where it is: the scroll position, the focus, ticks, and a note that is being written.

const SECONDS = 2;
const mainOf = (/** @type {Document} */ page) => /** @type {HTMLElement} */ (page.getElementById("main"));

/**
 * What tells a node from its neighbours, wherever it stands among them.
 * @type {(node: Node) => string}
 */
const keyOf = (node) => (node instanceof HTMLElement && (node.id || node.dataset.key)) || "";

/**
 * Make one node like another one, and leave alone what is alike already.
 * @type {(old: Node, now: Node) => void}
 */
const patch = (old, now) => {
  if (old.isEqualNode(now)) return;
  if (old.nodeName !== now.nodeName || keyOf(old) !== keyOf(now)) old.parentNode?.replaceChild(document.importNode(now, true), old);
  else if (!(old instanceof Element) || !(now instanceof Element)) old.nodeValue = now.nodeValue;
  else if (old instanceof HTMLInputElement) patchNote(old, /** @type {HTMLInputElement} */ (now));
  // What a script said stays as well.
  else if (old.getAttribute("role") !== "status") {
    for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    patchChildren(old, now);
  }
};

/**
 * A note that somebody wrote elsewhere; what is being written here stays.
 * @type {(old: HTMLInputElement, now: HTMLInputElement) => void}
 */
const patchNote = (old, now) => {
  const untouched = old.value === old.defaultValue && old !== document.activeElement;
  if (!old.dataset.run || !untouched || old.defaultValue === now.defaultValue) return;
  old.defaultValue = now.defaultValue;
  old.value = now.defaultValue;
};

/** @type {(old: Element, now: Element) => void} */
const patchChildren = (old, now) => {
  const wanted = [...now.childNodes];
  const keys = new Set(wanted.map(keyOf).filter(Boolean));
  for (const child of [...old.childNodes]) if (keyOf(child) && !keys.has(keyOf(child))) child.remove();
  const known = new Map([...old.childNodes].map((child) => [keyOf(child), child]));
  let place = old.firstChild;
  for (const child of wanted) {
    const key = keyOf(child);
    const there = key ? known.get(key) : place && !keyOf(place) ? place : undefined;
    // A node that is moved loses the focus: those in their order stay where they are.
    if (!there) old.insertBefore(document.importNode(child, true), place);
    else {
      known.delete(key);
      if (there !== place) old.insertBefore(there, place);
      place = there.nextSibling;
      patch(there, child);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
};

let tag = "";

const refresh = async () => {
  const answer = await fetch(`${location.pathname}${location.search}`, { cache: "no-store", headers: { "If-None-Match": tag } });
  if (answer.status !== 200) return;
  tag = answer.headers.get("ETag") ?? "";
  patch(mainOf(document), mainOf(new DOMParser().parseFromString(await answer.text(), "text/html")));
  document.querySelectorAll("input[data-run]:read-only").forEach((node) => noting(/** @type {HTMLInputElement} */ (node)));
};

const follow = async () => {
  // A server that is away may come back, and a page that nobody sees needs nothing.
  if (!document.hidden) await refresh().catch(() => {});
  setTimeout(follow, SECONDS * 1000);
};

setTimeout(follow, SECONDS * 1000);
