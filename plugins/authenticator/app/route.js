// Where an address leads: an activation, a request, or home.

import { describe, handoff, readLink, resume } from "./core/index.js";
import { claim } from "./activation.js";
import { needsInstalling } from "./install.js";
import { showProblem } from "./problems.js";
import { lookOnce } from "./watch.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./core/types.js").Ticket} Ticket */

/** Under this name the tickets that were begun with are kept, the newest last. */
const BEGUN = "begun";
const REMEMBERED = 8;

/** @param {App} app @param {URL} address @returns {Promise<unknown>} */
export async function lead(app, address) {
  const reading = readLink(address.href, app.caller.origin);
  if (reading.kind === "ticket") return activate(app, reading.ticket, address.hash !== "");
  if (reading.kind === "refused" && address.hash.length > 1) return refusedLink(app, reading.reason);
  const push = address.searchParams.get("push");
  return push ? toRequest(app, push) : goOn(app);
}

/**
 * A link, or the start address of an app that was put on the home screen.
 * @param {App} app @param {Ticket} ticket @param {boolean} fresh it has not been exchanged for another
 */
async function activate(app, ticket, fresh) {
  const device = describe(navigator, (query) => matchMedia(query));
  if (needsInstalling(device)) return fresh ? handOver(app, ticket) : app.step("handoff", { ticket });
  const begun = (await app.store.meta(BEGUN)) ?? [];
  // A start address stays the same for ever: what it has begun once is not begun again.
  if (!fresh && (app.account(ticket.id) || begun.includes(ticket.t))) return goOn(app);
  await app.store.setMeta(BEGUN, [...begun.slice(1 - REMEMBERED), ticket.t]);
  return claim(app, { ticket }, { start: !fresh });
}

/** @param {App} app @param {Ticket} ticket @returns {Promise<void>} */
async function handOver(app, ticket) {
  try {
    const other = await handoff(app.caller, ticket);
    await app.step("handoff", { ticket: other });
  } catch (error) {
    await showProblem(app, error, { where: "activate", retry: () => handOver(app, ticket) });
  }
}

/** @param {App} app @param {string} reason */
const refusedLink = (app, reason) => showProblem(app, { code: `link-${reason}` }, { where: "activate" });

/** An activation that was interrupted, or home. @param {App} app @returns {Promise<void>} */
async function goOn(app) {
  try {
    app.activation = await resume(app.caller);
  } catch (error) {
    return showProblem(app, error, { where: "activate", retry: () => goOn(app) });
  }
  if (app.activation) return app.step(app.activation.finishing ? "finish" : "consent");
  await app.lookForLost();
  return app.step("home");
}

/** A notification was tapped. @param {App} app @param {string} push @returns {Promise<void>} */
export async function toRequest(app, push) {
  const reached = await lookOnce(app, { every: true });
  for (const [id, requests] of app.requests) {
    if (requests.some((each) => each.id === push)) return app.step("request", { account: id, request: push });
  }
  if (!reached) return showProblem(app, { code: "offline" }, { where: "account", retry: () => toRequest(app, push) });
  return app.step("request", { account: "", request: push });
}
