// The service worker's side of the page: it keeps the app for when there is no network, and shows notifications.

import { toRequest } from "./route.js";
import { wordsUrl } from "./words.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./words.js").Words} Words */

/** What service workers are given; as it is named there. */
const SHELL = "doorward-shell";
const NOTIFICATION = "/a/notification.json";

/** The only script that is named by a string: the policy lets no other through. */
function scriptUrl() {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  if (!types) return "/a/sw.js";
  return types.createPolicy("doorward-sw", { createScriptURL: () => "/a/sw.js" }).createScriptURL("/a/sw.js");
}

/** @param {App} app @returns {Promise<ServiceWorkerRegistration|null>} */
export async function beginShell(app) {
  if (!("serviceWorker" in navigator)) return null;
  navigator.serviceWorker.addEventListener("message", (event) => {
    const push = event.data?.push;
    if (typeof push === "string") toRequest(app, push);
  });
  try {
    return await navigator.serviceWorker.register(scriptUrl(), { scope: "/a/", updateViaCache: "none" });
  } catch (error) {
    console.error(error); // no notifications, nothing without a network; all else works
    return null;
  }
}

/** The language that is spoken is spoken without a network and by notifications, too. @param {Words} words */
export async function keepWords(words) {
  if (!("caches" in globalThis)) return;
  const cache = await caches.open(SHELL).catch(() => null);
  const told = {
    title: words.t("app-name"),
    body: words.t("notification"),
    lang: words.language.tag,
    dir: words.language.dir,
  };
  await cache?.put(NOTIFICATION, new Response(JSON.stringify(told))).catch(() => {});
  await cache?.add(wordsUrl(words.language.tag)).catch(() => {});
}
