/**
 * The shapes that the parts of the core hand each other. Types only; names with an underscore are as on the wire.
 *
 * @typedef {Uint8Array<ArrayBuffer>} Bytes
 *
 * @typedef {"charset"|"too_short"|"too_long"|"needs_upper"|"needs_lower"|"needs_digit"|"trivial"} PinFault
 *
 * @typedef {Object} PinPolicy
 * @property {"none"|"user_selected"|"server_side"} type
 * @property {number} min_length
 * @property {number} max_length
 * @property {boolean} allow_trivial
 * @property {"decimal"|"strong"} complexity
 * @property {number} max_attempts
 *
 * @typedef {"SHA1"|"SHA256"|"SHA512"} Algorithm
 *
 * @typedef {Object} Template What the token was issued with; frozen.
 * @property {"quick_log"|"challenge_response"} mode
 * @property {Algorithm} algorithm
 * @property {number} digits
 * @property {number|null} period
 * @property {boolean} event
 * @property {string|null} ocra
 * @property {PinPolicy} pin
 * @property {boolean} biometric
 *
 * @typedef {Object} Stretching Argon2id, as this account's PIN is stretched.
 * @property {number} iterations
 * @property {number} memory in KiB
 * @property {number} parallelism
 *
 * @typedef {Object} Wraps The seed's key, under each key that may open it; every wrap is sealed by `kStore` as well.
 * @property {Bytes} [store] where there is no PIN
 * @property {Bytes} [pin]
 * @property {Bytes} [next] the PIN that is being changed to, until the gateway is known to have it
 * @property {Bytes} [bio]
 *
 * @typedef {Object} PushSettings
 * @property {boolean} enabled the gateway sends requests
 * @property {boolean} wanted the user wants them
 * @property {boolean} subscribed a push service can wake this device
 * @property {string|null} vapid the gateway's key for push services
 * @property {string|null} endpoint what the gateway was told last
 *
 * @typedef {"pending"|"active"|"suspended"|"locked_pin"|"gone"|"unknown"} AccountState How it stood when the gateway
 *   said so last; `unknown` where it knows of no such token: it was given up, or its user is gone.
 *
 * @typedef {Object} Account
 * @property {string} id token id
 * @property {string} origin
 * @property {string} serial
 * @property {string} issuer
 * @property {string} account the user's name
 * @property {string} portal
 * @property {string|null} support
 * @property {Template} template
 * @property {{sign: CryptoKey}} keys not extractable
 * @property {CryptoKey} kStore not extractable
 * @property {Bytes} salt
 * @property {Wraps} wraps
 * @property {Bytes|null} sealedSeed
 * @property {Stretching} stretching
 * @property {number} counter the next one (passcodes by event)
 * @property {number} sequence the last one sent
 * @property {number} clockOffset seconds that the gateway's clock is ahead of this device's
 * @property {PushSettings} push
 * @property {{credential: string, prf: boolean}|null} bio
 * @property {number} addedAt seconds
 * @property {AccountState} state
 *
 * @typedef {Object} Device As it describes itself to the gateway.
 * @property {"ios"|"android"|"windows"|"macos"|"linux"|"other"} os
 * @property {"phone"|"tablet"|"desktop"} form
 * @property {string} name `iPhone, Safari`
 * @property {boolean} installed
 * @property {boolean} push
 * @property {boolean} biometric
 *
 * @typedef {Object} Ticket
 * @property {string} id
 * @property {string} t
 *
 * @typedef {{ticket: Ticket}|{user: string, code: string}} Claim What shows that the token may be activated here.
 *
 * @typedef {{kind: "ticket", ticket: Ticket}|{kind: "code", code: string}|{kind: "refused",
 *   reason: "other_origin"|"other_version"|"incomplete"|"no_code"}} Reading
 *
 * @typedef {Object} SubscriptionKeys
 * @property {string} endpoint
 * @property {string} p256dh
 * @property {string} auth
 *
 * @typedef {Object} BioRegistration
 * @property {string} credential
 * @property {boolean} prf
 * @property {Bytes} secret what the seed's key is wrapped with; wiped once `finish` is through
 *
 * @typedef {Object} PushRequest
 * @property {string} id
 * @property {string} nonce
 * @property {number} created
 * @property {number} expires
 * @property {"sign_in"|"help_desk"} purpose
 * @property {{application: string|null, address: string, browser: string}} context
 *
 * @typedef {"approve"|"deny"|"report"} Decision
 * @typedef {"approved"|"denied"|"reported"|"mismatched"|"over"} PushResult
 *
 * @typedef {Object} Passcode
 * @property {string} passcode
 * @property {number|null} validUntil seconds by this device's clock; null where time does not end it
 *
 * @typedef {Object} Known What this browser once had.
 * @property {string} serial
 * @property {string} issuer
 * @property {string} account
 *
 * @typedef {Object} PendingActivation What is kept while an activation goes on, beside its account.
 * @property {string|null} id token id; null before the gateway has named it
 * @property {string} origin
 * @property {Bytes} body the body of `activate/begin`, to the byte
 * @property {CryptoKey} sign
 * @property {CryptoKey} dh
 * @property {string} keyid
 * @property {{fields: Object<string, unknown>, mac: string}|null} finish the call that ends it, and what must answer
 *
 * @typedef {Object} Store
 * @property {() => Promise<Account[]>} accounts those in use, oldest first; one that is being activated is left out
 * @property {(id: string) => Promise<Account|undefined>} account
 * @property {(account: Account) => Promise<void>} put
 * @property {(id: string, change: (account: Account) => void) => Promise<Account|undefined>} update in one transaction
 * @property {(id: string, field: "sequence"|"counter") => Promise<number>} raise adds one, on disk before it is told
 * @property {(id: string) => Promise<void>} remove
 * @property {(key: string) => Promise<any>} meta
 * @property {(key: string, value: unknown) => Promise<void>} setMeta
 * @property {(key: string) => Promise<void>} removeMeta
 * @property {() => void} close
 */

export {};
