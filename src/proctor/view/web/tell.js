// What a page writes down on the server: flags and notes.

/**
 * Write something down; an error with the server's sentence where it refuses.
 * @type {(route: string, value: object) => Promise<void>}
 */
const tell = async (route, value) => {
  // No form and no page of another site can send this header.
  const headers = { "Content-Type": "application/json", "X-Proctor-View": "1" };
  const answer = await fetch(`/api/${route}`, { method: "POST", headers, body: JSON.stringify(value) });
  if (answer.ok) return;
  const found = await answer.json();
  throw new Error([found.error, found.hint].filter(Boolean).join(" "));
};
