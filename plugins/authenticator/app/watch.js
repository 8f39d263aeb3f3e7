// Waits for requests while the app is seen: one call for each account, held back by the gateway until there is
// something.

import { pending } from "./core/index.js";
import { codeOf } from "./problems.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./core/types.js").Account} Account */

/** So long the gateway may hold back its answer, in seconds. */
const HELD = 25;

/** A browser has few connections to one server: so many accounts keep one waiting, the others ask now and then. */
const HELD_AT_MOST = 3;
const NOW_AND_THEN = 10_000;

/** After a failure one waits, from so long to so long, in milliseconds. */
const PATIENCE = { first: 4_000, longest: 60_000 };

/** After these the account can be asked nothing any more. */
const ENDS = new Set(["locked", "suspended", "gone", "not_found"]);

/** @param {Account} account */
const asked = (account) => account.state === "active" && account.push.enabled && account.push.wanted;

/** @param {App} app */
export function watch(app) {
  /** @type {Map<string, AbortController>} */
  const watched = new Map();

  const begin = () => {
    if (document.hidden) return;
    for (const account of app.accounts.filter(asked)) {
      if (watched.has(account.id)) continue;
      const controller = new AbortController();
      watched.set(account.id, controller);
      const ended = () => watched.get(account.id) === controller && watched.delete(account.id);
      follow(app, account, controller.signal).finally(ended);
    }
  };
  const end = () => {
    for (const controller of watched.values()) controller.abort();
    watched.clear();
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? end() : begin()));
  addEventListener("online", begin);
  addEventListener("pagehide", end);
  addEventListener("pageshow", begin);
  setInterval(begin, 2_000); // accounts come and go
  setInterval(() => app.requestsChanged(), 1_000); // and requests run out
  begin();
}

/** @param {App} app @param {Account} account @param {AbortSignal} signal */
async function follow(app, account, signal) {
  let patience = PATIENCE.first;
  let wait = 0; // what is there already is shown at once
  while (!signal.aborted) {
    try {
      const found = await pending(app.caller, account, wait, signal);
      patience = PATIENCE.first;
      keep(app, account, found);
      wait = isHeld(app, account) ? HELD : 0;
      if (found.length > 0)
        await pause(2_000, signal); // it is answered at once as long as something waits
      else if (wait === 0) await pause(NOW_AND_THEN, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (ENDS.has(codeOf(error))) return ended(app);
      await pause(patience, signal);
      patience = Math.min(patience * 2, PATIENCE.longest);
    }
    const now = app.account(account.id);
    if (!now || !asked(now)) return;
  }
}

/** @param {App} app @param {Account} account */
function isHeld(app, account) {
  const first = app.accounts.filter(asked).slice(0, HELD_AT_MOST);
  return first.some(({ id }) => id === account.id);
}

/** The account is another one now; where it is listed it has to say so. @param {App} app */
async function ended(app) {
  await app.loadAccounts();
  if (app.at.name === "home") await app.again();
}

/** @param {App} app @param {Account} account @param {import("./core/types.js").PushRequest[]} found */
function keep(app, account, found) {
  app.requests.set(account.id, found);
  app.requestsChanged();
}

/**
 * Looks once, at the accounts that are asked, or at every one that is in use. Tells whether it is known now what there
 * is.
 * @param {App} app @param {{every?: boolean}} [about]
 */
export async function lookOnce(app, { every = false } = {}) {
  const accounts = app.accounts.filter((account) => (every ? account.state === "active" : asked(account)));
  const looks = accounts.map(async (account) => keep(app, account, await pending(app.caller, account, 0)));
  const looked = await Promise.allSettled(looks);
  return looked.length === 0 || looked.some(({ status }) => status === "fulfilled");
}

/** @param {number} milliseconds @param {AbortSignal} signal @returns {Promise<void>} */
function pause(milliseconds, signal) {
  return new Promise((wake) => {
    const timer = setTimeout(wake, milliseconds);
    const cut = () => (clearTimeout(timer), wake());
    signal.addEventListener("abort", cut, { once: true });
  });
}
