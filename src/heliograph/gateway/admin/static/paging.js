// The newest rows of a long record, and a button for those before.

import { get } from "./api.js";
import { make, toast } from "./dom.js";

const PASSES_MAX = 25;
const ROWS = 50;

// A page may come back short where what is looked for is rare: go on until there is some.
export async function page(path, asked, before) {
  const rows = [];
  let next = before;
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const found = await get(path, { ...asked, before: next, limit: ROWS - rows.length });
    rows.push(...found.data);
    next = found.next;
    if (next === null || rows.length >= ROWS) break;
  }
  return { rows, next };
}

export function older(show) {
  const button = make("button", { type: "button", on: {
    click: async () => {
      button.disabled = true;
      try {
        await show();
      } catch (error) {
        toast(error.message);
        button.disabled = false;
      }
    },
  } }, "Older");
  return button;
}
