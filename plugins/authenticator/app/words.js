// The words of the app, by language. A new language is a file in locales/, a line here, and a line in the plugin's list
// of files.

/** @typedef {Record<string, string>} Texts */
/** @typedef {{tag: string, name: string, dir: "ltr"|"rtl"}} Language */

/** @type {Language[]} */
export const LANGUAGES = [
  { tag: "en", name: "English", dir: "ltr" },
  { tag: "de", name: "Deutsch", dir: "ltr" },
  { tag: "fr", name: "Français", dir: "ltr" },
  { tag: "es", name: "Español", dir: "ltr" },
  { tag: "it", name: "Italiano", dir: "ltr" },
  { tag: "pt-BR", name: "Português (Brasil)", dir: "ltr" },
  { tag: "nl", name: "Nederlands", dir: "ltr" },
  { tag: "pl", name: "Polski", dir: "ltr" },
  { tag: "ja", name: "日本語", dir: "ltr" },
  { tag: "zh-Hans", name: "简体中文", dir: "ltr" },
  { tag: "ar", name: "العربية", dir: "rtl" },
];

const FALLBACK = LANGUAGES[0];

/** @param {string} tag */
export const wordsUrl = (tag) => `/a/locales/${tag}.json`;

/**
 * The language to speak: the one that was chosen, or the first that the browser asks for and there is.
 * @param {string|null} chosen
 * @param {readonly string[]} asked
 * @returns {Language}
 */
export function languageFor(chosen, asked) {
  const wanted = chosen ? [chosen, ...asked] : asked;
  for (const tag of wanted) {
    const found =
      LANGUAGES.find((language) => same(language.tag, tag)) ?? LANGUAGES.find((language) => related(language.tag, tag));
    if (found) return found;
  }
  return FALLBACK;
}

/** @param {string} ours @param {string} theirs */
const same = (ours, theirs) => ours.toLowerCase() === theirs.toLowerCase();

/**
 * zh-CN is read by whoever reads zh-Hans, pt by whoever reads pt-BR; zh-TW is not.
 * @param {string} ours @param {string} theirs
 */
function related(ours, theirs) {
  const [language, script] = parts(ours);
  const [asked, askedScript] = parts(theirs);
  return language === asked && (!script || !askedScript || script === askedScript);
}

/** @param {string} tag @returns {[string, string|undefined]} */
function parts(tag) {
  try {
    const locale = new Intl.Locale(tag);
    const script = locale.language === "zh" ? locale.maximize().script : undefined;
    return [locale.language, script];
  } catch {
    return [tag, undefined];
  }
}

export class Words {
  /** @param {Language} language @param {Texts} texts */
  constructor(language, texts) {
    this.language = language;
    this.texts = texts;
  }

  /**
   * @param {Language} language
   * @param {typeof fetch} get
   */
  static async load(language, get = (...request) => fetch(...request)) {
    const english = await texts(FALLBACK.tag, get);
    const own = language.tag === FALLBACK.tag ? {} : await texts(language.tag, get).catch(() => ({}));
    return new Words(language, { ...english, ...own });
  }

  /** @param {string} key */
  has(key) {
    return Object.hasOwn(this.texts, key);
  }

  /**
   * The text of a key, its {placeholders} filled in.
   * @param {string} key
   * @param {Record<string, string|number>} [values]
   */
  t(key, values = {}) {
    const text = this.texts[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
  }

  /** A time of the day. @param {number} seconds */
  clock(seconds) {
    return this.#time(seconds, { timeStyle: "short" });
  }

  /** A day and a time. @param {number} seconds */
  moment(seconds) {
    return this.#time(seconds, { dateStyle: "medium", timeStyle: "short" });
  }

  /** @param {number} seconds @param {Intl.DateTimeFormatOptions} form */
  #time(seconds, form) {
    const own = this.language.tag;
    const near = navigator.languages.find((tag) => related(own, tag)) ?? own; // en-GB tells 14:32, en-US 2:32 PM
    return new Intl.DateTimeFormat(near, { ...form, numberingSystem: "latn" }).format(new Date(seconds * 1000));
  }
}

/** @param {string} tag @param {typeof fetch} get @returns {Promise<Texts>} */
async function texts(tag, get) {
  const answer = await get(wordsUrl(tag));
  if (!answer.ok) throw new Error(`${wordsUrl(tag)}: ${answer.status}`);
  return answer.json();
}
