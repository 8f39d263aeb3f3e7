/**
 * The core of the authenticator: keys, calls, passcodes; no page and nothing of one. All of it speaks by a
 * {@link Caller}:
 *
 *     const store = await openStore();              // CoreError "no_store" where the browser keeps nothing
 *     const caller = new Caller({ origin: location.origin, store });
 *
 * What goes wrong is a {@link CoreError} `{code, detail}`; what the gateway refuses, a {@link CallError} `{status,
 * code, detail}`, whose codes are PROTOCOL.md's and "offline" and "aborted". Functions that change an account change
 * the object that they are given and the store alike. A seed (Bytes) that was opened is the caller's to wipe:
 * `wipe(seed)`.
 *
 * Store
 *   openStore(factory?: IDBFactory): Promise<Store>     accounts(), account(id), put, update, remove, meta, setMeta
 *
 * Activation
 *   readLink(text, origin): Reading                     {kind: "ticket", ticket} | {kind: "code", code} | {kind:
 *                                                       "refused", reason: "other_origin"|"other_version"|
 *                                                       "incomplete"|"no_code"}; takes the QR's URL, `/a/?i=…&t=…`
 *                                                       and a typed code
 *   readCode(text): string|null                         twelve characters, as they are sent
 *   begin(caller, {ticket | user, code, device}): Promise<Activation>
 *   resume(caller): Promise<Activation|null>            after a reload; asks the gateway again
 *   handoff(caller, {id, t}): Promise<Ticket>           the ticket for the installed app's start address
 *   class Activation
 *     .account: Account                                 issuer, account, serial, portal, template, push
 *     .check: string, .expires: number
 *     .finishing: boolean                               `finish` went out unanswered before a reload
 *     .status(): Promise<{state: "claimed"|"confirmed"|"failed"|"active", reason?: string}>   every two seconds
 *     .finish({pin?, bio?, subscription?, pushWanted}): Promise<Account>
 *     .finish()                                         again, after "offline": the same call goes out
 *     .abandon(): Promise<void>
 *
 * PIN
 *   checkPin(policy, pin): PinFault[]                   every rule that is broken, in the order of rules.json
 *   pinRules(policy): PinFault[]                        the rules that are in force: for the list before typing
 *   unlockWithPin(caller, account, pin): Promise<Bytes> CoreError "wrong_pin" with detail.attempts_left;
 *                                                       CallError "locked"
 *   changePin(caller, account, oldPin, newPin): Promise<void>
 *   opened(account): boolean                            no PIN is asked for
 *   openWithout(account): Promise<Bytes>                the seed, where no PIN is asked for
 *
 * Fingerprint or face
 *   available(scope?): Promise<boolean>
 *   registerBio(caller, account, credentials?): Promise<BioRegistration>
 *                                                       for finish({bio}); call it in a user's gesture, once the
 *                                                       activation is confirmed; CoreError "cancelled"
 *   unlockWithBio(caller, account, credentials?): Promise<Bytes>
 *                                                       CoreError "cancelled" where the user turned away
 *
 * Passcodes
 *   nextPasscode(caller, account, seed, {challenge?, now?}): Promise<{passcode, validUntil: seconds|null}>
 *
 * Requests
 *   makeSubscription(registration, vapid): Promise<SubscriptionKeys>
 *                                                       for finish({subscription}); CoreError "denied",
 *                                                       "unsupported" or "unavailable"
 *   subscribe(caller, account, registration): Promise<void>
 *                                                       switches requests on; without a push service they are shown
 *                                                       while the app is open
 *   unsubscribe(caller, account): Promise<void>
 *   keepSubscribed(caller, accounts, registration): Promise<void>
 *                                                       at each start: tells the gateway what changed
 *   pending(caller, account, wait, signal?): Promise<PushRequest[]>
 *   answer(caller, account, request, decision, number?, seed?): Promise<PushResult>
 *
 * The account
 *   refresh(caller, account): Promise<{attemptsLeft: number|null}>
 *                                                       state, names, push and clock as the gateway has them
 *   release(caller, account, seed?): Promise<void>      removes it here; with the seed it is revoked there, without it may
 *                                                       be suspended
 *   here(caller): Promise<Known[]>                      what this browser once had
 *
 * The device
 *   describe(navigator, matchMedia, {push?, biometric?}): Device
 *   decode(imageData): Promise<string|null>             a QR code in a picture
 */

export { CallError, Caller } from "./call.js";
export { CoreError } from "./error.js";
export { openStore, memoryStore } from "./store.js";
export { Activation, begin, handoff, resume } from "./activate.js";
export { readCode, readLink } from "./link.js";
export { changePin, checkPin, opened, openWithout, pinRules, unlockWithPin } from "./pin.js";
export { available, registerBio, unlockWithBio } from "./bio.js";
export { nextPasscode } from "./otp.js";
export { answer, keepSubscribed, makeSubscription, pending, subscribe, unsubscribe } from "./push.js";
export { here, refresh, release } from "./account.js";
export { describe } from "./device.js";
export { decode } from "./scan.js";
export { wipe } from "./bytes.js";
