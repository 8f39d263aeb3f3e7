// The beginning: what this browser can do, where the address leads, which screens there are.

import { Caller, available, keepSubscribed, openStore, refresh } from "./core/index.js";
import { App } from "./app.js";
import { canBeWoken } from "./activation.js";
import { Install } from "./install.js";
import { lead } from "./route.js";
import { beginShell, keepWords } from "./shell.js";
import { watch } from "./watch.js";
import { LANGUAGES, Words, languageFor } from "./words.js";
import { account } from "./views/account.js";
import { bio } from "./views/bio.js";
import { changeThePin } from "./views/change-pin.js";
import { check } from "./views/check.js";
import { code } from "./views/code.js";
import { consent } from "./views/consent.js";
import { done } from "./views/done.js";
import { finish } from "./views/finish.js";
import { handoff } from "./views/handoff.js";
import { home } from "./views/home.js";
import { manage } from "./views/manage.js";
import { message } from "./views/message.js";
import { notify } from "./views/notify.js";
import { opening } from "./views/opening.js";
import { pin } from "./views/pin.js";
import { problem } from "./views/problem.js";
import { remove } from "./views/remove.js";
import { report } from "./views/report.js";
import { request } from "./views/request.js";
import { scan } from "./views/scan.js";
import { settings } from "./views/settings.js";
import { unable } from "./views/unable.js";

/** @typedef {import("./core/types.js").Store} Store */

/** Every screen by its name. @type {Record<string, import("./app.js").View>} */
const VIEWS = {
  account,
  bio,
  "change-pin": changeThePin,
  check,
  code,
  consent,
  done,
  finish,
  handoff,
  home,
  manage,
  message,
  notify,
  opening,
  pin,
  problem,
  remove,
  report,
  request,
  scan,
  settings,
  unable,
};

const LANGUAGE = "doorward-language";

/** Kept where the app's own storage cannot be had either. */
const chosenLanguage = () => {
  try {
    return localStorage.getItem(LANGUAGE);
  } catch {
    return null;
  }
};

/** @param {string} tag */
async function speak(tag) {
  try {
    localStorage.setItem(LANGUAGE, tag);
  } catch {
    // It is spoken all the same, till the app is closed.
  }
  return loadWords(LANGUAGES.find((language) => language.tag === tag) ?? LANGUAGES[0]);
}

/** @param {import("./words.js").Language} language */
async function loadWords(language) {
  const words = await Words.load(language);
  keepWords(words);
  return words;
}

/** What is missing here, if anything. @returns {Promise<{store: Store}|{reason: "insecure"|"crypto"|"store"}>} */
async function abilities() {
  if (!isSecureContext) return { reason: "insecure" };
  if (!globalThis.crypto?.subtle || !globalThis.WebAssembly) return { reason: "crypto" };
  if (!globalThis.indexedDB) return { reason: "store" };
  try {
    return { store: await openStore() };
  } catch (error) {
    console.error(error);
    return { reason: "store" };
  }
}

async function begin() {
  const address = new URL(location.href);
  const install = new Install();
  const words = await loadWords(languageFor(chosenLanguage(), navigator.languages));
  const able = await abilities();
  const store = "store" in able ? able.store : /** @type {Store} */ ({});
  const caller = new Caller({ origin: location.origin, store });
  const app = new App({ words, store, caller, install, views: VIEWS, speak });
  if ("reason" in able) return app.step("unable", { reason: able.reason });
  app.biometric = await available();
  await app.loadAccounts();
  app.registration = await beginShell(app);
  await lead(app, address);
  watch(app);
  await refreshAccounts(app);
  addEventListener("hashchange", () => lead(app, new URL(location.href)));
  addEventListener("online", () => app.at.name === "home" && app.again());
  addEventListener("offline", () => app.at.name === "home" && app.again());
  return undefined;
}

/** What the gateway has to say of the accounts, and what push services have forgotten. @param {App} app */
async function refreshAccounts(app) {
  const { registration } = app;
  const standing = () => JSON.stringify(app.accounts.map(({ state, issuer, account }) => [state, issuer, account]));
  const before = standing();
  const looks = app.accounts.map(async (each) => {
    await refresh(app.caller, each);
    return each;
  });
  const looked = await Promise.allSettled(looks);
  const known = looked.flatMap((look) => (look.status === "fulfilled" ? [look.value] : []));
  if (registration && canBeWoken()) await keepSubscribed(app.caller, known, registration);
  if (app.at.name === "home" && standing() !== before) await app.again();
}

begin();
