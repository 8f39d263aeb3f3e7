// The way through an activation: which step comes next, and what each of them leaves behind.

import { available, begin, describe, resume } from "./core/index.js";
import { freshSetup } from "./app.js";
import { el, p } from "./ui.js";
import { codeOf, showProblem } from "./problems.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./core/types.js").Claim} Claim */
/** @typedef {"consent"|"check"|"notify"|"pin"|"bio"|"finish"} Step */

/** Whether a push service may wake this device at all. */
export const canBeWoken = () =>
  "Notification" in globalThis && "PushManager" in globalThis && "serviceWorker" in navigator;

/** What this device is, as it tells the gateway. */
export async function thisDevice() {
  const abilities = { push: canBeWoken(), biometric: await available() };
  return describe(navigator, (query) => matchMedia(query), abilities);
}

/** The gateway's answers to a code that was used or is over. */
const USED = new Set(["already_used", "not_found", "expired", "gone"]);

/**
 * Shows the gateway what the QR code, the link or the user gave.
 * @param {App} app @param {Claim} claim
 * @param {{start?: boolean}} [about] it came with the start address of an installed app, which stays the same for ever
 */
export async function claim(app, claim, { start = false } = {}) {
  app.claim = { claim, start, shown: false };
  await app.step("opening");
}

/** Carries out what {@link claim} has kept. @param {App} app */
export async function open(app) {
  if (!app.claim) return app.step("home");
  const { claim, start, shown } = app.claim;
  app.claim.shown = true;
  app.setup = freshSetup();
  try {
    // Once it was shown with a key, it is asked for with that key again: another would end it.
    const kept = shown ? await resume(app.caller) : null;
    app.activation = kept ?? (await begin(app.caller, { ...claim, device: await thisDevice() }));
  } catch (error) {
    if (start && USED.has(codeOf(error)) && (await erased(app))) return app.step("home");
    return showProblem(app, error, { where: "activate", retry: () => app.step("opening") });
  }
  app.claim = null;
  return app.step("consent");
}

/** It was set up here once, and the browser has thrown it away. @param {App} app */
async function erased(app) {
  await app.lookForLost();
  return app.lost.length > 0;
}

/** The steps that this activation has here. @param {App} app @returns {Step[]} */
function steps(app) {
  const account = app.activation?.account;
  if (!account) return [];
  const { template, push } = account;
  const all = /** @type {[Step, boolean][]} */ ([
    ["consent", true],
    ["check", true],
    ["notify", push.enabled],
    ["pin", template.pin.type === "user_selected"],
    ["bio", template.biometric && app.biometric],
    ["finish", true],
  ]);
  return all.filter(([, there]) => there).map(([name]) => name);
}

/** On to what comes after a step. @param {App} app @param {Step} done */
export function next(app, done) {
  const all = steps(app);
  return app.step(all[all.indexOf(done) + 1] ?? "finish");
}

/** "Step 2 of 5". @param {App} app @param {Step} now */
export function progress(app, now) {
  const all = steps(app);
  const at = all.indexOf(now);
  const marks = all.map((_, index) => el("span", { class: index < at ? "done" : index === at ? "now" : null }));
  const words = p(app.t("progress", { step: at + 1, of: all.length }));
  return el("div", { class: "progress" }, words, el("div", { "aria-hidden": "true" }, ...marks));
}

/** Leaves it; the code is of no use any more where the gateway knows the device. @param {App} app */
export async function abandon(app) {
  const { activation } = app;
  app.activation = null;
  app.setup = freshSetup();
  await activation?.abandon();
  return app.step("home");
}
