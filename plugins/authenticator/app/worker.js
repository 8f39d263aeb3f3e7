// The service worker, once it is at work: without it there are no notifications.

/** So long it may take to be set up, in milliseconds. */
const PATIENCE = 8000;

/** @returns {Promise<ServiceWorkerRegistration|null>} */
export function activeWorker() {
  if (!("serviceWorker" in navigator)) return Promise.resolve(null);
  /** @type {Promise<null>} */
  const never = new Promise((give) => setTimeout(() => give(null), PATIENCE));
  return Promise.race([navigator.serviceWorker.ready, never]);
}

/**
 * Takes the notification of a request from the screen, where it would stay until somebody dismisses it.
 * @param {ServiceWorkerRegistration|null} registration @param {string} push
 */
export async function putAway(registration, push) {
  const shown = await registration?.getNotifications({ tag: push }).catch(() => []);
  for (const notification of shown ?? []) notification.close();
}
