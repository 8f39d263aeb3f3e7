/** What the device keeps, in IndexedDB: its accounts, and a few single values. */

import { CoreError } from "./error.js";

/** @typedef {import("./types.js").Account} Account */
/** @typedef {import("./types.js").Store} Store */

const NAME = "doorward";
const VERSION = 1;
const ACCOUNTS = "accounts";
const META = "meta";

/**
 * @param {IDBFactory} [factory]
 * @returns {Promise<Store>}
 */
export async function openStore(factory = globalThis.indexedDB) {
  if (!factory) throw new CoreError("no_store");
  const open = async () => {
    try {
      return await openDatabase(factory);
    } catch (cause) {
      throw new CoreError("no_store", {}, cause);
    }
  };
  return storeOver(await open(), open);
}

/**
 * @param {IDBFactory} factory
 * @returns {Promise<IDBDatabase>}
 */
function openDatabase(factory) {
  return new Promise((resolve, reject) => {
    const request = factory.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(ACCOUNTS, { keyPath: "id" });
      request.result.createObjectStore(META);
    };
    request.onsuccess = () => {
      // A newer version in another tab may take over at once.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

/**
 * @param {IDBDatabase} opened
 * @param {() => Promise<IDBDatabase>} reopen
 * @returns {Store}
 */
function storeOver(opened, reopen) {
  let database = opened;

  /**
   * A number that is used again after a crash would be a copy's, so nothing written may be lost.
   * @param {string} where
   * @param {IDBTransactionMode} mode
   */
  const begin = async (where, mode) => {
    const strict = /** @type {IDBTransactionOptions} */ ({ durability: "strict" });
    try {
      return database.transaction(where, mode, strict);
    } catch {
      // Safari drops the connection of an app that slept for long.
      database = await reopen();
      return database.transaction(where, mode, strict);
    }
  };

  /**
   * One transaction; what `work` hands over is told once it is on disk.
   * @template T
   * @param {string} where
   * @param {IDBTransactionMode} mode
   * @param {(objects: IDBObjectStore, done: (value: T) => void) => void} work
   * @returns {Promise<T>}
   */
  const within = async (where, mode, work) => {
    const transaction = await begin(where, mode);
    /** @type {T} */
    let result;
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(result);
      transaction.onabort = () => reject(new CoreError("store_failed", {}, transaction.error));
      work(transaction.objectStore(where), (value) => { result = value; });
    });
  };

  /**
   * @param {string} where
   * @param {(objects: IDBObjectStore) => IDBRequest} ask
   */
  const read = (where, ask) => within(where, "readonly", (objects, done) => {
    const request = ask(objects);
    request.onsuccess = () => done(request.result);
  });

  /**
   * @param {string} where
   * @param {(objects: IDBObjectStore) => IDBRequest} write
   */
  const write = (where, write) => within(where, "readwrite", (objects, done) => {
    write(objects);
    done(undefined);
  });

  /**
   * @param {string} id
   * @param {(account: Account) => void} change
   * @returns {Promise<Account|undefined>}
   */
  const update = (id, change) => within(ACCOUNTS, "readwrite", (objects, done) => {
    const request = objects.get(id);
    request.onsuccess = () => {
      const account = request.result;
      if (!account) return;
      change(account);
      objects.put(account);
      done(account);
    };
  });

  return {
    accounts: async () => inUse(await read(ACCOUNTS, (objects) => objects.getAll())),
    account: (id) => read(ACCOUNTS, (objects) => objects.get(id)),
    put: (account) => write(ACCOUNTS, (objects) => objects.put(account)),
    update,
    raise: (id, field) => raiseBy(update, id, field),
    remove: (id) => write(ACCOUNTS, (objects) => objects.delete(id)),
    meta: (key) => read(META, (objects) => objects.get(key)),
    setMeta: (key, value) => write(META, (objects) => objects.put(value, key)),
    removeMeta: (key) => write(META, (objects) => objects.delete(key)),
    close: () => database.close(),
  };
}

/**
 * The same in memory, for tests.
 * @returns {Store}
 */
export function memoryStore() {
  /** @type {Map<string, Account>} */
  const accounts = new Map();
  /** @type {Map<string, unknown>} */
  const meta = new Map();

  /** @type {Store["update"]} */
  const update = async (id, change) => {
    const account = accounts.get(id);
    if (account) change(account);
    return copy(account);
  };

  return {
    accounts: async () => inUse([...accounts.values()].map(copy)),
    account: async (id) => copy(accounts.get(id)),
    put: async (account) => void accounts.set(account.id, copy(account)),
    update,
    raise: (id, field) => raiseBy(update, id, field),
    remove: async (id) => void accounts.delete(id),
    meta: async (key) => copy(meta.get(key)),
    setMeta: async (key, value) => void meta.set(key, copy(value)),
    removeMeta: async (key) => void meta.delete(key),
    close: () => {},
  };
}

/**
 * @param {Account[]} accounts
 * @returns {Account[]}
 */
const inUse = (accounts) =>
  accounts.filter((account) => account.state !== "pending").sort((one, other) => one.addedAt - other.addedAt);

/**
 * @param {Store["update"]} update
 * @param {string} id
 * @param {"sequence"|"counter"} field
 */
async function raiseBy(update, id, field) {
  const account = await update(id, (kept) => { kept[field] += 1; });
  if (!account) throw new CoreError("no_account");
  return account[field];
}

/**
 * A copy as a database makes it; keys cannot be changed, and are handed on as they are.
 * @template T
 * @param {T} value
 * @returns {T}
 */
function copy(value) {
  if (value instanceof Uint8Array) return /** @type {T} */ (value.slice());
  if (Array.isArray(value)) return /** @type {T} */ (value.map(copy));
  if (value === null || typeof value !== "object" || value instanceof CryptoKey) return value;
  const entries = Object.entries(value).map(([name, part]) => [name, copy(part)]);
  return /** @type {T} */ (Object.fromEntries(entries));
}
