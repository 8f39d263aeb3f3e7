// Passkeys: asks the browser when the button is pressed, and sends what it answers. Nothing here decides anything.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** What the browser takes, of the JSON that we were given: by its own hand where it has one. */
function publicKey(what, options) {
  const own = what === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  if (PublicKeyCredential[own]) return PublicKeyCredential[own](options);
  const named = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = named(options.allowCredentials);
  return read;
}

/** What is sent of the browser's answer: as it writes it itself, where it does. */
function written(credential) {
  if (credential.toJSON) return JSON.stringify(credential.toJSON());
  const { id, type, response } = credential;
  const sent = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    sent.authenticatorData = text(response.getAuthenticatorData());
    sent.publicKey = text(response.getPublicKey());
    sent.publicKeyAlgorithm = response.getPublicKeyAlgorithm();
  } else {
    sent.authenticatorData = text(response.authenticatorData);
    sent.signature = text(response.signature);
    if (response.userHandle) sent.userHandle = text(response.userHandle);
  }
  return JSON.stringify({ id, type, response: sent });
}

for (const place of document.querySelectorAll("[data-passkey]")) {
  const form = place.closest("form");
  const said = form.querySelector("[data-passkey-said]");
  const button = place.querySelector("button");
  if (!window.PublicKeyCredential) {
    said.textContent = said.dataset.none;
    continue;
  }
  place.hidden = false;
  button.addEventListener("click", async () => {
    said.textContent = "";
    button.disabled = true;
    try {
      const what = place.dataset.passkey;
      const options = publicKey(what, JSON.parse(place.dataset.options));
      const credential = await navigator.credentials[what]({ publicKey: options });
      form.elements.answer.value = written(credential);
      form.requestSubmit();
    } catch (error) {
      said.textContent = error.name === "InvalidStateError" ? said.dataset.known : said.dataset.failed;
    }
    button.disabled = false;
  });
}
